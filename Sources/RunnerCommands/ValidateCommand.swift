// runner validate and schema: what can be done with specs without a store.

import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Specification

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check specs. Every mistake is shown with its line and what to do.")

  @OptionGroup var spec: SpecOptions
  @Flag(help: "Write what was found as JSON.") var json = false

  func run() async throws {
    for experiment in try Session.read(spec) {
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
}

struct SchemaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Write the JSON Schemas of the spec language, for editors.",
    discussion: "Without --into, writes the schema of an experiment to standard output.")

  @Option(help: "Write every schema into this folder.", completion: .directory) var into: String?

  func run() async throws {
    for document in SchemaDocument.all {
      guard let into else {
        Output.line(String(document.text.dropLast()))
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
