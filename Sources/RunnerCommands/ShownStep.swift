// From a step's name to its stored result: by the store alone, or by a spec, which tells equal labels apart.
// Finds and lists steps; shows nothing of what they made.

import Diagnostics
import Digests
import Planning
import Reporting
import Specification
import Storage

/// A stored step that is to be shown.
struct ShownStep {
  let key: Digest
  let result: StepResult
  /// The step in its plan; nil where no spec was named.
  let planned: (step: Step, graph: StepGraph)?

  /// The step of that name in the store.
  ///
  /// - Throws: ``StoreNameFault`` if there is none, or more than one.
  init(_ name: String, in store: Store) throws {
    key = try StoreNames(store: store).requiredStep(name)
    guard let result = try store.result(for: key) else {
      throw StoreNameFault.unknown(name: name, what: "step result")
    }
    (self.result, planned) = (result, nil)
  }

  /// The step of that name in a spec.
  ///
  /// - Throws: ``VerifyFault`` if there is none, or more than one; ``ShowFault`` if it is not stored.
  init(_ finder: StepFinder, in spec: ShownSpec) throws {
    let located = try finder.locate(in: spec.session)
    guard case .cached(let key, _) = located.state, let result = try finder.store.result(for: key) else {
      throw ShowFault.notStored(step: located.step.label, command: spec.command)
    }
    (self.key, self.result, planned) = (key, result, (located.step, located.graph))
  }
}

/// A spec whose steps can be named.
struct ShownSpec {
  let session: Session
  /// What stores them.
  let command: String

  /// The cells of its experiments.
  private var cells: [String] { session.experiments.flatMap { $0.experiment.cells.map(\.name) }.distinct }

  /// Refuses a cell that there is not.
  ///
  /// - Throws: ``CommandError/unknownName(what:name:known:)``.
  func check(cell: String?) throws {
    guard let cell, !cells.contains(where: { $0.utf8.elementsEqual(cell.utf8) }) else { return }
    throw CommandError.unknownName(what: "cell", name: cell, known: cells)
  }

  /// Its steps, or those of a cell: key, label, and outputs, as far as they are stored.
  func list(cell: String?, in store: Store) -> [String] {
    let stored = StoredGraph(session.graph, in: store)
    var table = TextTable(numbers: [], names: [0])
    for step in session.graph.steps where cell.map({ session.graph.users.isUser($0, of: step.id) }) ?? true {
      let found = stored[step.id]
      let outputs = found.map { $0.result.outputs.keys.sorted().joined(separator: ", ") }
      let named = cell == nil ? step.label + users(of: step) : step.label
      table.add([found?.key.short ?? "not stored", named, outputs ?? ""])
    }
    return table.lines()
  }
}

extension ShownSpec {
  /// The only cell that uses a step, as a step may be named by it; nothing where several do.
  private func users(of step: Step) -> String {
    let users = session.graph.users[step.id] ?? []
    return users.count == 1 && cells.count > 1 ? " for \(users[0])" : ""
  }
}

extension StepUsers {
  /// Whether a cell uses a step; a cell is called as in its spec, or with its experiment's name before it.
  func isUser(_ cell: String, of step: StepID) -> Bool {
    self[step]?.contains { user in
      let name = user.firstRange(of: ": ").map { user[$0.upperBound...] } ?? ""
      return name.utf8.elementsEqual(cell.utf8) || user.utf8.elementsEqual(cell.utf8)
    } ?? false
  }
}

/// Why there is nothing to show.
enum ShowFault: DiagnosableError, Hashable {
  /// The spec has the step, and the store has no result of it.
  case notStored(step: String, command: String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .notStored(let step, let command):
      [
        Diagnosis(
          "show.not-stored", "\(step): no result of it, as the spec is now, is stored",
          remedy: "Run `\(command)` first.", exit: .inputOutput)
      ]
    }
  }
}
