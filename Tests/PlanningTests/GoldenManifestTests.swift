// The preimage of each kind's key, as files. A test fails when one changes: raise the kind's version, or give a new leaf
// a default that is left out.

import Digests
import Foundation
import Planning
import Testing

@Suite struct GoldenManifests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Golden")

  /// The labels of one step of each kind.
  @Test(arguments: [
    "fetch task.json", "ingest counting", "ingest quiz", "split counting", "split quiz", "render counting/heldout",
    "render quiz/heldout", "generate counting/heldout, T 0.5, seed 1, 2 samples", "score quiz/heldout",
    "score counting/heldout", "verify counting/heldout", "choice quiz/heldout", "perplexity counting/heldout",
    "table of test",
  ])
  func manifest(label: String) throws {
    try check(label, in: Specs.evaluating())
  }

  @Test func recordedManifest() throws {
    let extra = "data: counting/train\ngenerator: {recorded: {responses: [\"{answer}\", \"no\"]}}"
    try check("recorded counting/train", in: Specs.evaluating(extra: extra))
  }

  private func check(_ label: String, in spec: String) throws {
    let (graph, _) = try Specs.graph(spec)
    let step = try #require(graph.steps.first { $0.label == label })
    var contents: [String: Digest] = [:]
    for input in step.inputs { contents[input.name] = .sha256("content of \(input.name)") }
    var text = String(decoding: step.manifest(contents: contents).bytes, as: UTF8.self)
    if let recipe = step.recipe(contents: contents) { text += "\n" + String(decoding: recipe.bytes, as: UTF8.self) }
    let name = label.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined() + ".txt"
    try expect(text, golden: name)
  }

  private func expect(_ text: String, golden name: String) throws {
    let file = Self.folder.appendingPathComponent(name)
    let golden = try? String(contentsOf: file, encoding: .utf8)
    if golden == text { return }
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
      Issue.record("recorded \(name); read it, then run without RECORD_GOLDENS")
    } else {
      Issue.record("\(name) is not what the step's manifest is now:\n\(text)")
    }
  }
}
