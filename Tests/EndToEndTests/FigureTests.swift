// The figure of likelihood traces, drawn by its script from a small experiment's store.

import Foundation
import Testing

@Suite struct Figures {
  /// The thick lines' points, in the order of the drawing: a line for chosen and one for rejected responses in each panel.
  private static func lines(_ drawing: String) -> [[(x: Double, y: Double)]] {
    drawing.matches(of: /<polyline points="([^"]+)"[^>]*stroke-width="2.5"/).map { match in
      match.output.1.split(separator: " ").map { point in
        let numbers = point.split(separator: ",").compactMap { Double($0) }
        return (numbers[0], numbers[1])
      }
    }
  }

  /// Every point of a line stands as far below the first, which is 0, as its number is: one scale for all panels.
  @Test func theLikelihoodTracesAreTheStoresNumbers() throws {
    let space = try TestSpace()
    let names = ["apo-zero", "apo-down", "dpo"]
    var training = SmallTraining()
    (training.objective, training.hyperparameters) = ("", ["examples: 12"])
    training.evals = ["likelihood: {likelihood-trace: {every: {steps: 1}}}"]
    let arms = names.map { "\($0): {objective: {\($0): {beta: 0.5}}}" }
    training.extra = "ablations: {objective: {\(arms.joined(separator: ", "))}}"
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let drawn = Process()
    drawn.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    drawn.currentDirectoryURL = URL(fileURLWithPath: space.path)
    // Isolated: nothing but the standard library is needed.
    drawn.arguments = [
      "python3", "-I", "\(TestSpace.repository)/docs/figures/likelihood_traces.py", "results/small", "--runner",
      TestSpace.program, "--into", "traces.svg",
    ]
    try drawn.run()
    drawn.waitUntilExit()
    #expect(drawn.terminationStatus == 0)
    let drawing = try space.read("traces.svg")
    for title in ["APO-zero", "APO-down", "DPO"] { #expect(drawing.contains(">\(title)</text>")) }
    let lines = Self.lines(drawing)
    let traces = try names.map { try trace($0, space) }
    #expect(lines.count == 6 && traces.allSatisfy { $0.count == 6 })
    let expected: [[Double]] = traces.flatMap { trace -> [[Double]] in
      [[0] + trace.map(\.chosen), [0] + trace.map(\.rejected)]
    }
    let numbers = expected.flatMap { $0 }
    let largest = try #require(numbers.max { abs($0) < abs($1) })
    let zero = try #require(lines.first?.first?.y)
    let place = try #require(zip(lines.joined(), numbers).first { $1 == largest })
    let scale = (place.0.y - zero) / largest
    #expect(scale < -1)
    for (line, numbers) in zip(lines, expected) {
      #expect(line.count == numbers.count)
      #expect(line.indices.allSatisfy { $0 == 0 || line[$0].x > line[$0 - 1].x })
      // The drawing has one decimal.
      for (point, number) in zip(line, numbers) {
        #expect(abs(point.y - zero - scale * number) < 0.21, "\(number) stands at \(point.y)")
      }
    }
  }

  private func trace(_ name: String, _ space: TestSpace) throws -> [(chosen: Double, rejected: Double)] {
    let text = try space.read("results/small/lock.json")
    let lock = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let steps = try #require(lock["steps"] as? [[String: Any]])
    let step = try #require(
      steps.first { step in
        let label = step["label"] as? String ?? ""
        return label.hasPrefix("likelihood") && label.contains("after \(name)")
      }, "no trace of \(name) among \(steps.compactMap { $0["label"] as? String })")
    let digest = try #require((step["outputs"] as? [String: String])?["trace"])
    return try space.run(["store", "cat", digest]).output.split(separator: "\n").map { line in
      let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      return (try #require(record["chosen"] as? Double), try #require(record["rejected"] as? Double))
    }
  }
}
