// What commands tell: every prompt that a model sees, damage in the store, the same exit code for the same fault.

import Foundation
import Testing

@Suite struct Telling {
  // MARK: Preview

  @Test func everyPairOfPromptAndModelIsShown() throws {
    var experiment = SmallExperiment()
    experiment.extra = """
      ablations:
        system:
          silent: {}
          told: {models: {policy: {system: Be brief.}}}
        temperature:
          greedy: {}
          warm: {evals: {accuracy: {accuracy: {temperature: 0.7}}}}
      """
    let space = try TestSpace()
    try experiment.write(to: space)
    let outcome = try space.run(["preview", "small.yaml", "1"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let shown = outcome.output.split(separator: "── ").map(String.init)
    #expect(shown.count == 2, "\(outcome.output)")
    let silent = try #require(shown.first { $0.contains("(2 cells: silent/greedy, silent/warm)") })
    #expect(!silent.contains("Be brief."))
    let told = try #require(shown.first { $0.contains("(2 cells: told/greedy, told/warm)") })
    #expect(told.contains("<|im_start|>system\nBe brief."))
  }

  @Test func twoModelsOnOnePromptAreTwoPreviews() throws {
    var experiment = SmallExperiment()
    experiment.extra = """
      ablations:
        weights:
          one: {}
          two: {models: {policy: {weights: {random: {seed: 2}}}}}
      """
    let space = try TestSpace()
    try experiment.write(to: space)
    let lines = try space.run(["preview", "small.yaml", "1", "--json"]).output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.contains("\"cells\":[\"small: one\"]") == true, "\(lines)")
    #expect(lines.last?.contains("\"cells\":[\"small: two\"]") == true, "\(lines)")
  }

  @Test func aTextThatIsScoredIsShownAsItIsScored() throws {
    var experiment = SmallExperiment()
    experiment.evalName = "surprise"
    experiment.eval = "{perplexity: {on: numbers/heldout, text: \"{question}\"}}"
    let space = try TestSpace()
    try experiment.write(to: space)
    let plain = try space.run(["preview", "small.yaml", "1"])
    #expect(plain.exitCode == 0, "\(plain.errors)")
    // A token a byte; the first has nothing before it.
    #expect(plain.output.firstMatch(of: /scored, 1[89] tokens: What comes after \d+\?/) != nil, "\(plain.output)")
    #expect(!plain.output.contains("im_start"), "\(plain.output)")
    #expect(!plain.output.contains("answer:"), "\(plain.output)")
  }

  // MARK: What cannot be written

  @Test func resultsBelowAFile() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write("", to: "afile")
    let outcome = try space.run(["exec", "small.yaml", "--results", "afile"])
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains("`afile` is a file, not a folder"), "\(outcome.errors)")
    let again = try space.run(["exec", "small.yaml"])
    #expect(again.errors.contains("0 steps ran") || again.output.contains("0 steps ran"), "\(again.errors)")
  }

  @Test func anArgumentThatIsNotUTF8() throws {
    let space = try TestSpace()
    let command = "cd \(space.path) && \(TestSpace.program) validate $(printf '\\377').yaml 2>errors"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 64)
    #expect(try space.read("errors").contains("argument 2 of the command line is not UTF-8"))
  }

  // MARK: Damage

  /// A store whose step results and segments are all cut short.
  private func damaged() throws -> TestSpace {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    for folder in ["steps", "records"] {
      for name in space.files(below: ".runner-store/\(folder)") where !name.hasSuffix("manifest") {
        let path = ".runner-store/\(folder)/\(name)"
        try space.write(try space.bytes(path).dropLast(3), to: path)
      }
    }
    return space
  }

  @Test func aPlanTellsDamage() throws {
    let space = try damaged()
    let before = space.files(below: ".runner-store")
    let plan = try space.run(["plan", "small.yaml"])
    #expect(plan.exitCode == 0, "\(plan.errors)")
    #expect(plan.errors.contains("warning: steps/"), "\(plan.errors)")
    #expect(!plan.output.contains("never run"), "\(plan.output)")
    #expect(plan.output.split(separator: "\n").count { $0.contains("its stored result was damaged") } == 6)
    let json = try space.run(["plan", "small.yaml", "--json"])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let warnings = try #require(object["warnings"] as? [[String: Any]])
    #expect(warnings.count >= 6 && warnings.allSatisfy { $0["code"] as? String == "store.damaged" })
    #expect(json.output.contains("{\"kind\":\"result-damaged\"}"))
    #expect(space.files(below: ".runner-store") == before)
  }

  @Test func aRunTellsDamageAndWhatBecameOfIt() throws {
    let space = try damaged()
    let text = try space.run(["exec", "small.yaml"])
    #expect(text.exitCode == 0, "\(text.errors)")
    #expect(text.errors.contains("It was set aside as quarantine/steps+"), "\(text.errors)")
    #expect(text.errors.contains("It was set aside as quarantine/records+"), "\(text.errors)")
    #expect(text.errors.contains("because its stored result was damaged"), "\(text.errors)")
  }

  @Test func aRunTellsDamageAsEvents() throws {
    let space = try damaged()
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let warnings = outcome.output.split(separator: "\n").filter { $0.contains("\"event\":\"warning\"") }
    #expect(warnings.contains { $0.contains("quarantine/steps+") })
    #expect(warnings.contains { $0.contains("quarantine/records+") })
  }

  @Test func progressCountsEachStepOnce() throws {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    for name in space.files(below: ".runner-store/objects") {
      try space.write(try space.bytes(".runner-store/objects/\(name)").dropLast(3), to: ".runner-store/objects/\(name)")
    }
    let outcome = try space.run(["exec", "small.yaml", "--set", "evals.accuracy.accuracy.max-new-tokens=7"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let positions = outcome.errors.matches(of: #/\[(\d+)\/(\d+)\]/#).compactMap { found in
      Int(found.output.1).flatMap { at in Int(found.output.2).map { (at, $0) } }
    }
    #expect(positions.count > 7)
    #expect(positions.allSatisfy { $0.0 <= $0.1 }, "\(outcome.errors)")
    let last = try #require(outcome.errors.firstMatch(of: #/(\d+) steps? ran, (\d+) (?:was|were) stored/#))
    #expect((Int(last.output.1) ?? 0) + (Int(last.output.2) ?? 0) == 7, "\(last.output.0)")
  }

  // MARK: Stores

  @Test(arguments: ["runner-store 99\n", "runner-store 2\nother\n"])
  func aNewerStoreIsLeftAlone(format: String) throws {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    try space.write(format, to: ".runner-store/format")
    for command in ["exec", "plan", "preview"] {
      let outcome = try space.run([command, "small.yaml"])
      #expect(outcome.exitCode == 74, "\(command): \(outcome.errors)")
      #expect(outcome.errors.contains("this program knows formats up to 1"), "\(outcome.errors)")
    }
    #expect(try space.read(".runner-store/format") == format)
  }

  @Test func anUnreadableFormatIsTold() throws {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    try space.write("hello", to: ".runner-store/format")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("warning: format in the store is damaged"), "\(outcome.errors)")
    #expect(outcome.errors.contains("quarantine/format."), "\(outcome.errors)")
  }

  // MARK: Exit codes

  @Test(arguments: [["exec"], ["preview"], ["model", "info"]])
  func whatCannotRunIsTheSameFaultEverywhere(command: [String]) throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let spec = SmallExperiment().spec.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.contains("random:") ? "    weights: {endpoint: {url: \"http://127.0.0.1:9/v1\", model: m}}" : String(line)
    }
    try space.write(spec.joined(separator: "\n"), to: "blocked.yaml")
    let outcome = try space.run(command + ["blocked.yaml"])
    #expect(outcome.exitCode == 65, "\(outcome.errors)")
    #expect(outcome.errors.contains("blocked.yaml:6:14: error:"), "\(outcome.errors)")
    #expect(outcome.errors.components(separatedBy: "cannot run it").count == 2, "\(outcome.errors)")
  }

  @Test func whatSeveralStepsNeedIsToldOnceWhereItIsAskedFor() throws {
    var experiment = SmallExperiment()
    experiment.extra = """
      data: numbers/train
      seeds: {values: [1, 2, 3], vary: [training]}
      generator: {sample: {samples: 2, temperature: 1, max-new-tokens: 4}}
      reviser: [{judge: {by: verifier}}]
      objective: {dpo: {beta: 0.1}}
      arithmetic: openblas
      hyperparameters: {adapter: {lora: {rank: 4, alpha: 8}}, optimizer: {adamw: {learning-rate: 1.0e-4}}, batch: {examples: 4}, epochs: 1}
      """
    let space = try TestSpace()
    try experiment.write(to: space)
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 65, "\(outcome.errors)")
    let line = experiment.spec.split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
      $0.hasPrefix("      arithmetic") || $0.hasPrefix("arithmetic")
    }
    let place = "small.yaml:\((line ?? 0) + 1):"
    #expect(outcome.errors.contains("\(place)"), "\(outcome.errors)")
    #expect(outcome.errors.contains("train dpo with `arithmetic: openblas`: this version"), "\(outcome.errors)")
    #expect(outcome.errors.contains("3 steps of the plan need it."), "\(outcome.errors)")
    #expect(outcome.errors.components(separatedBy: "cannot run it").count == 2, "\(outcome.errors)")
  }

  @Test func aShareOfLessThanARecord() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["exec", "small.yaml", "--set", "datasets.numbers.split.heldout.fraction=0.01"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("`heldout` gets no record: 0.01 of 20 is less than one"), "\(outcome.errors)")
  }

  @Test func anEmptyListOfAnswers() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write(SmallExperiment().data + "{\"question\":\"x\",\"answer\":[]}\n", to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml", "--set", "datasets.numbers.split.heldout=21"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("its right answers, is an empty list"), "\(outcome.errors)")
    #expect(outcome.errors.contains("The record: {\"answer\":[]"), "\(outcome.errors)")
  }

  @Test func pinShowsTheFileThatIsNotThere() throws {
    let space = try TestSpace()
    try space.write(
      SmallExperiment().spec.replacing("path: numbers.jsonl", with: "path: nothing.jsonl"), to: "small.yaml")
    let outcome = try space.run(["pin", "small.yaml"])
    #expect(outcome.exitCode != 0, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("small.yaml:"), "\(outcome.errors)")
  }

  @Test func thePlanForetellsTheMemoryOfATraining() throws {
    var experiment = SmallExperiment()
    experiment.extra = """
      data: numbers/train
      generator: {sample: {samples: 2, temperature: 1, max-new-tokens: 4}}
      reviser: [{minimal-revision: {by: verifier}}]
      objective: {dpo: {beta: 0.1}}
      hyperparameters: {adapter: {lora: {rank: 4, alpha: 8}}, optimizer: {adamw: {learning-rate: 1.0e-4}}, batch: {examples: 4}, epochs: 1}
      """
    let space = try TestSpace()
    try experiment.write(to: space)
    func memory(_ arguments: [String] = []) throws -> Int? {
      let json = try space.run(["plan", "small.yaml", "--json"] + arguments).output
      let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      let steps = try #require(object["steps"] as? [[String: Any]])
      return try #require(steps.first { $0["kind"] as? String == "train" })["memory"] as? Int
    }
    // Nobody knows how long the examples will be.
    #expect(try memory() == nil)
    let plan = try space.run(["plan", "small.yaml"])
    #expect(plan.output.contains("of trainings once their examples are stored"), "\(plan.output)")
    let bounded = ["--set", "hyperparameters.max-length=250"]
    let told = try space.run(["plan", "small.yaml"] + bounded).output
    #expect(told.firstMatch(of: /Memory: up to about [0-9.]+ MB \(.+\), by the model's sizes\./) != nil, "\(told)")
    // Megabytes of what the way back needs, beside a tenth of that in weights; of what fits in a usual unit, only attention's
    // part follows the longest example.
    let usual = try #require(try memory(bounded))
    #expect(usual > 1_000_000)
    let short = try #require(try memory(["--set", "hyperparameters.max-length=20"]))
    #expect(short < usual && 10 * (usual - short) < usual, "\(short) \(usual)")
    // With examples at hand their longest counts, whatever a limit would allow.
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    let other = ["--set", "hyperparameters.optimizer.adamw.learning-rate=0.01"]
    let counted = try #require(try memory(other))
    #expect(short < counted && counted < usual, "\(short) \(counted) \(usual)")
  }

  @Test(arguments: ["exec", "preview"])
  func aRecordWithoutAFieldIsTheSameFaultEverywhere(command: String) throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write(SmallExperiment().data + "{\"answer\":\"1\"}\n", to: "numbers.jsonl")
    let outcome = try space.run([command, "small.yaml", "--set", "datasets.numbers.split.heldout=21"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("has no field `question`"), "\(outcome.errors)")
  }

  @Test(arguments: ["exec", "preview"])
  func brokenWeightsAreShownWhereTheSpecNamesThem(command: String) throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write("This is a letter, not a model.", to: "model.gguf")
    let spec = SmallExperiment().spec.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.contains("random:") ? "    weights: {gguf: {from: [{path: model.gguf}]}}" : String(line)
    }
    try space.write(spec.joined(separator: "\n"), to: "small.yaml")
    let outcome = try space.run([command, "small.yaml"])
    #expect(outcome.exitCode == (command == "exec" ? 1 : 74), "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:6:14: error:"), "\(outcome.errors)")
  }

  /// What is wrong with a model is shown where the spec describes it, not at the spec's first line.
  @Test(arguments: [
    ("turns: chatml", "turns: llama-3", "small.yaml:7:12: error: generate numbers/heldout", "has no <|begin_of_text|>"),
    ("accuracy: {on", "reward: {model: policy, on", "small.yaml:6:14: error: score responses", "is no reward model"),
  ])
  func faultsOfAModelAreShownWhereItIsNamed(written: String, changed: String, place: String, fault: String) throws {
    let space = try TestSpace()
    let spec = SmallExperiment().spec
    #expect(spec.contains(written))
    try SmallExperiment().write(to: space)
    try space.write(spec.replacing(written, with: changed), to: "small.yaml")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1 && outcome.errors.contains(fault), "\(outcome.errors)")
    #expect(outcome.errors.contains(place), "\(outcome.errors)")
  }

  @Test func anEvalOnRecordsThatNobodySetsAsideIsWarnedOfAndThenRefused() throws {
    var experiment = SmallExperiment()
    experiment.eval = "{accuracy: {on: numbers/validation}}"
    let space = try TestSpace()
    try experiment.write(to: space)
    let checked = try space.run(["validate", "small.yaml"])
    #expect(checked.exitCode == 0, "\(checked.errors)")
    #expect(checked.errors.contains("warning: `numbers` sets no validation records aside"), "\(checked.errors)")
    let planned = try space.run(["plan", "small.yaml"])
    #expect(planned.exitCode == 0 && planned.output.contains("`exec` will refuse"), "\(planned.output)")
    #expect(planned.output.contains("data set `numbers` sets no part `validation` aside"), "\(planned.output)")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 65, "\(outcome.errors)")
    #expect(outcome.errors.contains("data set `numbers` sets no part `validation` aside"), "\(outcome.errors)")
  }

  @Test func wrongUsageIsJSONWhereJSONIsAsked() throws {
    let space = try TestSpace()
    let outcome = try space.run(["plan", "small.yaml", "--json", "--no-such-option"])
    #expect(outcome.exitCode == 64)
    #expect(outcome.output.hasPrefix("{\"code\":\"command.usage\",\"exit\":64,"), "\(outcome.output)")
    #expect(outcome.errors.isEmpty, "\(outcome.errors)")
  }

  @Test(arguments: [["--store", ""], ["--mirror", ""], ["--results", ""]])
  func anEmptyFolderIsNoFolder(arguments: [String]) throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["exec", "small.yaml"] + arguments)
    #expect(outcome.exitCode == 64, "\(outcome.errors)")
    #expect(outcome.errors.contains("must name a folder"), "\(outcome.errors)")
  }

  @Test func aMirrorThatIsNotThere() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["plan", "small.yaml", "--mirror", "nowhere"])
    #expect(outcome.exitCode == 64 && outcome.errors.contains("nowhere: there is no such folder"), "\(outcome.errors)")
  }

  @Test func errorsAreCountedOnTheTerminal() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["exec", "small.yaml", "--set", "models.policy.weights.random.context=24"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("Errors, counted as wrong: 6 of 6. "), "\(outcome.output)")
  }

  @Test func aSpecWithoutEvalsLeavesResultsAlone() throws {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    let table = try space.read("results/small/table.json")
    let plain = try space.run(["exec", "small.yaml", "--set", "evals=none"])
    #expect(plain.exitCode == 0, "\(plain.errors)")
    #expect(plain.output.contains("small: no evals, so there is no table"), "\(plain.output)")
    #expect(try space.read("results/small/table.json") == table)
  }
}
