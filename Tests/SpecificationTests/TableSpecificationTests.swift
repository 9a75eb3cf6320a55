// Tables over several experiments: what they say, and what is wrong with them, each with its place.

import Diagnostics
import Specification
import Testing

@Suite struct TableSpecificationTests {
  private static func experiment(_ evals: String) -> String {
    """
    version: 1
    models:
      policy: {weights: {random: {layers: 1, width: 8, heads: 2, feed-forward: 16}}, turns: raw}
    datasets:
      counting:
        source: {task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}
        prompt: "{question}"
        split: {heldout: 20, train: rest}
    ablations: {style: {plain: {}, hot: {evals: {accuracy: {accuracy: {temperature: 1.0}}}}}}
    evals: {\(evals)}
    """
  }

  private static let accuracy = "accuracy: {accuracy: {on: counting/heldout}}"

  private static let table = """
    version: 1
    description: Two cells.
    experiments:
      one: {spec: experiments/one.yaml}
    rows:
      plain: {experiment: one, cell: plain}
      hot: {experiment: one, cell: hot}
    columns:
      counting: {eval: accuracy}
    relative-to: plain
    claims: {cooler: {holds: "plain/counting > hot/counting"}}
    """

  private func read(_ table: String, evals: String = accuracy) throws(Diagnoses) -> SpecificationFile {
    let files = ["table.yaml": table, "experiments/one.yaml": Self.experiment(evals)]
    return try SpecificationReader(files: MemoryFiles(files)).readFile("table.yaml")
  }

  private func fault(_ old: String, _ new: String, evals: String = accuracy) -> String {
    let edited = Self.table.replacing(old, with: new)
    #expect(edited != Self.table || evals != Self.accuracy)
    do throws(Diagnoses) {
      _ = try read(edited, evals: evals)
      return ""
    } catch {
      return error.text()
    }
  }

  @Test func isRead() throws {
    guard case .table(let table) = try read(Self.table) else {
      Issue.record("not read as a table")
      return
    }
    #expect(table.description == "Two cells.")
    #expect(table.experiments["one"]?.spec.resolved == "experiments/one.yaml")
    #expect(table.resolved.map(\.path) == ["experiments/one.yaml"])
    #expect(table.rows.names == ["plain", "hot"] && table.rows["hot"]?.cell == "hot")
    #expect(table.columns["counting"] == "accuracy" && table.relativeTo == "plain")
    #expect(table.claims["cooler"]?.right == "hot/counting" && table.claims["cooler"]?.required == true)
    #expect(table.places["claims"]?.line == 11)
  }

  @Test func settingsGoToEveryExperiment() throws {
    let reader = SpecificationReader(
      files: MemoryFiles(["table.yaml": Self.table, "experiments/one.yaml": Self.experiment(Self.accuracy)]))
    let file = try reader.readFile("table.yaml", sets: ["datasets.counting.split.heldout=30"])
    guard case .table(let table) = file else { throw Missing() }
    #expect(table.resolved[0].cells[0].experiment.datasets["counting"]?.split?.parts["heldout"] != nil)
    #expect(throws: Diagnoses.self) { try reader.readFile("table.yaml", sets: ["nothing.here=1"]) }
  }

  private struct Missing: Error {}

  @Test(arguments: [
    ("version: 1", "version: 2", "table.yaml:1:10: error: "),
    ("cell: hot", "cell: hto", "table.yaml:7:32: error: There is no cell of `one` `hto`"),
    ("cell: hot", "cell: none", "table.yaml:7:8: error: `hot` lacks `cell`"),
    (
      "experiment: one, cell: hot", "experiment: two, cell: hot", "table.yaml:7:21: error: There is no experiment `two`"
    ),
    ("eval: accuracy", "eval: acuracy", "table.yaml:9:20: error: There is no eval of `one` `acuracy`"),
    ("relative-to: plain", "relative-to: cold", "table.yaml:10:14: error: There is no row `cold`"),
    ("> hot/counting", "> hot", "table.yaml:11:26: error: The table has no cell `hot`"),
    ("columns:", "colums:", "table.yaml:8:1: error: "),
    (
      "experiments/one.yaml", "experiments/two.yaml",
      "table.yaml:4:15: error: The spec `experiments/two.yaml` is not there"
    ),
  ])
  func faults(_ old: String, _ new: String, _ expected: String) {
    let text = fault(old, new)
    #expect(text.contains(expected), "\(text)")
    #expect(text.contains("→"))
  }

  /// An eval of several numbers is named by one of them.
  @Test func aColumnShowsAMemberOfAnEval() throws {
    let evals = Self.accuracy + ", far: {drift: {on: counting/heldout}}, pairs: {pair-statistics: {}}"
    for name in ["far", "far tokens", "pairs Jaccard", "pairs length"] {
      let edited = Self.table.replacing("eval: accuracy", with: "eval: \(name)")
      guard case .table(let table) = try read(edited, evals: evals) else { throw Missing() }
      #expect(table.columns["counting"] == name)
    }
    let several = fault("eval: accuracy", "eval: pairs", evals: evals)
    #expect(several.contains("table.yaml:9:20: error: `pairs` gives several numbers"), "\(several)")
    #expect(several.contains("Name one of them: `pairs Jaccard`, `pairs Levenshtein` or `pairs length`."), "\(several)")
    let unknown = fault("eval: accuracy", "eval: far token", evals: evals)
    #expect(unknown.contains("There is no eval of `one` `far token`"), "\(unknown)")
    #expect(unknown.contains("Did you mean `far tokens`?"), "\(unknown)")
  }

  @Test func whatIsWrongWithAnExperimentIsToldAtItsOwnPlace() {
    let text = fault("", "", evals: "accuracy: {accuracy: {on: nowhere}}")
    #expect(text.contains("experiments/one.yaml:10:"), "\(text)")
  }

  /// Mistakes of the table, of its experiments and of names between them are told in one go.
  @Test func everythingThatIsWrongIsToldAtOnce() {
    let experiments = "one: {spec: experiments/one.yaml}\n  gone: {spec: experiments/gone.yaml}"
    let edited = Self.table.replacing("one: {spec: experiments/one.yaml}", with: experiments)
      .replacing("plain: {experiment: one", with: "plain: {experiment: ones")
    let files = [
      "table.yaml": edited,
      "experiments/one.yaml": Self.experiment("accuracy: {accuracy: {on: nowhere, temprature: 1}}"),
    ]
    func told(_ table: String) -> String {
      do throws(Diagnoses) {
        _ = try SpecificationReader(files: MemoryFiles(files.merging(["table.yaml": table]) { $1 })).readFile(
          "table.yaml")
        return ""
      } catch {
        return error.text()
      }
    }
    let all = told(edited)
    for words in ["`experiments/gone.yaml` is not there", "no experiment `ones`", "`nowhere`", "`temprature`"] {
      #expect(all.contains(words), "\(words) in \(all)")
    }
    let mistyped = told(edited.replacing("relative-to: plain", with: "relative-to: cold\nfoo: 1\nversion: 2"))
    for words in ["`foo`", "no experiment `ones`", "no row `cold`", "`version` stands here a second time"] {
      #expect(mistyped.contains(words), "\(words) in \(mistyped)")
    }
    let shapeless = told(edited.replacing("columns:", with: "colums:"))
    for words in ["`colums`", "`experiments/gone.yaml` is not there", "`temprature`"] {
      #expect(shapeless.contains(words), "\(words) in \(shapeless)")
    }
  }

  @Test func anExperimentIsWantedWhereATableIsNamed() throws {
    let files = MemoryFiles(["table.yaml": Self.table])
    do throws(Diagnoses) {
      _ = try SpecificationReader(files: files).read("table.yaml")
      Issue.record("a table was read as an experiment")
    } catch {
      #expect(error.text().contains("table.yaml:3:1: error: This is a table of several experiments"), "\(error.text())")
    }
  }
}

/// The table of one experiment.
@Suite struct OwnTableTests {
  private static func read(_ table: String, evals: String = "") throws(Diagnoses) -> Table? {
    let text = """
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
        far: {drift: {on: counting/heldout}}
        pairs: {pair-statistics: {}}
      table: {\(table)}
      """
    return try SpecificationReader(files: MemoryFiles(["one.yaml": text])).read("one.yaml").table
  }

  private static func fault(_ table: String) -> String {
    do throws(Diagnoses) {
      _ = try read(table)
      return ""
    } catch {
      return error.text()
    }
  }

  @Test func theValueMayBeAMemberOfAnEval() throws {
    #expect(try Self.read("rows: [style, length], value: far tokens")?.value == "far tokens")
    #expect(try Self.read("rows: [style, length], value: pairs length")?.value == "pairs length")
    let several = Self.fault("rows: [style, length], value: pairs")
    #expect(several.contains("`pairs` gives several numbers"), "\(several)")
    #expect(several.contains("Name one of them: `pairs Jaccard`, `pairs Levenshtein` or `pairs length`."), "\(several)")
    #expect(Self.fault("rows: [style, length], value: pairs lengths").contains("Did you mean `pairs length`?"))
  }

  /// A row, or a cell: in the order of the experiment's axes, or rows before columns.
  @Test(arguments: ["base", "short", "plain/short", "short/plain"])
  func numbersAreComparedWithARowOrACell(_ name: String) throws {
    let table = try Self.read("rows: length, columns: style, value: accuracy, relative-to: \(name)")
    #expect(table?.relativeTo == Table.RelativeTo(name))
  }

  @Test(arguments: ["rows: length, columns: style, value: accuracy, ", "value: accuracy, "])
  func whatIsNeitherIsTold(_ table: String) {
    let text = Self.fault("\(table)relative-to: plain/shrt")
    #expect(text.contains("The table has no cell `plain/shrt`"), "\(text)")
    #expect(text.contains("Did you mean `plain/short`?"), "\(text)")
  }
}
