// runner export and the model commands with --trained, on a training of a random model that takes a second.

import Foundation
import JSON
import Testing

@Suite struct Export {
  /// A small training; `numbers` stands for whatever differs from test to test.
  private static func experiment(
    adapter: String = "{lora: {rank: 2, alpha: 3, dropout: 0}}", more: String = ""
  ) -> SmallExperiment {
    var experiment = SmallExperiment()
    experiment.extra = """
      data: numbers/train
      generator: {recorded: {responses: ["{answer}", "I do not know."]}}
      reviser: [{judge: {by: verifier}}]
      objective: {dpo: {beta: 0.1}}
      hyperparameters:
        adapter: \(adapter)
        optimizer: {adamw: {learning-rate: 0.02}}
        batch: {examples: 4}
        epochs: 1
      \(more)
      """
    return experiment
  }

  private static func trained(_ experiment: SmallExperiment = experiment()) throws -> TestSpace {
    let space = try TestSpace()
    let outcome = try space.exec(experiment)
    #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errors)")
    return space
  }

  private static func scores(_ space: TestSpace, _ arguments: [String]) throws -> [Double] {
    let outcome = try space.run(["model", "score"] + arguments + ["2 apples and 3 pears"])
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    let line = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let values = try #require(line?["log-probabilities"] as? [Any])
    return values.compactMap { $0 as? Double }
  }

  private static func close(_ left: [Double], _ right: [Double]) -> Bool {
    left.count == 19 && right.count == 19 && zip(left, right).allSatisfy { abs($0 - $1) < 1e-4 }
  }

  @Test func adapterBaseAndMergedFolder() throws {
    let space = try Self.trained()
    let outcome = try space.run(["export", "small.yaml", "--into", "out", "--merged", "--with-base", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains(#""event":"exported""#) && outcome.output.contains(#""merged/model.safetensors""#))
    let folder = [
      "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    ]
    #expect(
      space.files(below: "out")
        == (["adapter_config.json", "adapter_model.safetensors"] + folder.map { "base/\($0)" }
        + folder.map { "merged/\($0)" }).sorted())
    let options = try space.read("out/adapter_config.json")
    for words in [#""r": 2,"#, #""lora_alpha": 3,"#, #"/out/base""#, #""gate_proj""#] {
      #expect(options.contains(words), "\(options)")
    }
    let (stored, merged) = (
      try Self.scores(space, ["small.yaml", "--trained"]), try Self.scores(space, ["out/merged"])
    )
    #expect(Self.close(stored, merged), "\(stored) \(merged)")
    let (start, base) = (try Self.scores(space, ["small.yaml"]), try Self.scores(space, ["out/base"]))
    #expect(Self.close(start, base), "\(start) \(base)")
    #expect(!Self.close(stored, start))
    // Nothing that is there is written over.
    let again = try space.run(["export", "small.yaml", "--into", "out"])
    #expect(again.exitCode == 64 && again.errors.contains("out is there and not an empty folder"), "\(again.errors)")
    #expect(!space.files().contains { $0.contains(".partial") })
  }

  @Test func whatIsNotStoredIsToldWithTheCommand() throws {
    let space = try TestSpace()
    try Self.experiment().write(to: space)
    let outcome = try space.run(["export", "small.yaml", "--into", "out", "--store", "kept"])
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains("train dpo: its result is not in the store kept"), "\(outcome.errors)")
    #expect(outcome.errors.contains("Run `runner exec small.yaml --store kept` first."), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/out"))
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/kept"))
  }

  @Test func severalPoliciesAreListed() throws {
    let more = """
      seeds: {values: [3, 4], vary: [training]}
      ablations:
        rate: {slow: {hyperparameters: {clip: 0.1}}, fast one: {}}
      """
    let space = try Self.trained(Self.experiment(more: more))
    let outcome = try space.run(["export", "small.yaml", "--into", "out"])
    #expect(outcome.exitCode == 64, "\(outcome.errors)")
    for choice in ["--cell slow --seed 3", "--cell slow --seed 4", "--cell 'fast one' --seed 3"] {
      #expect(outcome.errors.contains(choice), "\(outcome.errors)")
    }
    let named = try space.run(["export", "small.yaml", "--into", "out", "--cell", "fast one", "--seed", "4"])
    #expect(named.exitCode == 0 && named.output.hasPrefix("exported fast one, seed 4 "), "\(named.errors)")
    #expect(space.files(below: "out") == ["adapter_config.json", "adapter_model.safetensors"])
    let wrong = try space.run(["export", "small.yaml", "--into", "other", "--cell", "slwo"])
    #expect(wrong.exitCode == 64 && wrong.errors.contains("Did you mean `slow`?"), "\(wrong.errors)")
    let score = ["model", "score", "small.yaml", "--trained", "--cell", "slow", "--training-seed", "3", "One"]
    #expect(try space.run(score).exitCode == 0)
    #expect(try space.run(["model", "score", "small.yaml", "--cell", "slow", "One"]).exitCode == 64)
  }

  @Test func allWeightsHaveNoAdapter() throws {
    let space = try Self.trained(Self.experiment(adapter: "full"))
    let outcome = try space.run(["export", "small.yaml", "--into", "out"])
    #expect(outcome.exitCode == 64 && outcome.errors.contains("Add --merged"), "\(outcome.errors)")
    #expect(try space.run(["export", "small.yaml", "--into", "out", "--merged"]).exitCode == 0)
    #expect(!space.files(below: "out").contains { $0.hasPrefix("adapter") })
    #expect(
      Self.close(try Self.scores(space, ["small.yaml", "--trained"]), try Self.scores(space, ["out/merged"])))
  }

  @Test func theBaseOfAChainHoldsWhatWasTrainedBefore() throws {
    let space = try Self.trained()
    let first = Self.experiment()
    let weights = try #require(first.spec.firstMatch(of: #/weights: .*/#)).output
    let second = first.spec.replacing(String(weights), with: "weights: {experiment: {spec: small.yaml}}")
      .replacing("objective: {dpo: {beta: 0.1}}", with: "objective: {sft: {}}")
    try space.write(second, to: "second.yaml")
    #expect(try space.run(["exec", "second.yaml"]).exitCode == 0)
    let outcome = try space.run(["export", "second.yaml", "--into", "out", "--merged", "--with-base"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let (base, before) = (
      try Self.scores(space, ["out/base"]), try Self.scores(space, ["small.yaml", "--trained"])
    )
    #expect(Self.close(base, before), "\(base) \(before)")
    let merged = try Self.scores(space, ["out/merged"])
    #expect(Self.close(merged, try Self.scores(space, ["second.yaml", "--trained"])))
    #expect(!Self.close(merged, base))
  }

  @Test func nothingToExport() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["export", "small.yaml", "--into", "out"])
    #expect(outcome.exitCode == 64 && outcome.errors.contains("small.yaml trains nothing"), "\(outcome.errors)")
  }

  /// An adapter that PEFT wrote, against what PEFT computes with it (Tests/References/outside_adapter.py).
  @Test(arguments: ["outside-adapter", "outside-adapter-stabilized"])
  func anAdapterOfPEFTGivesItsNumbers(name: String) throws {
    let space = try TestSpace()
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/\(name)").path
    let outside = """
        outside:
          weights:
            adapter:
              base: policy
              config: {from: [{path: "\(fixture)/adapter_config.json"}]}
              weights: {from: [{path: "\(fixture)/adapter_model.safetensors"}]}
      datasets:
      """
    try space.write(SmallExperiment().spec.replacing("datasets:", with: outside), to: "small.yaml")
    let expected = try JSONValue(
      parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(fixture)/scores.json"))))
    let cases = try #require(expected["cases"]?.arrayValue)
    #expect(cases.count == 3)
    for one in cases {
      let text = try #require(one["text"]?.stringValue)
      for (model, member) in [("small.yaml", "base"), ("small.yaml:outside", "adapted")] {
        let outcome = try space.run(["model", "score", model, text])
        let scored = try JSONValue(parsing: Array(outcome.output.utf8))["log-probabilities"]?.arrayValue ?? []
        let (found, wanted) = (
          scored.dropFirst().compactMap(\.doubleValue), one[member]?.arrayValue?.compactMap(\.doubleValue)
        )
        #expect(found.count == wanted?.count && found.count > 5, "\(outcome.errors)")
        for (left, right) in zip(found, wanted ?? []) { #expect(abs(left - right) < 1e-5, "\(text): \(left) \(right)") }
      }
      #expect(one["base"] != one["adapted"])
    }
  }

  /// 2 / √4 is 4 / 4: the same training in other words, whose export says by what alpha is divided.
  @Test func stabilizedAdaptersAreWrittenAsSuch() throws {
    func trained(_ lora: String) throws -> (weights: String, options: String, space: TestSpace) {
      let space = try TestSpace()
      var training = SmallTraining()
      training.adapter = "{lora: {\(lora)}}"
      let outcome = try space.exec(training)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(try space.run(["export", "small.yaml", "--into", "out"]).exitCode == 0)
      return (try space.output("weights", of: "train dpo"), try space.read("out/adapter_config.json"), space)
    }
    let plain = try trained("rank: 4, alpha: 4")
    let stabilized = try trained("rank: 4, alpha: 2, scaling: root-rank")
    #expect(stabilized.weights == plain.weights)
    #expect(plain.options.contains("\"use_rslora\": false") && plain.options.contains("\"lora_alpha\": 4"))
    #expect(stabilized.options.contains("\"use_rslora\": true") && stabilized.options.contains("\"lora_alpha\": 2"))
    #expect(try trained("rank: 4, alpha: 2").weights != plain.weights)
  }

  @Test func adaptersFromOutsideLoad() throws {
    let space = try Self.trained()
    #expect(try space.run(["export", "small.yaml", "--into", "out"]).exitCode == 0)
    var outside = SmallExperiment()
    outside.extra = ""
    let adapter = """
        outside:
          weights:
            adapter:
              base: policy
              config: {from: [{path: out/adapter_config.json}]}
              weights: {from: [{path: out/adapter_model.safetensors}]}
      datasets:
      """
    try space.write(outside.spec.replacing("datasets:", with: adapter), to: "outside.yaml")
    // The same numbers in the same order: the same bits.
    let (stored, laid) = (
      try Self.scores(space, ["small.yaml", "--trained"]), try Self.scores(space, ["outside.yaml:outside"])
    )
    #expect(stored == laid && stored.count == 19)
    let options = try space.read("out/adapter_config.json")
    try space.write(options.replacing("\"use_dora\": false", with: "\"use_dora\": true"), to: "out/adapter_config.json")
    let refused = try space.run(["model", "score", "outside.yaml:outside", "One"])
    #expect(refused.exitCode != 0)
    #expect(refused.errors.contains("\"use_dora\" is true, which is not computed here"), "\(refused.errors)")
    #expect(refused.errors.contains("merge_and_unload"), "\(refused.errors)")
  }
}
