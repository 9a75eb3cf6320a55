// Two specs by meaning: what is no difference however it is written, and what is one, with its places.

import Diagnostics
import JSON
import Specification
import Testing

@Suite struct SpecificationDifferences {
  /// A whole spec, a key of which is replaced.
  private static func spec(_ changes: [(String, String)] = [], more: String = "") -> String {
    let text = """
      version: 1
      description: A spec to be compared.
      models:
        policy:
          weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64}}
          turns: chatml
      datasets:
        counting:
          source: {task: {object-counting: {objects: [2, 4], records: 200, seed: 11}}}
          prompt: "{question}"
          split: {heldout: 20, train: rest}
      data: counting
      generator: {sample: {samples: 4, temperature: 1, max-new-tokens: 16}}
      reviser: {judge: {by: verifier}}
      objective: {dpo: {beta: 0.1}}
      hyperparameters:
        adapter: {lora: {rank: 4, alpha: 8, targets: [q, v]}}
        optimizer: {adamw: {learning-rate: 1.0e-3}}
        batch: {examples: 4}
        epochs: 1
      evals:
        accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 8}}
      \(more)
      """
    return changes.reduce(text) { text, change in
      #expect(text.contains(change.0), "\(change.0) is not in the spec")
      return text.replacing(change.0, with: change.1)
    }
  }

  private static func read(_ text: String, as path: String) throws -> ResolvedExperiment {
    try SpecificationReader(files: MemoryFiles([path: text])).read(path)
  }

  private static func difference(_ first: String, _ second: String) throws -> SpecificationDifference {
    SpecificationDifference(try read(first, as: "a.yaml"), try read(second, as: "b.yaml"))
  }

  /// `path: first → second`, with `=` behind what is written.
  private static func told(_ difference: SpecificationDifference) -> [String] {
    difference.settings.map { setting in
      let sides = [setting.first, setting.second].map { side in
        side.map { "\($0.value.canonical)\($0.place == nil ? "" : "=")" } ?? "nothing"
      }
      return "\(setting.path): \(sides[0]) → \(sides[1])"
    }
  }

  @Test(arguments: [
    ("learning-rate: 1.0e-3", "learning-rate: 0.001"), ("epochs: 1", "epochs: 1.0  # once"),
    ("epochs: 1", "epochs: 1\n  longer: drop\n  schedule: {constant: {}}\n  keep: last"),
    ("targets: [q, v]", "targets: [v, q]"), ("batch: {examples: 4}", "batch: {examples: 4, group: 4}"),
    ("{dpo: {beta: 0.1}}", "dpo"), ("{dpo: {beta: 0.1}}", "{dpo: {}}"), ("data: counting", "data: counting/train"),
    ("reviser: {judge: {by: verifier}}", "reviser: [{judge: {by: verifier}}]"),
    ("{rank: 4, alpha: 8, targets: [q, v]}", "{targets: [q, v], alpha: 8.0, dropout: 0, rank: 4}"),
    ("description: A spec to be compared.", "description: The same by another name."),
    ("version: 1", "version: 1\nseeds: {values: [1]}\narithmetic: ordered\nrounds: {count: 1}"),
    ("evals:", "search: none\nevals:"),
    ("    turns: chatml", "    turns: chatml\n  reference: {weights: {same-as: policy}}"),
    ("prompt: \"{question}\"", "prompt: '{question}'"), ("prompt: \"{question}\"", "prompt: >-\n      {question}"),
    ("{layers: 2, width: 32,", "{width: 32, context: 512, layers: 2,"),
  ])
  func spellingsOfOneMeaning(written: String, otherwise: String) throws {
    let difference = try Self.difference(Self.spec(), Self.spec([(written, otherwise)]))
    #expect(difference.isEmpty, "\(Self.told(difference))")
    #expect(difference.basis == .cells(1))
    let back = try Self.difference(Self.spec([(written, otherwise)]), Self.spec())
    #expect(back.isEmpty, "\(Self.told(back))")
  }

  @Test func anAliasIsWhatItStandsFor() throws {
    let aliased =
      Self.spec([
        ("{on: counting/heldout, max-new-tokens: 8}", "&eval {on: counting/heldout, max-new-tokens: 8}"),
        ("accuracy: {accuracy: &eval", "accuracy: {accuracy: &eval"),
      ]) + "  again: {accuracy: *eval}\n"
    let plain = Self.spec() + "  again: {accuracy: {max-new-tokens: 8, on: counting/heldout}}\n"
    #expect(try Self.difference(aliased, plain).isEmpty)
  }

  @Test(arguments: [
    ("epochs: 1", "epochs: 2", "hyperparameters.epochs: 1.0= → 2.0="),
    ("epochs: 1", "epochs: 1\n  longer: cut", #"hyperparameters.longer: "drop" → "cut"="#),
    ("{dpo: {beta: 0.1}}", "{dpo: {beta: 0.2}}", "objective.dpo.beta: 0.1= → 0.2="),
    ("{dpo: {beta: 0.1}}", "{dpo: {label-smoothing: 0.1}}", "objective.dpo.label-smoothing: 0.0 → 0.1="),
    ("{dpo: {beta: 0.1}}", "kto", #"objective: {"dpo":{"beta":0.1}}= → "kto"="#),
    ("targets: [q, v]", "targets: [q]", #"hyperparameters.adapter.lora.targets: ["q","v"]= → ["q"]="#),
    ("objects: [2, 4]", "objects: [2, 5]", "datasets.counting.source.task.object-counting.objects: [2,4]= → [2,5]="),
    (
      "{judge: {by: verifier}}", "[{judge: {by: verifier}}, {flip: {rate: 0.5}}]",
      #"reviser.1: nothing → {"flip":{"rate":0.5}}="#
    ),
    ("version: 1", "version: 1\nseeds: {values: [1, 2]}", "seeds.values: [1] → [1,2]="),
    ("epochs: 1", "epochs: 1\n  clip: 1", "hyperparameters.clip: nothing → 1.0="),
    ("epochs: 1", "epochs: 1\n  schedule: linear", #"hyperparameters.schedule: "constant" → "linear"="#),
  ])
  func whatDiffers(written: String, otherwise: String, told: String) throws {
    let difference = try Self.difference(Self.spec(), Self.spec([(written, otherwise)]))
    #expect(Self.told(difference) == [told])
  }

  @Test func placesOfBothSides() throws {
    let difference = try Self.difference(Self.spec(), Self.spec([("epochs: 1", "epochs: 2")]))
    let setting = try #require(difference.settings.first)
    #expect(setting.first?.place?.description == "a.yaml:20:11", "\(setting)")
    #expect(setting.second?.place?.description == "b.yaml:20:11" && setting.cells.isEmpty)
  }

  @Test func aFileThatTwoFoldersNameIsOneFile() throws {
    let source = "{task: {object-counting: {objects: [2, 4], records: 200, seed: 11}}}"
    func spec(_ path: String) -> String {
      Self.spec([
        (source, "{jsonl: {from: [{path: \(path)}]}}"),
        (
          "prompt: \"{question}\"",
          "prompt: \"{question}\"\n    answer: {from: \"{answer}\", verifier: number}"
        ),
      ])
    }
    let files = MemoryFiles(["deep/a.yaml": spec("../data.jsonl"), "b.yaml": spec("data.jsonl")])
    let reader = SpecificationReader(files: files)
    let same = SpecificationDifference(try reader.read("deep/a.yaml"), try reader.read("b.yaml"))
    #expect(same.isEmpty, "\(Self.told(same))")
  }

  // MARK: - Cells

  private static func grid(_ arms: String) -> String { "ablations: {objective: {\(arms)}}" }

  @Test func cellsThatOneSideHasAndSettingsOfSomeCells() throws {
    let first = Self.spec(more: Self.grid("DPO: {}, SFT: {objective: {sft: {}}}, KTO: {objective: {kto: {}}}"))
    let second = Self.spec(
      [("epochs: 1", "epochs: 3")],
      more: Self.grid("CUT: {objective: {rrhf: {}}}, KTO: {objective: {kto: {beta: 0.5}}}, DPO: {}")
        .replacing("{rrhf: {}}", with: "{sft: {label-smoothing: 0.1}}"))
    let difference = try Self.difference(first, second)
    #expect(difference.basis == .cells(2) && difference.onlyFirst == ["SFT"] && difference.onlySecond == ["CUT"])
    let axis = try #require(difference.axes.first)
    #expect(axis.name == "objective" && axis.isShared && axis.onlyFirst == ["SFT"] && axis.onlySecond == ["CUT"])
    #expect(
      Self.told(difference).sorted() == ["hyperparameters.epochs: 1.0= → 3.0=", "objective.kto.beta: 0.1 → 0.5="])
    #expect(difference.settings.map(\.cells).contains(["KTO"]) && difference.settings.map(\.cells).contains([]))
  }

  @Test func withoutACommonCellTheSpecsThemselvesAreCompared() throws {
    let grid = Self.spec(more: Self.grid("DPO: {}, SFT: {objective: {sft: {}}}"))
    let difference = try Self.difference(Self.spec([("epochs: 1", "epochs: 2")]), grid)
    #expect(difference.basis == .withoutAblations)
    #expect(Self.told(difference) == ["hyperparameters.epochs: 2.0= → 1.0="])
    let axis = try #require(difference.axes.first)
    #expect(!axis.isShared && axis.onlySecond == ["DPO", "SFT"] && axis.onlyFirst.isEmpty)
    // Where an axis gives what the spec lacks, its first cell stands for it.
    let needed = Self.spec([("objective: {dpo: {beta: 0.1}}\n", "")], more: Self.grid("DPO: {objective: {dpo: {}}}"))
    let first = try Self.difference(Self.spec(), needed)
    #expect(first.basis == .firstCells("", "DPO") && first.settings.isEmpty, "\(Self.told(first))")
  }

  @Test func axesInAnotherOrderAreTheSameCells() throws {
    func spec(_ axes: [String]) -> String { Self.spec(more: "ablations:\n" + axes.map { "  \($0)\n" }.joined()) }
    let axes = ["objective: {DPO: {}, SFT: {objective: {sft: {}}}}", "rank: {a: {}, b: {hyperparameters: {clip: 1}}}"]
    let difference = try Self.difference(spec(axes), spec(axes.reversed()))
    #expect(difference.isEmpty && difference.basis == .cells(4), "\(Self.told(difference))")
  }

  // MARK: - Defaults

  /// What every key of the language stands for when it is absent can be told.
  @Test func everyDefaultCanBeSpelled() {
    let told = LanguageDefaults.told
    #expect(told.unspelled == [] && told.spelled > 60)
  }
}
