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
    var problems: [Diagnosis] = []
    let resolved = experiments(of: tree, sets, files, reading, &problems)
    TableCheck(written: written ?? WrittenTable(ofFaulty: tree), tree: tree, resolved: resolved, reading: reading)
      .check()
    let published = published(written, tree, resolved, files)
    let all =
      told + reading.errors.map { $0.diagnosis() }.sorted { ($0.place?.line ?? 0) < ($1.place?.line ?? 0) }
      + published.problems + problems
    let whole = (written?.experiments.names ?? []).compactMap { resolved[$0] }
    guard let written, all.isEmpty, whole.count == written.experiments.names.count else { throw Diagnoses(all) }
    for mention in reading.mentions where !files.exists(mention.path.resolved) {
      reading.warn(.publishedNotThere(path: mention.path.written), mention.place)
    }
    return TableSpecification(
      path: path, description: written.description, experiments: written.experiments, resolved: whole,
      rows: written.rows, columns: written.columns, relativeTo: written.relativeTo, published: written.published,
      publishedNumbers: published.numbers, claims: written.claims,
      warnings: reading.faults.map { $0.diagnosis() } + whole.flatMap(\.warnings),
      places: Dictionary(
        (tree.entries ?? []).map { ($0.key.text, $0.key.place) }
          + ["experiments", "rows", "columns", "claims"].flatMap { key in
            (tree[key]?.entries ?? []).map { ("\(key)/\($0.key.text)", $0.key.place) }
          },
        uniquingKeysWith: { first, _ in first }))
  }
}

extension SpecificationReader {
  /// The published numbers of a table that can be read as a whole.
  private func published(
    _ written: WrittenTable?, _ tree: Node, _ resolved: [String: ResolvedExperiment], _ files: any FileReading
  ) -> PublishedFile {
    guard let written, let path = written.published else { return PublishedFile() }
    // All experiments have an eval of that name, and whether they are of one kind is not asked: the first one's counts.
    let evals = written.experiments.names.compactMap { resolved[$0]?.cells.first?.experiment.evals }.first
    let frame = PublishedFrame(rows: written.rows.names, columns: written.columns.names, hasBase: false) { column in
      written.columns[column].flatMap { evals?.eval(ofNumber: $0)?.kind }
    }
    return PublishedFile(path, askedAt: tree["published"]?["file"]?.place, files, frame)
  }

  /// The experiments of a table by their names, as far as their specs can be read.
  private func experiments(
    of tree: Node, _ sets: [String], _ files: any FileReading, _ reading: Reading, _ problems: inout [Diagnosis]
  ) -> [String: ResolvedExperiment] {
    var resolved: [String: ResolvedExperiment] = [:]
    for entry in tree["experiments"]?.entries ?? [] {
      // What is no path was told with the table's shape.
      guard let spec = entry.value["spec"], let path = Shape<LocalPath>.path.read(spec, Reading()) else { continue }
      guard files.exists(path.resolved) else {
        reading.note(.experimentNotThere(path: path.written), spec.place)
        continue
      }
      do throws(Diagnoses) { resolved[entry.key.text] = try read(path.resolved, sets: sets) } catch {
        problems += error.diagnoses.filter { !problems.contains($0) }
      }
    }
    return resolved
  }
}

/// Whether everything that a table names is there; of experiments that could not be read nothing is said.
private struct TableCheck {
  let written: WrittenTable
  let tree: Node
  let resolved: [String: ResolvedExperiment]
  let reading: Reading

  func check() {
    for row in written.rows.entries { check(row.value, of: row.name) }
    for column in written.columns.entries { check(eval: column.value, of: column.name) }
    let rows = names(in: "rows")
    if let row = written.relativeTo, !contains(rows, row) {
      note(.unresolved(kind: "row", row, known: rows), at: ["relative-to"])
    }
    let cells = rows.flatMap { row in names(in: "columns").map { "\(row)/\($0)" } }
    for claim in written.claims.entries {
      for cell in [claim.value.left, claim.value.right] where !contains(cells, cell) {
        note(.unknownRow(cell, known: cells), at: ["claims", claim.name, "holds"])
      }
    }
  }

  private func check(_ row: TableSpecification.Row, of name: String) {
    let experiments = names(in: "experiments")
    guard contains(experiments, row.experiment) else {
      return note(
        .unresolved(kind: "experiment", row.experiment, known: experiments),
        at: ["rows", name, "experiment"])
    }
    guard let experiment = resolved[row.experiment] else { return }
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

  /// A number must be there in every experiment of the table.
  private func check(eval: String, of name: String) {
    for entry in written.experiments.entries {
      guard let experiment = resolved[entry.name] else { continue }
      let numbers = experiment.cells[0].experiment.evals.entries.map { own in
        (eval: own.name, names: Eval.numbers(of: own.name, kind: own.value.kind))
      }
      guard let fault = numbers.fault(inNumber: eval, kind: "eval of `\(entry.name)`") else { continue }
      note(fault, at: ["columns", name, "eval"])
    }
  }

  /// The names of a section, those of faulty entries among them.
  private func names(in section: String) -> [String] { tree[section]?.entries?.map(\.key.text) ?? [] }

  private func contains(_ names: [String], _ name: String) -> Bool {
    names.contains { $0.utf8.elementsEqual(name.utf8) }
  }

  private func note(_ fault: SpecFault, at path: [String]) {
    reading.note(fault, path.reduce(tree) { $0[$1] ?? $0 }.place)
  }
}
