// Every mistake gives exactly the message that is pinned in a golden file.

import Diagnostics
import FoundationEssentials
import Specification
import Testing

@Suite struct MistakesTests {
  /// The classes that every spec has a mistake of; what names refer to has several.
  private static let classes = [
    "mistyped key", "wrong type", "out of range", "unknown kind", "missing key", "duplicate key", "unresolved",
    "syntax", "bad template", "bad digest", "missing file", "two kinds", "overlapping split",
  ]

  @Test(arguments: Mistakes.all.map(\.spec)) func everyClassIsThere(_ spec: String) throws {
    let mistakes = try #require(Mistakes.all.first { $0.spec == spec }).mistakes
    for name in Self.classes { #expect(mistakes.contains { $0.name.hasPrefix(name) }, "\(name)") }
  }

  @Test(arguments: Mistakes.all.map(\.spec)) func messagesArePinned(_ spec: String) throws {
    let files = try Fixtures.texts()
    let original = try #require(files[spec])
    let mistakes = try #require(Mistakes.all.first { $0.spec == spec }).mistakes
    var report = ""
    for mistake in mistakes {
      let edited = try #require(mistake.applied(to: original), "\(mistake.name): nothing to replace")
      var changed = files
      changed[spec] = edited
      report += "## \(mistake.name)\n\n"
      do throws(Diagnoses) {
        _ = try SpecificationReader(files: MemoryFiles(changed)).read(spec)
        Issue.record("\(spec), \(mistake.name): no error")
      } catch {
        #expect(error.exit == .badSpec || mistake.name == "missing file" || mistake.name == "same-as of a file")
        report += error.diagnoses.filter { $0.severity == .error }.map { $0.text() }.joined(separator: "\n\n") + "\n\n"
      }
    }
    Golden.check(report, "mistakes/\(spec).txt")
  }
}
