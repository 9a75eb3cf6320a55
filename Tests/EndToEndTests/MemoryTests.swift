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

  @Test(arguments: ["full", "{lora: {rank: 16, alpha: 32}}"])
  func aTrainingTakesWhatWasForetold(adapter: String) throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.weights =
      "{random: {layers: 10, width: 320, heads: 5, key-value-heads: 1, feed-forward: 1024, context: 256, seed: 1}}"
    (training.adapter, training.epochs, training.batch) = (adapter, "0.5", 12)
    training.evals = ["agreement: {preference: {on: numbers/heldout, score: length}}"]
    try training.write(to: space)
    let reference = "score examples of numbers/train by the reference"
    #expect(try space.run(["exec", "small.yaml", "--until", reference]).exitCode == 0)
    let plan = try space.run(["plan", "small.yaml"])
    let told = try #require(
      plan.output.firstMatch(of: /Memory: up to about ([0-9.]+) MB \(train dpo\)/), "\(plan.output)")
    let foretold = try #require(Double(told.output.1))

    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.currentDirectoryURL = URL(fileURLWithPath: space.path)
    process.arguments = ["python3", "-c", Self.peak, TestSpace.program, "exec", "small.yaml", "--only", "train dpo"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(separator: " ")
    process.waitUntilExit()
    let peak = try #require(words.last.flatMap { Double($0.filter { !$0.isNewline }) })
    #expect(words.first == "0" && abs(foretold / peak - 1) < 0.2, "foretold \(foretold) MB, took \(peak) MB")
  }
}
