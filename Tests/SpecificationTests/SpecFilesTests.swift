// The specs that show the language in use: all are valid, and warn of exactly what is not there yet.

import Diagnostics
import Specification
import Testing

@Suite struct SpecFilesTests {
  @Test func allAreValid() throws {
    let files = MemoryFiles(try Fixtures.texts())
    var report = ""
    for name in Fixtures.specs {
      do throws(Diagnoses) {
        let resolved = try SpecificationReader(files: files).read(name)
        report += "## \(name): \(resolved.cells.count) cells\n\n"
        for warning in resolved.warnings {
          #expect(warning.severity == .warning)
          report += warning.text() + "\n\n"
        }
      } catch {
        Issue.record("\(error.text())")
      }
    }
    Golden.check(report, "warnings.txt")
  }

  @Test(arguments: Fixtures.specs) func isReadFromDisk(_ name: String) throws {
    let resolved = try SpecificationReader().read(Fixtures.path("specs/\(name)"))
    #expect(resolved.files.first?.path == Fixtures.path("specs/\(name)"))
    #expect(resolved.files.allSatisfy { !$0.bytes.isEmpty })
  }
}
