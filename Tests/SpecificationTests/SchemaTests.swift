// The schemas fit the specs, refuse what a schema can refuse, and are checked in as they are generated.

import FoundationEssentials
import JSON
import Specification
import Testing
import YAML

@Suite struct SchemaTests {
  private var validator: JSONSchemaValidator { JSONSchemaValidator(root: SchemaDocument.all[0].schema) }

  @Test(arguments: Fixtures.specs) func acceptsSpec(_ name: String) throws {
    let text = try #require(try Fixtures.texts()[name])
    #expect(validator.accepts(try YAMLDocument.parse(text, file: name).asJSON))
  }

  /// Classes of mistakes that a schema can see: the shape of values, not what names refer to.
  private static let visible: Set<String> = [
    "mistyped key", "mistyped top key", "mistyped key in an arm", "unknown key", "wrong type", "not a list",
    "number for text", "out of range", "unknown kind", "unknown word", "two kinds", "option beside the tag",
    "bare number", "tag needs options", "arm patches nothing", "bad digest", "bad address", "several mistakes",
  ]
  /// Where a file that extends another, or has axes, may leave out what the reader finds missing, or where the choice
  /// of keys is for the reader to judge.
  private static let unseen: Set<String> = ["d-clair-apo.yaml/two kinds"]

  @Test(arguments: Mistakes.all.map(\.spec)) func refusesMistakes(_ spec: String) throws {
    let original = try #require(try Fixtures.texts()[spec])
    let mistakes = try #require(Mistakes.all.first { $0.spec == spec }).mistakes
    var refused = 0
    for mistake in mistakes where Self.visible.contains(mistake.name) {
      if Self.unseen.contains("\(spec)/\(mistake.name)") { continue }
      let edited = try #require(mistake.applied(to: original))
      #expect(!validator.accepts(try YAMLDocument.parse(edited, file: spec).asJSON), "\(mistake.name)")
      refused += 1
    }
    #expect(refused >= 4)
  }

  /// In files that stand alone, what is missing is seen too.
  @Test(arguments: ["a-cut-online.yaml", "b1-reward.yaml"]) func refusesMissingKey(_ spec: String) throws {
    let original = try #require(try Fixtures.texts()[spec])
    let mistake = try #require(Mistakes.all.first { $0.spec == spec }?.mistakes.first { $0.name == "missing key" })
    let edited = try #require(mistake.applied(to: original))
    #expect(!validator.accepts(try YAMLDocument.parse(edited, file: spec).asJSON))
  }

  @Test func checkedInFilesAreCurrent() throws {
    for document in SchemaDocument.all {
      let url = URL(filePath: Fixtures.root).appending(path: "schemas").appending(path: document.name)
      let checkedIn = (try? Data(contentsOf: url)).map { String(decoding: $0, as: UTF8.self) }
      #expect(
        checkedIn == document.text,
        "schemas/\(document.name) is not current: run `make schemas`, look at the difference")
    }
  }
}
