// The specs that show the language in use: all are valid.

import Diagnostics
import Specification
import Testing

@Suite struct SpecFilesTests {
  @Test(arguments: Fixtures.specs) func isValid(_ name: String) throws {
    do {
      let resolved = try SpecificationReader().read(Fixtures.path("specs/\(name)"))
      #expect(!resolved.cells.isEmpty)
      for warning in resolved.warnings { print(warning.text()) }
    } catch {
      Issue.record("\(error.text())")
    }
  }
}
