// What inheritance, axes and settings mean.

import Diagnostics
import JSON
import Specification
import Testing

@Suite struct MeaningTests {
  private func read(
    _ files: [String: String], _ path: String = "s.yaml", sets: [String] = []
  ) throws(Diagnoses) -> ResolvedExperiment {
    try SpecificationReader(files: MemoryFiles(files)).read(path, sets: sets)
  }

  /// What is wrong, as text.
  private func faults(_ files: [String: String], _ path: String = "s.yaml", sets: [String] = []) -> String {
    do throws(Diagnoses) {
      _ = try read(files, path, sets: sets)
      return ""
    } catch {
      return error.text()
    }
  }

  private static let base = """
    version: 1
    models:
      policy: {weights: {random: {layers: 1, width: 8, heads: 2, feed-forward: 16}}, turns: raw}
    datasets:
      counting:
        source: {task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}
        prompt: "{question}"
        split: {heldout: 20, train: rest}
    evals:
      accuracy: {accuracy: {on: counting/heldout, temperature: 0.5, stop: [".", "!"]}}

    """

  private static let training = """
    data: counting
    generator: {sample: {samples: 2, temperature: 0.3}}
    reviser: [{judge: {by: verifier}}]
    objective: {dpo: {beta: 0.2, label-smoothing: 0.1}}
    hyperparameters: {adapter: full, optimizer: {adamw: {learning-rate: 1.0e-5}}, batch: {examples: 8}, epochs: 1}

    """

  private func accuracy(_ experiment: Experiment) throws -> AccuracyEval {
    guard case .accuracy(let eval)? = experiment.evals["accuracy"] else { throw Missing() }
    return eval
  }

  private struct Missing: Error {}

  @Test func headsOfOddSizeAreRefused() {
    let text = faults(["s.yaml": Self.base.replacing("width: 8", with: "width: 6")])
    #expect(text.contains("s.yaml:3:49: error: `width` (6) by `heads` (2) makes heads of size 3, which must be even"))
    #expect(text.contains("→ Make `width` a multiple of 4, or change `heads`."))
  }

  @Test(arguments: [
    ("=1", "`--set =1` names no key before `=`"), ("seeds", "`--set seeds` has no `=`"),
    ("evals..accuracy=1", "A key is empty in `--set evals..accuracy=1`"),
    (".evals=1", "A key is empty in `--set .evals=1`"),
    ("datasets.counting.prompt=", "`--set datasets.counting.prompt=` gives no value behind `=`"),
  ])
  func aSettingSaysWhatIsWrongWithIt(setting: String, message: String) {
    let text = faults(["s.yaml": Self.base], sets: [setting])
    #expect(text.contains("error: \(message)\n"), "\(text)")
  }

  @Test func whatHasNoOptionsCannotBeChosenFrom() {
    let eval = "{accuracy: {on: counting/heldout, temperature: 0.5, stop: [\".\", \"!\"]}}"
    func told(_ choice: String, task: String? = nil, options: String = "") -> String {
      var text = Self.base.replacing(eval, with: "{choice: {on: counting/heldout\(choice)}}")
      if let task { text = text.replacing("object-counting: {objects: [2, 4], ", with: "\(task): {") }
      return faults(["s.yaml": text.replacing("    split:", with: "\(options)    split:")])
    }
    let none = "s.yaml:10:27: error: `choice` chooses among options, and the records of `counting` have none\n"
    #expect(told("").hasPrefix(none))
    let tracking = "tracking-shuffled-objects"
    #expect(told("", task: tracking).isEmpty)
    #expect(
      told(", continuation: letter", task: tracking).hasPrefix(
        "s.yaml:10:59: error: A letter is to be chosen, and `counting` does not say how its options are written\n"))
    #expect(told(", continuation: letter", task: tracking, options: "    options: {letters: \"A.\"}\n").isEmpty)
  }

  @Test func rotationGoesRoundTheWholeBatch() {
    func told(_ batch: String) -> String {
      let training = Self.training.replacing("dpo: {beta: 0.2, label-smoothing: 0.1}", with: "kto: {partner: rotation}")
        .replacing("batch: {examples: 8}", with: "batch: \(batch)")
      let answer = "prompt: \"{question}\"\n    answer: {from: \"{answer}\", verifier: number}"
      return faults(["s.yaml": Self.base.replacing("prompt: \"{question}\"", with: answer) + training])
    }
    #expect(told("{examples: 8}").isEmpty && told("{examples: 8, group: 8}").isEmpty)
    let parts = told("{examples: 8, group: 2}")
    #expect(parts.contains("`partner: rotation` goes round the whole batch, and `group` normalizes over a part of it"))
  }

  @Test func ofNoneAndOfTwoTheRemedyDiffers() {
    func told(_ keys: String) -> String {
      faults([
        "s.yaml": Self.base.replacing(
          "{accuracy: {on: counting/heldout, temperature: 0.5, stop: [\".\", \"!\"]}}",
          with: "{perplexity: {on: counting/heldout\(keys)}}")
      ])
    }
    #expect(told("").contains("→ Add one of them."))
    #expect(told(", text: \"{question}\", response: \"{answer}\"").contains("→ Keep one of them."))
  }

  @Test func aLocalPathKnowsItsPlace() throws {
    let text = Self.base.replacing(
      "{task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}", with: "{jsonl: {from: [{path: a.jsonl}]}}"
    ).replacing("split:", with: "answer: {from: \"{a}\", verifier: number}\n    split:")
    let experiment = try read(["s.yaml": text]).cells[0].experiment
    #expect(Pin.files(in: experiment).map { $0.paths["a.jsonl"]?.description } == ["s.yaml:6:36"])
  }

  @Test func readsAnEvaluationAlone() throws {
    let resolved = try read(["s.yaml": Self.base])
    let experiment = resolved.cells[0].experiment
    #expect(resolved.cells.count == 1 && resolved.cells[0].arms.isEmpty && resolved.cells[0].name == "")
    #expect(experiment.training == nil && experiment.generator.isEmpty && experiment.data == nil)
    #expect(experiment.seeds.values == [1] && experiment.seeds.vary.isEmpty)
    let eval = try accuracy(experiment)
    #expect(eval.decoding.temperature == 0.5 && eval.decoding.maxNewTokens == 64 && eval.samples == 1)
    #expect(eval.on.parts == [DataReference(dataset: "counting", split: "heldout")])
    guard case .number(let options)? = experiment.datasets["counting"]?.answer?.verifier else { throw Missing() }
    #expect(options.tolerance == 0 && options.words)
  }

  @Test func knowsPlaces() throws {
    let experiment = try read(["s.yaml": Self.base]).cells[0].experiment
    #expect(experiment.place(of: "evals/accuracy/accuracy/temperature")?.description == "s.yaml:10:60")
    #expect(experiment.place(of: "evals/accuracy/accuracy/stop/1")?.column == 77)
    #expect(experiment.place(of: "evals/accuracy/accuracy/top-p") == nil)
    #expect(experiment.nearestPlace(of: "evals/accuracy/accuracy/top-p").line == 10)
  }

  @Test func mappingsMergeAndListsReplace() throws {
    let child = """
      extends: s.yaml
      evals: {accuracy: {accuracy: {max-new-tokens: 8, stop: ["?"]}}}
      """
    let resolved = try read(["s.yaml": Self.base, "t.yaml": child], "t.yaml")
    let eval = try accuracy(resolved.cells[0].experiment)
    #expect(eval.decoding.maxNewTokens == 8 && eval.decoding.temperature == 0.5 && eval.decoding.stop == ["?"])
    #expect(resolved.files.map(\.path) == ["t.yaml", "s.yaml"])
    let experiment = resolved.cells[0].experiment
    #expect(experiment.place(of: "evals/accuracy/accuracy/temperature")?.file == "s.yaml")
    #expect(experiment.place(of: "evals/accuracy/accuracy/max-new-tokens")?.description == "t.yaml:2:47")
  }

  @Test func sameTagMergesAndAnotherReplaces() throws {
    let files = ["s.yaml": Self.base + Self.training]
    let same = try read(files.merging(["t.yaml": "extends: s.yaml\nobjective: {dpo: {beta: 0.4}}"]) { $1 }, "t.yaml")
    guard case .dpo(let dpo)? = same.cells[0].experiment.training?.objective else { throw Missing() }
    #expect(dpo.beta == 0.4 && dpo.labelSmoothing == 0.1)
    let other = try read(files.merging(["t.yaml": "extends: s.yaml\nobjective: kto"]) { $1 }, "t.yaml")
    guard case .kto(let kto)? = other.cells[0].experiment.training?.objective else { throw Missing() }
    #expect(kto.beta == 0.1)
  }

  /// Without its axes, an inherited grid no longer says what `extends` may set, whether or not the table is one's own.
  @Test(arguments: ["", "\ntable: {rows: none, value: accuracy}"])
  func droppedAxesSetNothing(table: String) throws {
    func evals(_ temperature: String) -> String { "evals: {accuracy: {accuracy: {temperature: \(temperature)}}}" }
    let grid = "extends: s.yaml\nablations: {a: {b: {\(evals("0.9"))}, c: {}}}\ntable: {rows: a, value: accuracy}"
    let text = "extends: grid.yaml\nablations: none\n\(evals("0.1"))" + table
    let resolved = try read(["s.yaml": Self.base, "grid.yaml": grid, "t.yaml": text], "t.yaml")
    #expect(try accuracy(resolved.cells[0].experiment).decoding.temperature == 0.1 && resolved.cells.count == 1)
  }

  /// What `none` is to remove must be there: a mistyped name would leave in place what its author thinks is gone.
  @Test(arguments: [
    ("extends: s.yaml\nhyperparametrs: none", "t.yaml:2:1: error: The spec has no key `hyperparametrs`"),
    ("extends: s.yaml\nmodels: {polcy: none}", "nothing named `polcy` is"),
    ("extends: s.yaml\ndatasets: {counting: {promt: none}}", "t.yaml:2:23: error: `counting` has no key `promt`"),
    ("extends: s.yaml\nevals: {acuracy: none}", "t.yaml:2:9: error: `none` removes what is inherited"),
    (
      "extends: s.yaml\nablations: {a: {b: {}, c: {evals: {accuracy: {accuracy: {temprature: none}}}}}}",
      "`accuracy` has no key `temprature`"
    ),
    ("extends: g.yaml\nablations: {a: {KTOO: none}}", "t.yaml:2:17: error: `none` removes what is inherited"),
  ])
  func noneThatRemovesNothingIsAMistake(child: String, expected: String) {
    let grid = Self.base + "ablations: {a: {KTO: {}, DPO: {}}}\n"
    let text = faults(["s.yaml": Self.base, "g.yaml": grid, "t.yaml": child], "t.yaml")
    #expect(text.contains(expected), "\(text)")
    #expect(text.contains("→"))
  }

  @Test(arguments: ["hyperparametrs=none", "evals.acuracy=none"])
  func neitherDoesASetting(setting: String) {
    #expect(!faults(["s.yaml": Self.base], sets: [setting]).isEmpty)
  }

  @Test func noneRemoves() throws {
    let child =
      "extends: s.yaml\nevals: {accuracy: {accuracy: {temperature: none}}}\nobjective: {dpo: {label-smoothing: none}}"
    let resolved = try read(["s.yaml": Self.base + Self.training, "t.yaml": child], "t.yaml")
    let experiment = resolved.cells[0].experiment
    #expect(try accuracy(experiment).decoding.temperature == 0)
    guard case .dpo(let dpo)? = experiment.training?.objective else { throw Missing() }
    #expect(dpo.beta == 0.2 && dpo.labelSmoothing == 0)
  }

  @Test func pathsAreRelativeToTheirFile() throws {
    let parent = Self.base.replacing(
      "{task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}", with: "{jsonl: {from: [{path: d.jsonl}]}}"
    ).replacing(
      "prompt: \"{question}\"", with: "prompt: \"{question}\"\n    answer: {from: \"{answer}\", verifier: number}")
    let resolved = try read(["a/b/s.yaml": parent, "a/t.yaml": "extends: b/s.yaml"], "a/t.yaml")
    guard case .jsonl(let file)? = resolved.cells[0].experiment.datasets["counting"]?.source else { throw Missing() }
    guard case .path(let path)? = file.origins.first else { throw Missing() }
    #expect(path.written == "d.jsonl" && path.resolved == "a/b/d.jsonl")
  }

  @Test func axesMakeEveryCombination() throws {
    let grid = """
      ablations:
        temperature:
          cold: {evals: {accuracy: {accuracy: {temperature: 0}}}}
          warm: {evals: {accuracy: {accuracy: {temperature: 1}}}}
        length:
          short: {evals: {accuracy: {accuracy: {max-new-tokens: 4}}}}
          long: {}
      table: {rows: temperature, columns: length, value: accuracy}
      """
    let resolved = try read(["s.yaml": Self.base + grid])
    #expect(resolved.cells.map(\.name) == ["cold/short", "cold/long", "warm/short", "warm/long"])
    #expect(resolved.axes.map(\.arms) == [["cold", "warm"], ["short", "long"]])
    let limits = try resolved.cells.map { try accuracy($0.experiment).decoding.maxNewTokens }
    #expect(limits == [4, 64, 4, 64])
    let temperatures = try resolved.cells.map { try accuracy($0.experiment).decoding.temperature }
    #expect(temperatures == [0, 0, 1, 1])
    #expect(resolved.base.map { try? accuracy($0).decoding.temperature } == 0.5)
    // The line of the arm, not of the base.
    #expect(resolved.cells[0].experiment.place(of: "evals/accuracy/accuracy/temperature")?.line == 13)
  }

  /// What a paper does not tell can be said so; a training that rests on it knows which setting it is.
  @Test(arguments: [
    ("learning-rate: 1.0e-5", "learning-rate: unknown", "hyperparameters.optimizer.adamw.learning-rate"),
    ("beta: 0.2", "beta: unknown", "objective.dpo.beta"),
    ("examples: 8", "examples: unknown", "hyperparameters.batch.examples"),
    ("epochs: 1", "epochs: unknown", "hyperparameters.epochs"),
    ("adapter: full", "adapter: unknown", "hyperparameters.adapter"),
    ("beta: 0.2", "beta: 0.2", nil),
  ])
  func settingsMayBeUnknown(old: String, new: String, path: String?) throws {
    let resolved = try read(["s.yaml": Self.base + Self.training.replacing(old, with: new)])
    #expect(resolved.cells[0].experiment.unknownSettings == [path].compactMap { $0 })
  }

  @Test(arguments: ["label-smoothing: 0.1", "samples: 2"])
  func othersMayNot(setting: String) {
    let unknown = setting.split(separator: ":")[0] + ": unknown"
    let told = faults(["s.yaml": Self.base + Self.training.replacing(setting, with: unknown)])
    #expect(told.contains("must be a") || told.contains("expected"), "\(told)")
    #expect(!told.isEmpty)
  }

  static let grid = """
    ablations:
      objective: {DPO: {objective: {dpo: {}}}, SFT: {objective: {sft: {}}}}
      length: {short: {hyperparameters: {epochs: 1}}, long: {hyperparameters: {epochs: 3}}}

    """

  /// What a single cell changes is laid over its arms, for a search's candidates too.
  @Test func singleCellsChange() throws {
    let text =
      Self.base + Self.training + Self.grid + """
        cells:
          DPO/long: {seeds: {values: [1, 2, 3], vary: [training]}, hyperparameters: {epochs: 5}}
        search:
          over: {objective.dpo.beta: [0.1, 0.3]}
          choose: {highest: accuracy, on: counting/heldout}
        """
    let resolved = try read(["s.yaml": text.replacing("SFT: {objective: {sft: {}}}", with: "Same: {}")])
    #expect(resolved.cells.map(\.name) == ["DPO/short", "DPO/long", "Same/short", "Same/long"])
    #expect(resolved.cells.map(\.experiment.seeds.values) == [[1], [1, 2, 3], [1], [1]])
    #expect(resolved.cells.map { $0.experiment.training?.hyperparameters.epochs } == [1, 5, 1, 3])
    #expect(resolved.cells[1].candidates.map(\.experiment.seeds.values.count) == [3, 3])
    #expect(resolved.cells[1].candidates.map { $0.experiment.training?.hyperparameters.epochs } == [5, 5])
    #expect(resolved.base?.seeds.values == [1])
    // Dropped axes leave no cells to change.
    let alone = try read(["s.yaml": text, "t.yaml": "extends: s.yaml\nablations: none"], "t.yaml")
    #expect(alone.cells.count == 1)
  }

  @Test(arguments: [
    ("cells: {DPO/lnog: {}}", "s.yaml:19:9: error: The grid has no cell `DPO/lnog`"),
    ("cells: {DPO/lnog: {}}", "Did you mean `DPO/long`?"),
    ("cells: {DPO/long: 3}", "a mapping of keys to change"),
    ("cells: {DPO/long: {hyperparameters: {epohcs: 3}}}", "`hyperparameters` has no key `epohcs`"),
    ("cells: {DPO/long: {table: none}}", "A part of the grid cannot change `table`"),
    ("cells: {DPO/long: {cells: {}}}", "A part of the grid cannot change `cells`"),
  ])
  func whatSingleCellsCannotDo(cells: String, expected: String) {
    let told = faults(["s.yaml": Self.base + Self.training + Self.grid + cells])
    #expect(told.contains(expected), "\(told)")
  }

  @Test func singleCellsNeedAGridAndAreNotUndone() {
    let alone = faults(["s.yaml": Self.base + Self.training + "cells: {DPO: {}}"])
    #expect(alone.contains("`cells` has no effect without `ablations`"), "\(alone)")
    let grid = Self.base + Self.training + Self.grid + "cells: {DPO/long: {seeds: {values: [1, 2]}}}\n"
    let clash = faults(["s.yaml": grid, "t.yaml": "extends: s.yaml\nseeds: {values: [4]}"], "t.yaml")
    #expect(clash.contains("t.yaml:2:17: error: `seeds.values` is also set by `cells:`"), "\(clash)")
    #expect(clash.contains("set by `DPO/long`"), "\(clash)")
  }

  @Test func aBaseThatLacksWhatAxesGiveIsNoWhole() throws {
    let grid = Self.training.replacing("objective: {dpo: {beta: 0.2, label-smoothing: 0.1}}\n", with: "")
    let axes = "ablations: {objective: {DPO: {objective: dpo}, SFT: {objective: sft}}}\n"
    let resolved = try read(["s.yaml": Self.base + grid + axes])
    #expect(resolved.base == nil && resolved.cells.count == 2)
    #expect(resolved.cells.map { $0.experiment.training?.objective.name } == ["dpo", "sft"])
  }

  @Test func settingsAreCheckedLikeLines() throws {
    let resolved = try read(["s.yaml": Self.base], sets: ["evals.accuracy.accuracy.temperature=1e-1"])
    let experiment = resolved.cells[0].experiment
    #expect(try accuracy(experiment).decoding.temperature == 0.1)
    #expect(experiment.place(of: "evals/accuracy/accuracy/temperature")?.description == "--set:1:37")
    let faults = faults(
      ["s.yaml": Self.base], sets: ["evals.accuracy.accuracy.temprature=1", "seeds.values=[0, x]", "x"])
    Golden.check(faults + "\n", "settings.txt")
  }

  @Test func settingWhatAnAxisSetsIsRefused() throws {
    let axes = "ablations: {objective: {DPO: {objective: dpo}, SFT: {objective: sft}}}\n"
    let faults = faults(["s.yaml": Self.base + Self.training + axes], sets: ["objective.dpo.beta=0.3"])
    Golden.check(faults + "\n", "axis-sets.txt")
  }

  /// What a file drops of the grid that it inherits stands in the way of nothing that it sets.
  @Test(arguments: [
    ("cells: none", [5, 5]), ("cells: {DPO: none}", [5, 5]), ("ablations: {objective: {DPO: none}}\ncells: none", [5]),
  ])
  func whatIsDroppedMayBeSet(drop: String, epochs: [Double]) throws {
    let grid =
      "ablations: {objective: {DPO: {objective: dpo}, SFT: {objective: sft}}}\ncells: {DPO: {hyperparameters: {epochs: 3}}}\n"
    let child = "extends: s.yaml\nhyperparameters: {epochs: 5}\n"
    let files = ["s.yaml": Self.base + Self.training + grid, "t.yaml": child + drop + "\n"]
    let resolved = try read(files, "t.yaml")
    #expect(resolved.cells.map { $0.experiment.training?.hyperparameters.epochs } == epochs)
    let kept = faults(["s.yaml": files["s.yaml"] ?? "", "t.yaml": child], "t.yaml")
    #expect(kept.contains("`hyperparameters.epochs` is also set by `cells:`"), "\(kept)")
  }

  @Test func settingAnotherOptionThanTheAxisIsAllowed() throws {
    let axes = "ablations: {beta: {low: {objective: {dpo: {beta: 0.1}}}, high: {objective: {dpo: {beta: 0.5}}}}}\n"
    let resolved = try read(["s.yaml": Self.base + Self.training + axes], sets: ["objective.dpo.label-smoothing=0.2"])
    let options = resolved.cells.map { cell -> [Double] in
      guard case .dpo(let dpo)? = cell.experiment.training?.objective else { return [] }
      return [dpo.beta, dpo.labelSmoothing]
    }
    #expect(options == [[0.1, 0.2], [0.5, 0.2]])
  }

  @Test func searchMakesCandidates() throws {
    let search = """
      search:
        over: {objective.dpo.beta: [0.1, 0.3], hyperparameters.epochs: [1, 2, 3]}
        choose: {highest: accuracy, on: counting/heldout}
      """
    let cell = try read(["s.yaml": Self.base + Self.training + search]).cells[0]
    #expect(cell.candidates.count == 6)
    #expect(cell.candidates[1].values.entries.map(\.value) == ["0.1", "2"])
    #expect(cell.candidates[5].experiment.training?.hyperparameters.epochs == 3)
    #expect(cell.experiment.search?.over[0].values == [.number(0.1), .number(0.3)])
  }

  /// What changes anything before the training is no matter of a search.
  @Test(arguments: ["generator.sample.samples", "objective", "seeds.values"])
  func onlyHowIsTrainedIsSearched(key: String) {
    let search = "search: {over: {\(key): [1, 2]}, choose: {highest: accuracy, on: counting/heldout}}\n"
    let told = faults(["s.yaml": Self.base + Self.training + search])
    #expect(told.contains("`search` cannot try values of `\(key)`"), "\(told)")
    #expect(told.contains("Search over keys of `hyperparameters` or `objective`"), "\(told)")
    #expect(told.contains("^"), "\(told)")
  }

  @Test func dataSetsAndPromptsOfOthers() throws {
    let other = """
      extends: s.yaml
      datasets:
        mine: {same-as: counting, split: {validation: 10}}
        hers: {same-as: other.yaml}
        wide: {source: {task: {arithmetic: {records: 5}}}, prompt: {same-as: mine}}
      """
    let files = [
      "s.yaml": Self.base, "t.yaml": other,
      "other.yaml": Self.base.replacing("  counting:", with: "  hers:").replacing("counting/", with: "hers/"),
    ]
    let sets = try read(files, "t.yaml").cells[0].experiment.datasets
    #expect(sets["mine"]?.split?.parts.names == ["heldout", "train", "validation"])
    #expect(sets["hers"]?.split?.parts.names == ["heldout", "train"])
    #expect(sets["wide"]?.prompt == sets["counting"]?.prompt)
  }

  @Test func modelsThatAreTheSame() throws {
    let models = "  other: {weights: {same-as: policy}, system: Be brief.}\ndatasets:\n"
    let experiment = try read(["s.yaml": Self.base.replacing("datasets:\n", with: models)]).cells[0].experiment
    #expect(experiment.model("other")?.turns == .raw && experiment.model("other")?.system == "Be brief.")
    #expect(experiment.model("other")?.weights == experiment.models["policy"]?.weights)
    #expect(experiment.model("reference") == experiment.models["policy"])
    #expect(experiment.model("nobody") == nil)
  }

  @Test func circlesEnd() {
    let files = ["s.yaml": "extends: t.yaml", "t.yaml": "extends: s.yaml"]
    #expect(faults(files).contains("goes round in a circle: s.yaml → t.yaml → s.yaml"))
    let sets = Self.base + "variables: {}\n"
    let same = sets.replacing("  counting:\n", with: "  a: {same-as: b}\n  b: {same-as: a}\n  counting:\n")
    #expect(faults(["s.yaml": same]).contains("`same-as` goes round in a circle"))
    let prompts = sets.replacing("prompt: \"{question}\"", with: "prompt: {same-as: counting}")
    #expect(faults(["s.yaml": prompts]).contains("`same-as` goes round in a circle"))
  }

  /// What no inherited value could mend is told beside the file that is missing; what it could is not.
  @Test func mistakesAreToldThoughTheParentCannotBeRead() {
    let child = """
      extends: nowhere.yaml
      colour: blue
      expct: {response-tokens: 3}
      objective: {dpo: {beta: -1}}
      evals: {accuracy: {accuracy: {temprature: 1}}, other: {accuracy: {on: faraway/heldout}}}
      datasets: {inherited: {same-as: far}}
      ablations: {b: {x: {}, y: {hyperparameters: {epochs: many}, evls: {}}}}
      """
    let told = faults(["t.yaml": child], "t.yaml")
    #expect(told.matches(of: /error:/).count == 7, "\(told)")
    for words in ["nowhere.yaml", "`colour`", "`beta`", "`temprature`", "`epochs`", "`expct`", "`evls`"] {
      #expect(told.contains(words), "\(words) in \(told)")
    }
    let broken = faults(["s.yaml": "a: [", "t.yaml": "extends: s.yaml\ncolour: blue\n"], "t.yaml")
    #expect(broken.matches(of: /error:/).count == 2 && broken.contains("`colour`"))
  }

  @Test(arguments: [(".", "`.`"), ("..", "`..`"), ("a/..", "`.`")])
  func aFolderIsNoParent(path: String, told: String) {
    // Memory has no folders; what matters is that the path is named.
    let text = faults(["s.yaml": "version: 1\nextends: \(path)\n"])
    #expect(text.contains("\(told) cannot be read"), "\(text)")
  }

  /// What no machine could hold is refused before anything multiplies it.
  @Test(arguments: [
    ("examples: 8", "examples: 9223372036854775807", "`examples` cannot be"),
    ("epochs: 1", "epochs: 1e300", "`epochs` cannot be"),
    ("heldout: 20", "heldout: 9223372036854775807", "`heldout` cannot be"),
    ("samples: 2", "samples: 99999999999999999999", "`samples` cannot be 99999999999999999999"),
  ])
  func hugeHyperparametersAreRefused(old: String, new: String, saying text: String) {
    let told = faults(["s.yaml": (Self.base + Self.training).replacing(old, with: new)])
    #expect(told.contains(text) && told.contains("at most"), "\(told)")
  }

  @Test func moreMistakesThanAnyoneMendsAreSaidToBeMore() {
    let wrong = (0..<600).map { "  e\($0): {accuracy: {colour: 1}}\n" }.joined()
    let told = faults(["s.yaml": Self.base.replacing("evals:\n", with: "evals:\n" + wrong)])
    #expect(told.matches(of: /error:/).count == 501)
    #expect(told.contains("More than 500 mistakes; the rest is not told"))
  }

  @Test func unreadableFilesAreInputErrors() {
    do throws(Diagnoses) {
      _ = try read([:], "none.yaml")
      Issue.record("read what is not there")
    } catch {
      #expect(error.exit == .inputOutput)
      #expect(error.text().contains("none.yaml"))
    }
  }

  @Test func tooManyCellsAreRefused() {
    let arms = (0..<30).map { "a\($0): {}" }.joined(separator: ", ")
    let axes = (0..<4).map { "  x\($0): {\(arms)}" }.joined(separator: "\n")
    #expect(faults(["s.yaml": Self.base + "ablations:\n\(axes)\n"]).contains("cells; at most 10000"))
  }
}
