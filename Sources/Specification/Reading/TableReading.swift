// From the tree of a table spec to the table with its experiments, each cell and eval looked up in them.
// Knows nothing of how experiments are read.

import Diagnostics
import YAML

extension Node {
  /// The key that makes a file a table spec and not an experiment; nil in an experiment.
  var keyOfTable: Node.Key? { self["models"] == nil && self["extends"] == nil ? entry("experiments")?.key : nil }
}

extension SpecificationReader {
  /// Reads a table spec and every experiment that it names; `told` are the faults of its YAML.
  func readTable(
    _ tree: Node, _ path: String, _ sets: [String], _ files: any FileReading, told: [Diagnosis]
  ) throws(Diagnoses) -> TableSpecification {
    let reading = Reading()
    let written = WrittenTable.shape.read(tree, reading)
    for entry in written?.experiments.entries ?? [] where !files.exists(entry.value.spec.resolved) {
      let place = tree["experiments"]?[entry.name]?["spec"]?.place ?? tree.place
      reading.note(.experimentNotThere(path: entry.value.spec.written), place)
    }
    var problems = told + reading.errors.map { $0.diagnosis() }
    guard let written, problems.isEmpty else { throw Diagnoses(problems) }
    var resolved: [ResolvedExperiment] = []
    for entry in written.experiments.entries {
      do throws(Diagnoses) { resolved.append(try read(entry.value.spec.resolved, sets: sets)) } catch {
        problems += error.diagnoses
      }
    }
    guard problems.isEmpty else { throw Diagnoses(problems) }
    TableCheck(written: written, tree: tree, resolved: resolved, reading: reading).check()
    for mention in reading.mentions where !files.exists(mention.path.resolved) {
      reading.warn(.publishedNotThere(path: mention.path.written), mention.place)
    }
    guard reading.errors.isEmpty else { throw Diagnoses(reading.errors.map { $0.diagnosis() }) }
    return TableSpecification(
      path: path, description: written.description, experiments: written.experiments, resolved: resolved,
      rows: written.rows, columns: written.columns, relativeTo: written.relativeTo, published: written.published,
      claims: written.claims, warnings: reading.faults.map { $0.diagnosis() } + resolved.flatMap(\.warnings),
      places: Dictionary(
        (tree.entries ?? []).map { ($0.key.text, $0.key.place) }, uniquingKeysWith: { first, _ in first }))
  }
}

/// Whether everything that a table names is there.
private struct TableCheck {
  let written: WrittenTable
  let tree: Node
  let resolved: [ResolvedExperiment]
  let reading: Reading

  func check() {
    for row in written.rows.entries { check(row.value, of: row.name) }
    for column in written.columns.entries { check(eval: column.value, of: column.name) }
    if let row = written.relativeTo, written.rows[row] == nil {
      note(.unresolved(kind: "row", row, known: written.rows.names), at: ["relative-to"])
    }
    let cells = written.rows.names.flatMap { row in written.columns.names.map { "\(row)/\($0)" } }
    for claim in written.claims.entries {
      for cell in [claim.value.left, claim.value.right] where !contains(cells, cell) {
        note(.unknownRow(cell, known: cells), at: ["claims", claim.name, "holds"])
      }
    }
  }

  private func check(_ row: TableSpecification.Row, of name: String) {
    guard let experiment = experiment(row.experiment) else {
      return note(
        .unresolved(kind: "experiment", row.experiment, known: written.experiments.names),
        at: ["rows", name, "experiment"])
    }
    let cells = experiment.cells.map(\.name)
    if let cell = row.cell {
      let known = ["base"] + cells.filter { !$0.isEmpty }
      if !contains(known, cell) {
        note(
          .unresolved(kind: "cell of `\(row.experiment)`", cell, known: Array(known.prefix(24))),
          at: ["rows", name, "cell"])
      }
    } else if cells.count > 1 {
      note(.missingKey("cell", in: "`\(name)`"), at: ["rows", name])
    }
  }

  /// An eval must be there in every experiment of the table.
  private func check(eval: String, of name: String) {
    for (entry, experiment) in zip(written.experiments.entries, resolved) {
      let known = experiment.cells[0].experiment.evals.names
      guard !contains(known, eval) else { continue }
      note(.unresolved(kind: "eval of `\(entry.name)`", eval, known: known), at: ["columns", name, "eval"])
    }
  }

  private func experiment(_ name: String) -> ResolvedExperiment? {
    zip(written.experiments.names, resolved).first { $0.0.utf8.elementsEqual(name.utf8) }?.1
  }

  private func contains(_ names: [String], _ name: String) -> Bool {
    names.contains { $0.utf8.elementsEqual(name.utf8) }
  }

  private func note(_ fault: SpecFault, at path: [String]) {
    reading.note(fault, path.reduce(tree) { $0[$1] ?? $0 }.place)
  }
}
