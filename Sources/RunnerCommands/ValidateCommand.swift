// runner validate and schema: what can be done with specs without a store.

import ArgumentParser
import Diagnostics
import Digests
import FoundationEssentials
import JSON
import Planning
import Specification

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "validate", "Check specs. Every mistake is shown with its line and what to do.",
    takes: "<specs> ... [<options>]",
    examples: [
      "runner validate experiments/quickstart/training.yaml",
      "runner validate experiments/a.yaml experiments/b.yaml --json",
    ])

  @OptionGroup var spec: SpecOptions
  @Flag(help: "Write what was found as JSON.") var json = false

  func run() async throws {
    for file in try Session.readFiles(spec) {
      switch file {
      case .experiment(let experiment):
        try Self.plan(experiment)
        tell(experiment)
      case .table(let table): tell(table)
      }
    }
  }

  /// Plans the experiment as if every local file were there: what its parts ask of each other shows only then, such as
  /// weights that an experiment would train from its own result.
  private static func plan(_ experiment: ResolvedExperiment) throws {
    var planner = Planner(context: Session.context(digestOfFile: { .sha256($0) }, fingerprint: { $0.rawValue }))
    _ = try planner.plan(experiment, name: experiment.path)
    try Session.check(planner.steps)
  }

  private func tell(_ table: TableSpecification) {
    if json {
      Output.json(
        .members([
          "spec": .string(table.path), "valid": .bool(true), "rows": .integer(Int64(table.rows.entries.count)),
          "columns": .integer(Int64(table.columns.entries.count)),
          "experiments": .array(table.experiments.entries.map { .string($0.value.spec.resolved) }),
          "warnings": .array(table.warnings.map(\.json)),
        ]))
    } else {
      let (rows, columns) = (table.rows.entries.count, table.columns.entries.count)
      let experiments = table.experiments.entries.count
      Output.line(
        "\(table.path): valid, a table of \(rows) row\(rows == 1 ? "" : "s") and "
          + "\(columns) column\(columns == 1 ? "" : "s") over \(experiments) experiment\(experiments == 1 ? "" : "s")")
    }
  }

  private func tell(_ experiment: ResolvedExperiment) {
    let cells = experiment.cells.count
    if json {
      Output.json(
        .members([
          "spec": .string(experiment.path), "valid": .bool(true), "cells": .integer(Int64(cells)),
          "warnings": .array(experiment.warnings.map(\.json)),
        ]))
    } else {
      Output.line("\(experiment.path): valid, \(cells) cell\(cells == 1 ? "" : "s")")
    }
  }
}

struct SchemaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "schema", "Write the JSON Schemas of the spec language, for editors.",
    takes: "[--into <into>]",
    discussion: "Without --into, writes the schema of an experiment to standard output.",
    examples: [
      "runner schema > experiment.json",
      "runner schema --into schemas",
    ])

  @Option(help: "Write every schema into this folder.", completion: .directory) var into: String?

  func run() async throws {
    for document in SchemaDocument.all {
      guard let into else {
        Output.verbatim(String(document.text.dropLast()))
        return
      }
      let path = "\(into)/\(document.name)"
      do {
        try FileManager.default.createDirectory(atPath: into, withIntermediateDirectories: true)
        try Data(document.text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      } catch {
        throw CommandError.unwritable(path: path, reason: SystemReason.text(of: error, at: path))
      }
      Output.line("wrote \(path)")
    }
  }
}
