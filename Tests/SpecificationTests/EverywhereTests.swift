// Mistakes that can be made in every spec alike, made in every one of them.

import Diagnostics
import FoundationEssentials
import Specification
import Testing

@Suite struct EverywhereTests {
  /// Lines added at the end of a spec, by the class of mistake that they make.
  private static let additions: [(name: String, lines: String)] = [
    ("unknown key", "colour: blue"), ("mistyped key", "arithmetics: ordered"), ("wrong type", "expect: 3"),
    ("unknown word", "arithmetic: exact"), ("out of range", "expect: {response-tokens: -1}"),
    ("duplicate key", "arithmetic: ordered\narithmetic: openblas"), ("tag", "expect: !!map {}"),
    ("merge key", "<<: {version: 1}"), ("several documents", "---\nversion: 1"), ("tab", "\texpect: {}"),
    ("syntax: open bracket", "expect: {response-tokens: 1"), ("syntax: open quotes", "arithmetic: \"ordered"),
    ("unknown anchor", "expect: *nothing"), ("unknown key in a section", "expect: {tokens: 1}"),
    ("several mistakes", "colour: blue\narithmetic: exact\nexpect: {response-tokens: -1}"),
    (
      "a tag, a merge key and a key too many beside others",
      "colour: blue\narithmetic: exact\narithmetic: ordered\nexpect: !!map {<<: {tokens: 1}, response-tokens: -1}"
    ),
  ]

  @Test(arguments: Mistakes.all.map(\.spec)) func everyClassIsTold(_ spec: String) throws {
    let files = try Fixtures.texts()
    let original = try #require(files[spec])
    var report = ""
    for (name, lines) in Self.additions + [("version", "")] {
      var changed = files
      changed[spec] =
        name != "version"
        ? original + lines + "\n"
        : original.contains("version: 1")
          ? original.replacing("version: 1", with: "version: 2") : original + "version: 2\n"
      report += "## \(name)\n\n"
      do throws(Diagnoses) {
        _ = try SpecificationReader(files: MemoryFiles(changed)).read(spec)
        Issue.record("\(spec), \(name): no error")
      } catch {
        #expect(error.exit == .badSpec, "\(name)")
        let errors = error.diagnoses.filter { $0.severity == .error }
        #expect(errors.allSatisfy { $0.place != nil && $0.remedy != nil }, "\(name)")
        #expect(name != "several mistakes" || errors.count == 3, "\(name)")
        #expect(!name.hasPrefix("a tag") || errors.count == 7, "\(name)")
        report += errors.map { $0.text() }.joined(separator: "\n\n") + "\n\n"
      }
    }
    Golden.check(report, "mistakes-everywhere/\(spec).txt")
  }
}
