// Files of published numbers: what they say, and what is wrong with them, each with its place in its own file.

import Diagnostics
import JSON
import Specification
import Testing
import YAML

@Suite struct PublishedFiles {
  private static func spec(_ table: String) -> String {
    """
    version: 1
    models:
      policy: {weights: {random: {layers: 1, width: 8, heads: 2, feed-forward: 16}}, turns: raw}
    datasets:
      counting:
        source: {task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}
        prompt: "{question}"
        split: {heldout: 20, train: rest}
    ablations:
      style: {plain: {}, hot: {evals: {accuracy: {accuracy: {temperature: 1.0}}}}}
      length: {short: {}, long: {evals: {accuracy: {accuracy: {max-new-tokens: 9}}}}}
    evals:
      accuracy: {accuracy: {on: counting/heldout}}
      loss: {perplexity: {on: counting/heldout, text: "{question}"}}
    table: {\(table), published: {file: published/paper.yaml}}
    """
  }

  private static let grid = "rows: style, columns: length, value: accuracy"

  private static func read(_ rows: String, _ table: String = grid) throws(Diagnoses) -> ResolvedExperiment {
    let paper = "version: 1\nsource: A paper, Table 2\nrows: {\(rows)}\n"
    let files = ["a/spec.yaml": spec(table), "a/published/paper.yaml": paper]
    return try SpecificationReader(files: MemoryFiles(files)).read("a/spec.yaml")
  }

  private static func faults(_ rows: String, _ table: String = grid) -> String {
    do throws(Diagnoses) {
      _ = try read(rows, table)
      return ""
    } catch {
      return error.text()
    }
  }

  @Test func isRead() throws {
    let experiment = try Self.read("plain: {short: 47.10, long: null}, hot: {long: 1.5e1}, base: {short: 4}")
    let numbers = try #require(experiment.publishedNumbers)
    #expect(numbers.source == "A paper, Table 2")
    // Shares are written in percent and are parts of 1 from here on, to the last digit.
    #expect(numbers["plain", "short"] == .number(written: "47.10", value: 0.471))
    #expect(numbers["plain", "long"] == .unknown && numbers["hot", "short"] == nil)
    #expect(numbers["hot", "long"] == .number(written: "1.5e1", value: 0.15))
    #expect(numbers["base", "short"] == .number(written: "4", value: 0.04))
    #expect(experiment.files.map(\.path) == ["a/spec.yaml", "a/published/paper.yaml"])
    #expect(experiment.warnings.isEmpty)
  }

  @Test func numbersThatAreNoSharesStayAsTheyAre() throws {
    let numbers = try Self.read("plain: {short: 471.5}", "rows: style, columns: length, value: loss").publishedNumbers
    #expect(numbers?["plain", "short"] == .number(written: "471.5", value: 471.5))
  }

  /// Without columns the eval is the only one; without rows too every cell is a row.
  @Test func namesFollowTheTable() throws {
    let cells = try Self.read("plain/short: {accuracy: 1}", "rows: [style, length], value: accuracy").publishedNumbers
    #expect(cells?.rows.names == ["plain/short"])
    #expect(try Self.read("plain/short: {accuracy: 1}", "value: accuracy").publishedNumbers != nil)
    #expect(Self.faults("plain: {accuracy: 1}", "value: accuracy").contains("no row of the table `plain`"))
    #expect(try Self.read("all: {plain/short: 1}", "columns: [style, length], value: accuracy").publishedNumbers != nil)
  }

  @Test(arguments: [
    ("plian: {short: 1}", "a/published/paper.yaml:3:8: error: There is no row of the table `plian`"),
    ("plain: {shrt: 1}", "a/published/paper.yaml:3:16: error: There is no column of the table `shrt`"),
    ("plain: {short: 101}", "a/published/paper.yaml:3:23: error: `short` cannot be 101"),
    ("plain: {short: -1}", "a/published/paper.yaml:3:23: error: `short` cannot be -1"),
    ("plain: {short: about 5}", "a/published/paper.yaml:3:23: error: `short` must be a number"),
    ("plain: {short: .inf}", "a/published/paper.yaml:3:23: error: "),
    ("plain: 5", "a/published/paper.yaml:3:15: error: `plain` must be a mapping"),
    ("plain: {}", "`plain` needs at least 1 entry"), ("", "`rows` needs at least 1 entry"),
    ("plain: {short: 1}, plain: {short: 2}", "stands here a second time"),
  ])
  func faults(_ rows: String, _ expected: String) {
    let text = Self.faults(rows)
    #expect(text.contains(expected), "\(text)")
    #expect(text.contains("→"))
  }

  @Test func whereTheNumbersAreFromMustBeSaid() {
    let files = [
      "a/spec.yaml": Self.spec(Self.grid), "a/published/paper.yaml": "version: 2\nrows: {plain: {short: 1}}\n",
    ]
    do throws(Diagnoses) {
      _ = try SpecificationReader(files: MemoryFiles(files)).read("a/spec.yaml")
      Issue.record("read without a source")
    } catch {
      let text = error.text()
      #expect(text.contains("lacks `source`") && text.contains("a/published/paper.yaml:1:10: error: "), "\(text)")
    }
  }

  @Test func aFileThatIsNotThereIsAWarning() throws {
    let experiment = try SpecificationReader(files: MemoryFiles(["a/spec.yaml": Self.spec(Self.grid)])).read(
      "a/spec.yaml")
    #expect(experiment.publishedNumbers == nil)
    #expect(experiment.warnings.map(\.code) == ["spec.no-such-file"])
  }

  @Test func itsSchema() throws {
    let document = try #require(SchemaDocument.all.first { $0.name == "published.schema.json" })
    let validator = JSONSchemaValidator(root: document.schema)
    func accepts(_ text: String) throws -> Bool {
      validator.accepts(try YAMLDocument.parse(text, file: "paper.yaml").asJSON)
    }
    #expect(try accepts("{version: 1, source: A paper, rows: {plain: {short: 47.1, long: null}}}"))
    #expect(try !accepts("{version: 1, rows: {plain: {short: 47.1}}}"))
    #expect(try !accepts("{version: 1, source: A paper, rows: {plain: {short: many}}}"))
    #expect(try !accepts("{version: 1, source: A paper, rows: {plain: 3}}"))
  }
}
