// The format document's examples of keys: what its commands print, what it says they print, and what the program makes.

import Digests
import Foundation
import JSON
import Planning
import Records
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
    let commands = lines.filter { $0.hasSuffix("| sha256sum") || $0.hasPrefix("hex()") }
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
    #expect(output.split(separator: "\n").map { String($0.prefix(64)) } == digests && digests.count == 7, "\(output)")
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
    #expect(try made.map(\.hex) == Self.examples().digests)
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
