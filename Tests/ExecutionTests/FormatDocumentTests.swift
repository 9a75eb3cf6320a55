// The format document's examples of keys: what its commands print, what it says they print, and what the program makes.

import Digests
import Foundation
import JSON
import Planning
import Records
import Specification
import Testing

@Suite struct FormatDocument {
  private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/Storage/Storage.docc/Format.md").path

  /// The commands of the section on keys that print a digest, and the digests that the document gives beneath.
  private static func examples() throws -> (script: String, digests: [String]) {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let start = try #require(text.range(of: "## Manifests and keys")?.upperBound)
    let end = try #require(text.range(of: "## Publishing")?.lowerBound)
    let lines = text[start..<end].split(separator: "\n").map(String.init)
    let commands = lines.filter { $0.hasSuffix("| sha256sum") || $0.hasPrefix("hex()") || $0.hasPrefix("id=") }
    let digests = lines.filter { Digest(hex: $0) != nil }
    return (commands.joined(separator: "\n"), digests)
  }

  @Test func itsCommandsPrintWhatItSays() throws {
    let (script, digests) = try Self.examples()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", script]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(output.split(separator: "\n").map { String($0.prefix(64)) } == digests && digests.count == 10, "\(output)")
  }

  @Test func itSaysWhatTheProgramMakes() throws {
    var recipe = Manifest()
    recipe.set("kind", .text("verify"))
    recipe.set("version", .integer(1))
    recipe.set("record/verifier", .text("number"))
    recipe.set("record/verifier/tolerance", .number(0))
    recipe.set("record/verifier/words", .flag(true))
    let id = RecordID(content: .sha256("any"), occurrence: 0)
    let prompt = RenderedPrompt(id: id, turns: [Message(.user, "1+1?")])
    let asked = RenderedPrompt(id: id, turns: prompt.turns, answers: ["2"])
    let identity = RecordKey.identity(content: prompt.content, occurrence: 0)
    func said(_ text: String) -> Response { Response(text: text, finish: .stop, tokens: 1) }
    let made = [
      recipe.key, prompt.content, identity, RecordKey.key(identity: identity, sample: 1),
      prompt.key(scoring: ["yes", "no"]), ScoredResponse(turns: prompt.turns, response: said("yes")).key,
      Responses(id: id, responses: [said("2")]).key(judgedFor: asked),
    ]
    #expect(try (made + Self.keysOfLines()).map(\.hex) == Self.examples().digests)
  }

  /// An experiment with every kind of step whose records' keys are made of lines.
  private static let spec = """
    version: 1
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
        turns: chatml
        system: none
    datasets:
      data:
        source: {jsonl: {sha256: \(String(repeating: "b", count: 64)), from: [{path: data.jsonl}]}}
        prompt: "{question}"
        answer: {from: "{answer}", verifier: number}
    data: data
    generator: {recorded: {responses: ["{a}", "{b}"]}}
    reviser:
      - minimal-revision:
          {by: {model: policy}, prompt: "{response}?", max-new-tokens: 4, temperature: 0, keep: verdict-right}
    evals:
      overlap: {pair-statistics: {}}
      found:
        error-detection:
          on: data
          response: "{question}"
          errors: {planted: {words: 1}}
          error: "{wrong}"
          judgment: "No: {errors}"
          judged-prompt: "{question} {judgment}"
    """

  /// The keys of one record of `mark`, of `pairs`, and of `revise`.
  private static func keysOfLines() throws -> [Digest] {
    let experiment = try SpecificationReader(files: TextFiles(texts: ["test.yaml": spec])).read("test.yaml")
    var planner = Planner(context: PlanningContext(digestOfFile: { .sha256($0) }, fingerprint: { _ in nil }))
    _ = try planner.plan(experiment, name: "test")
    let fields = JSONObject([JSONMember("question", .string("1+1?")), JSONMember("answer", .string("2"))])
    let id = try #require(SourceRecord.identified([fields]).first?.id)
    let turns = [Message(.user, "1+1?")]
    func said(_ text: String) -> Response { Response(text: text, finish: .stop, tokens: 0) }
    func responses(_ texts: [String]) -> Responses { Responses(id: id, responses: texts.map(said)) }
    let inputs = [
      "prompts": RecordFile.bytes([RenderedPrompt(id: id, turns: turns, answers: ["2"])]),
      "records": RecordFile.bytes(fields: [fields]),
      "examples": RecordFile.bytes([
        FeedbackRecord(id: id, turns: turns, items: [.pair(chosen: said("2"), rejected: said("3"))])
      ]),
      "responses/0": RecordFile.bytes([responses(["3", "3"])]),
      "replies": RecordFile.bytes([responses(["2"]), responses(["3"])]),
    ]
    return try [StepKind.mark, .pairs, .revise].flatMap { kind in
      let step = try #require(planner.steps.steps.first { $0.kind == kind && $0.work.recipe != nil })
      return try #require(step.lineKeys { inputs[$0] })
    }
  }

  /// The table of types, each in one line that was worked out by hand.
  @Test(arguments: [
    (ManifestValue.none, "z 0:"), (.flag(false), "b 5:false"), (.integer(-7), "i 2:-7"), (.number(0.5), "f 3:0.5"),
    (.number(3), "f 3:3.0"), (.number(-0.0), "f 3:0.0"), (.number(0.0001), "f 6:0.0001"), (.number(1e-5), "f 5:1e-05"),
    (.number(9_007_199_254_740_992), "f 18:9007199254740992.0"),
    (.number(18_014_398_509_481_984), "f 22:1.8014398509481984e+16"), (.number(2.5e20), "f 7:2.5e+20"),
    (.text("a\nb"), "t 3:a\nb"), (.text("ä"), "t 2:ä"),
  ])
  func aLeafIsOneLine(value: ManifestValue, line: String) {
    var manifest = Manifest()
    manifest.set("a/b", value)
    #expect(String(decoding: manifest.bytes, as: UTF8.self) == "3:a/b \(line)\n")
    #expect(Manifest(parsing: manifest.bytes) == manifest)
  }
}
