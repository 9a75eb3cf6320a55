// What `plan` foretells of a training's memory, beside what the process takes at its peak.

import Foundation
import Testing

@Suite struct MemoryForecasts {
  /// Starts the program and prints the most that it held, in MB as `plan` counts them: a process's own peak is told only to its parent.
  private static let peak = """
    import resource, subprocess, sys
    code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6)
    """

  /// A training, and the last steps before it.
  struct Case: CustomTestStringConvertible {
    var adapter = "{lora: {rank: 16, alpha: 32}}"
    var objective = "dpo"
    var until = ["score examples of numbers/train by the reference"]
    var testDescription: String { "\(objective), \(adapter)" }
  }

  private static let dropped = "{lora: {rank: 16, alpha: 32, dropout: 0.1}}"
  private static let partners = "partners of numbers/train by the reference"
  static let cases = [
    Case(), Case(adapter: "full"), Case(adapter: dropped),
    Case(objective: "kto", until: [Case().until[0], "score \(partners)"]),
    Case(adapter: dropped, objective: "kto", until: [Case().until[0], "score \(partners)"]),
    Case(objective: "rrhf", until: ["examples of numbers/train"]),
  ]

  /// Units are full: what is foretold is the most that a training takes, and not much more.
  @Test(arguments: cases)
  func aTrainingTakesWhatWasForetold(_ one: Case) throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.weights =
      "{random: {layers: 10, width: 320, heads: 5, key-value-heads: 1, feed-forward: 1024, context: 256, seed: 1}}"
    (training.adapter, training.epochs, training.batch) = (one.adapter, "0.5", 12)
    training.prompt = "{question}" + String(repeating: " Think first.", count: 11)
    if one.objective == "rrhf" {
      // Eight responses of a hundred bytes are more rows than a unit of other examples has.
      (training.prompt, training.objective) = ("{question}", "{rrhf: {}}")
      let responses = (0..<8).map { String(repeating: "It is \($0). ", count: 10) }
      training.generator = "{recorded: {responses: \(responses)}}"
      training.reviser = "[{ranked: {by: recorded}}]"
    } else {
      training.objective = "{\(one.objective): {beta: 0.5}}"
    }
    training.evals = ["agreement: {preference: {on: numbers/heldout, score: length}}"]
    try training.write(to: space)
    for step in one.until { #expect(try space.run(["exec", "small.yaml", "--until", step]).exitCode == 0) }
    let plan = try space.run(["plan", "small.yaml"])
    let told = try #require(
      plan.output.firstMatch(of: /Memory: up to about ([0-9.]+) MB \(train [a-z]+\)/), "\(plan.output)")
    let foretold = try #require(Double(told.output.1))

    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.currentDirectoryURL = URL(fileURLWithPath: space.path)
    process.arguments = [
      "python3", "-c", Self.peak, TestSpace.program, "exec", "small.yaml", "--only", "train \(one.objective)",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(separator: " ")
    process.waitUntilExit()
    let peak = try #require(words.last.flatMap { Double($0.filter { !$0.isNewline }) })
    #expect(words.first == "0")
    #expect(peak <= foretold && foretold < 1.2 * peak, "foretold \(foretold) MB, took \(peak) MB")
  }
}
