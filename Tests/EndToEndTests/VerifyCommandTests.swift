// runner verify: a generation, a scoring and a training come out again bit for bit; what was tampered with is named.

import Digests
import Foundation
import JSON
import Storage
import Testing

@Suite struct VerifyCommandTests {
  /// A spec that generates, scores and trains in a second, run once.
  private func experiment() throws -> TestSpace {
    let space = try TestSpace()
    try space.write(Self.spec, to: "experiments/small.yaml")
    try space.write(
      (1...6).map { "{\"question\":\"\($0)+1\",\"a\":\"\($0 + 1)\",\"b\":\"no \($0)\"}\n" }.joined(),
      to: "experiments/sums.jsonl")
    let run = try space.run(["exec", "experiments/small.yaml"])
    try #require(run.exitCode == 0, "\(run.errors)")
    return space
  }

  private static let spec = """
    version: 1
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 64, seed: 1}}
        turns: chatml
        system: none
    datasets:
      sums:
        source: {jsonl: {from: [{path: sums.jsonl}]}}
        prompt: "{question}"
        answer: {from: "{a}", verifier: number}
    data: sums
    generator: {recorded: {responses: ["{a}", "{b}"]}}
    reviser: [{judge: {by: verifier}}]
    objective: {dpo: {beta: 0.1}}
    hyperparameters:
      adapter: {lora: {rank: 2, alpha: 4}}
      optimizer: {adamw: {learning-rate: 1.0e-2}}
      batch: {examples: 2}
      epochs: 2
    evals: {accuracy: {accuracy: {on: sums, max-new-tokens: 4}}}
    """

  /// The steps of the store with this label's beginning.
  private func stored(_ prefix: String, kind: String, in space: TestSpace) throws -> [StepResult] {
    let store = try Store(at: "\(space.path)/.runner-store", mode: .existing)
    return store.results(ofKind: kind).filter { $0.provenance["label"]?.stringValue?.hasPrefix(prefix) ?? false }
  }

  /// Puts other bytes in the place of one output of a stored result.
  private func tamper(
    _ result: StepResult, _ output: String, in space: TestSpace, _ change: ([UInt8]) -> [UInt8]
  ) throws {
    let store = try Store(at: "\(space.path)/.runner-store", mode: .existing)
    let outputs = try result.outputs.map { held -> StepResult.Output in
      guard held.name == output else { return held }
      let bytes = change(try store.read(held.digest))
      return StepResult.Output(
        held.name, try store.write(bytes), byteCount: bytes.count, recordCount: held.recordCount)
    }
    let hex = result.manifest.key.hex
    try FileManager.default.removeItem(
      atPath: "\(space.path)/.runner-store/steps/\(hex.prefix(2))/\(hex.dropFirst(2)).step")
    try store.publish(
      StepResult(kind: result.kind, outputs: outputs, manifest: result.manifest, provenance: result.provenance),
      for: result.manifest.key)
  }

  @Test func whatIsComputedAgainIsTheSame() throws {
    let space = try experiment()
    let before = space.files(below: ".runner-store").filter { !$0.hasPrefix("runs/") }
    for (label, kind) in [("generate", "generate"), ("score", "score"), ("train", "train"), ("judge", "revise")] {
      let result = try #require(try stored(label, kind: kind, in: space).first)
      let name = try #require(result.provenance["label"]?.stringValue)
      let byLabel = try space.run(["verify", name, "experiments/small.yaml"])
      #expect(byLabel.exitCode == 0, "\(byLabel.errors)")
      #expect(byLabel.output.contains("\(name) (\(result.manifest.key.short)): the same bytes again"))
      #expect(byLabel.errors.contains(name), "progress is shown: \(byLabel.errors)")
      // By the beginning of the key, in whatever spec of `experiments` has the step, with other workers.
      let byKey = try space.run(["verify", String(result.manifest.key.hex.prefix(12)), "--workers", "3", "--json"])
      #expect(byKey.exitCode == 0, "\(byKey.errors) \(byKey.output)")
      #expect(byKey.output.contains("\"equal\":true"))
      #expect(!byKey.output.contains("\"equal\":false"))
    }
    #expect(space.files(below: ".runner-store").filter { !$0.hasPrefix("runs/") } == before)
  }

  /// Without a name, what is stored of every spec of the folder, once; a spec that is none is told.
  @Test func withoutANameAllThatIsStoredIsVerified() throws {
    let space = try experiment()
    try space.write(try space.read("experiments/small.yaml"), to: "experiments/same.yaml")
    try space.write("version: 1\nnonsense: 1\n", to: "experiments/broken.yaml")
    let one = try space.run(["verify", "experiments/small.yaml"])
    let all = try space.run(["verify"])
    #expect(all.exitCode == 0, "\(all.errors)")
    let (last, ofAll) = (one.output.split(separator: "\n").last, all.output.split(separator: "\n").last)
    #expect(last == ofAll && last?.hasSuffix("all gave the same bytes.") == true, "\(all.output)")
    #expect(all.errors.contains("experiments/broken.yaml cannot be planned and is left out"), "\(all.errors)")
    let nowhere = try TestSpace()
    try nowhere.write("", to: ".runner-store/.keep")
    let none = try space.run(["verify", "--store", "\(space.path)/.runner-store"], folder: nowhere.path)
    #expect(none.exitCode == 64 && none.errors.contains("has no specs"), "\(none.errors)")
  }

  /// Scores and verdicts follow from what is read, not from a list of prompts: the plan knows which are stored nevertheless.
  @Test func aPlanSaysWhichScoresAndVerdictsAreStored() throws {
    let space = try experiment()
    for (label, kind, records) in [("score", "score", 12), ("verify sums, after", "verify", 6), ("judge", "revise", 6)]
    {
      let result = try #require(try stored(label, kind: kind, in: space).first)
      let name = try #require(result.provenance["label"]?.stringValue)
      let hex = result.manifest.key.hex
      try FileManager.default.removeItem(
        atPath: "\(space.path)/.runner-store/steps/\(hex.prefix(2))/\(hex.dropFirst(2)).step")
      let plan = try space.run(["plan", "experiments/small.yaml"])
      let line = try #require(plan.output.split(separator: "\n").first { $0.contains(name) && !$0.contains("decided") })
      #expect(line.hasPrefix("partly cached") && line.contains("\(records) of \(records) records"), "\(plan.output)")
      let again = try space.run(["exec", "experiments/small.yaml", "--json"])
      let finished = try #require(try Events(again.output.eventsOnly).finished(name))
      #expect(finished.computed == 0 && finished.reused == records, "\(again.output)")
    }
  }

  @Test func recordsAreComputedAndNotTakenFromTheStore() throws {
    let space = try experiment()
    let result = try #require(try stored("generate", kind: "generate", in: space).first)
    let name = try #require(result.provenance["label"]?.stringValue)
    let outcome = try space.run(["verify", name, "--json"])
    let finished = try #require(try Events(outcome.output.eventsOnly).finished(name))
    #expect(finished.computed == 6)
    #expect(finished.reused == 0)
  }

  @Test func theFirstOptimizerStepThatDiffersIsNamed() throws {
    let space = try experiment()
    let train = try #require(try stored("train", kind: "train", in: space).first)
    try tamper(train, "log", in: space) { bytes in
      var lines = bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
      for step in [3, 4] {
        lines[step] = lines[step].replacing(#/"loss":[0-9.e-]+/#, with: "\"loss\":0.5")
      }
      return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
    let outcome = try space.run(["verify", "train dpo"])
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.errors.contains("error: train dpo: executed again it gives other bytes in `log`"), "\(outcome.errors)")
    #expect(
      outcome.errors.contains("The first optimizer step that differs is 4: loss 0.5 stored, 0."), "\(outcome.errors)")
    #expect(outcome.output.contains("OTHER  log"))
    #expect(outcome.output.contains("same   weights"))
  }

  @Test func weightsThatDifferWithoutALogThatDoesAreToldApart() throws {
    let space = try experiment()
    let train = try #require(try stored("train", kind: "train", in: space).first)
    try tamper(train, "weights", in: space) { bytes in bytes.dropLast() + [bytes[bytes.count - 1] ^ 1] }
    let outcome = try space.run(["verify", "train dpo", "experiments/small.yaml", "--json"])
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.output.contains("The reports of all 6 optimizer steps agree; only weights differ."), "\(outcome.output)")
  }

  /// An update that went wrong shows in the weights of its own step, before any loss feels it.
  @Test func theStepWhoseWeightsDifferFirstIsNamed() throws {
    let space = try experiment()
    let train = try #require(try stored("train", kind: "train", in: space).first)
    try tamper(train, "log", in: space) { bytes in
      var lines = bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
      for step in 2..<lines.count {
        lines[step] = lines[step].replacing(#/"weights":"[0-9a-f]{8}/#, with: "\"weights\":\"01234567")
      }
      return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
    let outcome = try space.run(["verify", "train dpo", "experiments/small.yaml"])
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.errors.contains("The first optimizer step that differs is 3: its report agrees, its weights do not."),
      "\(outcome.errors)")
  }

  /// A log that lacks what this version says, says more, or cannot be read is another log, and its first such step is named.
  @Test(arguments: [
    (#",\"weights\":\"[0-9a-f]{64}\""#, "", 1), (#"\"step\":3,"#, #""note":1,"step":3,"#, 3),
    (#"\"step\":3,"#, #""step":,"#, 3),
  ])
  func aReportThatIsNotTheOneThatCameNow(pattern: String, other: String, step: Int) throws {
    let space = try experiment()
    let train = try #require(try stored("train", kind: "train", in: space).first)
    let expression = try Regex(pattern)
    try tamper(train, "log", in: space) { bytes in
      Array(String(decoding: bytes, as: UTF8.self).replacing(expression, with: other).utf8)
    }
    let outcome = try space.run(["verify", "train dpo", "experiments/small.yaml"])
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.errors.contains("The first optimizer step that differs is \(step): its stored report is not the one"),
      "\(outcome.errors)")
  }

  @Test func aNumberOfAReportThatDiffersIsTold() throws {
    let space = try experiment()
    let train = try #require(try stored("train", kind: "train", in: space).first)
    try tamper(train, "log", in: space) { bytes in
      Array(
        String(decoding: bytes, as: UTF8.self).replacing(#/"step":4,"tokens":\d+/#, with: "\"step\":4,\"tokens\":0")
          .utf8)
    }
    let outcome = try space.run(["verify", "train dpo", "experiments/small.yaml"])
    #expect(outcome.exitCode == 2)
    #expect(outcome.errors.contains("The first optimizer step that differs is 4: tokens 0"), "\(outcome.errors)")
  }

  @Test func theFirstRecordThatDiffersIsNamed() throws {
    let space = try experiment()
    let score = try #require(try stored("score", kind: "score", in: space).first)
    let name = try #require(score.provenance["label"]?.stringValue)
    var id = ""
    try tamper(score, "scores", in: space) { bytes in
      var lines = bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
      id = lines[1].firstMatch(of: #/"id":"([0-9a-f]+)/#).map { String($0.output.1) } ?? "none"
      lines[1] = lines[1].replacing(#/-[0-9]/#, with: "-9", maxReplacements: 1)
      return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
    let outcome = try space.run(["verify", name])
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.errors.contains("The first record of `scores` that differs is number 2, \(id)."), "\(outcome.errors)")
  }

  @Test func whatCannotBeVerifiedIsSaid() throws {
    let space = try experiment()
    let unknown = try space.run(["verify", "train dop", "experiments/small.yaml"])
    #expect(unknown.exitCode == 64)
    #expect(unknown.errors.contains("Did you mean `train dpo`?"), "\(unknown.errors)")
    let train = try #require(try stored("train", kind: "train", in: space).first)
    try space.write(
      try space.read("experiments/small.yaml").replacingOccurrences(of: "epochs: 2", with: "epochs: 1"),
      to: "other.yaml")
    try space.write(try space.read("experiments/sums.jsonl"), to: "sums.jsonl")
    let elsewhere = try space.run(["verify", train.manifest.key.hex, "other.yaml"])
    #expect(elsewhere.exitCode == 64)
    #expect(elsewhere.errors.contains("the store has train dpo, and no spec that was read has that step"))
    let notRun = try space.run(["verify", "train dpo", "other.yaml"])
    #expect(notRun.exitCode == 64)
    #expect(notRun.errors.contains("no result is stored"), "\(notRun.errors)")
  }

  @Test func whatAnEndpointAnsweredIsNotAskedAgain() throws {
    let space = try experiment()
    try space.write(
      Self.spec.replacing(
        #/weights: \{random.*/#, with: "weights: {endpoint: {url: \"http://localhost:1\", model: some}}"),
      to: "endpoint.yaml")
    try space.write(try space.read("experiments/sums.jsonl"), to: "sums.jsonl")
    let outcome = try space.run(["verify", "generate sums, greedy, after dpo", "endpoint.yaml"])
    #expect(outcome.exitCode == 64, "\(outcome.errors)")
    #expect(outcome.errors.contains("cannot be executed again"), "\(outcome.errors)")
  }
}

extension String {
  /// The lines that are events of steps.
  fileprivate var eventsOnly: String {
    split(separator: "\n").filter { $0.contains("\"event\"") }.joined(separator: "\n")
  }
}

@Suite struct VerifyMany {
  private func space() throws -> TestSpace {
    let space = try TestSpace()
    let run = try space.exec(SmallTraining())
    try #require(run.exitCode == 0, "\(run.output)")
    return space
  }

  @Test func allStoredStepsOfASpecWithOtherWorkersAndBatches() throws {
    let space = try space()
    let before = space.files(below: ".runner-store").filter { !$0.hasPrefix("runs/") }
    let outcome = try space.run(["verify", "small.yaml", "--vary", "workers,batch"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    for (label, words) in [
      ("train dpo", "1 worker"), ("train dpo", "3 workers"),
      ("generate numbers/heldout, greedy, after dpo", "3 workers and 5 sequences at once"),
    ] {
      let isTold = lines.contains {
        $0.hasPrefix("\(label) (") && $0.hasSuffix("the same bytes again, with \(words)")
      }
      #expect(isTold, "\(label) with \(words): \(outcome.output)")
    }
    // What no model computes is computed once, and a file from outside not at all.
    #expect(outcome.output.components(separatedBy: "ingest numbers (").count == 2)
    #expect(!outcome.output.contains("fetch "))
    let steps = try #require(
      outcome.output.firstMatch(of: /([0-9]+) steps, computed ([0-9]+) times: all gave the same bytes\./))
    #expect(try #require(Int(steps.output.2)) > (try #require(Int(steps.output.1))))
    #expect(space.files(below: ".runner-store").filter { !$0.hasPrefix("runs/") } == before)
  }

  @Test func severalStepsByName() throws {
    let space = try space()
    let outcome = try space.run(["verify", "ingest numbers", "train dpo", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("2 steps, computed 2 times: all gave the same bytes."), "\(outcome.output)")
  }

  @Test func oneThatDiffersDoesNotKeepTheOthers() throws {
    let space = try space()
    let store = try Store(at: "\(space.path)/.runner-store", mode: .existing)
    let split = try #require(store.results(ofKind: "split").first)
    let outputs = try split.outputs.map { held in
      let bytes = try store.read(held.digest) + (held.name == "heldout" ? Array("\n".utf8) : [])
      return StepResult.Output(held.name, try store.write(bytes), byteCount: bytes.count, recordCount: held.recordCount)
    }
    let hex = split.manifest.key.hex
    try FileManager.default.removeItem(
      atPath: "\(space.path)/.runner-store/steps/\(hex.prefix(2))/\(hex.dropFirst(2)).step")
    try store.publish(
      StepResult(kind: split.kind, outputs: outputs, manifest: split.manifest, provenance: split.provenance),
      for: split.manifest.key)
    let outcome = try space.run(["verify", "small.yaml"])
    #expect(outcome.exitCode == 2, "\(outcome.errors)")
    #expect(outcome.errors.contains("split numbers: executed again it gives other bytes in `heldout`"))
    #expect(outcome.errors.contains("1 computation gave other bytes"), "\(outcome.errors)")
    #expect(outcome.output.contains("train dpo") && outcome.output.contains("not stored."), "\(outcome.output)")
  }

  @Test func whatIsVariedByAnotherNameIsWrongUsage() throws {
    let space = try TestSpace()
    #expect(try space.run(["verify", "x", "--vary", "seeds"]).exitCode == 64)
    try SmallExperiment().write(to: space)
    _ = try space.run(["exec", "small.yaml", "--until", "ingest numbers"])
    try space.write(try space.read("numbers.jsonl") + "\n", to: "numbers.jsonl")
    let other = try space.run(["verify", "small.yaml"])
    #expect(other.exitCode == 64, "\(other.output) \(other.errors)")
    #expect(other.errors.contains("none of the steps has a stored result"), "\(other.errors)")
  }
}
