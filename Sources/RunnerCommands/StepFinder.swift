// From a key, the beginning of one, or a label to a step of a plan whose result is stored.
// Plans specs and looks into the store; computes nothing.

import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import Planning
import Storage

/// A step with its stored result, in the graph that it is made from.
struct FoundStep {
  let step: Step
  let graph: StepGraph
  let key: Digest
  let result: StoredResult
}

/// A step with its state, in the graph that it is made from.
struct LocatedStep {
  let step: Step
  let graph: StepGraph
  let state: StepState
}

/// Finds steps by name.
struct StepFinder {
  /// Key, or `id` of `plan --json`, or the beginning of one; label, or label with a cell: `LABEL for CELL`.
  let name: String
  let store: Store
  /// Only steps of this cell are meant; nil: of all.
  var cell: String?

  init(name: String, store: Store, cell: String? = nil) { (self.name, self.store, self.cell) = (name, store, cell) }

  /// The fewest digits of a key that are taken for one.
  private static let fewestDigits = 4

  /// The one step of that name, which is stored.
  ///
  /// - Throws: ``VerifyFault`` if there is none, more than one, or none that is stored.
  func find(in session: Session) throws -> FoundStep { try stored(try locate(in: session)) }

  /// The one step of that name, which is stored, in the first spec that has it.
  func find(below folder: String, _ plan: (String) throws -> Session) throws -> FoundStep {
    try stored(try locate(below: folder, plan))
  }

  /// The one step of that name, in whatever state.
  ///
  /// - Throws: ``VerifyFault`` if there is none, or more than one.
  func locate(in session: Session) throws -> LocatedStep {
    switch try search(session.graph) {
    case .found(let step): return step
    case .none(let labels): throw unknown(labels)
    }
  }

  /// The one step of that name in the first spec that has it, of all specs in a folder; those that cannot be read or
  /// planned have none.
  func locate(below folder: String, _ plan: (String) throws -> Session) throws -> LocatedStep {
    var labels: [String] = []
    for path in Self.specs(below: folder) {
      guard let session = try? plan(path) else { continue }
      switch try search(session.graph) {
      case .found(let step): return step
      case .none(let known): labels += known
      }
    }
    throw unknown(labels)
  }

  private enum Found {
    case found(LocatedStep)
    case none(labels: [String])
  }

  private func search(_ graph: StepGraph) throws -> Found {
    var resolver = Resolver(index: StoreIndex(store))
    let resolved = graph.steps.map { step in
      let state = resolver.resolve(step)
      return (resolver.decided(step), state)
    }.filter { step, _ in
      cell.map { graph.users.isUser($0, of: step.id) } ?? true
    }
    let named = resolved.filter { step, _ in
      step.label == name || graph.users[step.id]?.contains { "\(step.label) for \($0)" == name } == true
    }
    let matches = named.isEmpty ? resolved.filter { isKey($0.1.key) || isKey($0.0.id.digest) } : named
    guard let (step, state) = matches.first else { return .none(labels: resolved.map(\.0.label)) }
    guard matches.count == 1 else {
      throw VerifyFault.ambiguous(name: name, matches.map { Self.described($0.0, $0.1, in: graph) })
    }
    return .found(LocatedStep(step: step, graph: graph, state: state))
  }

  private func stored(_ located: LocatedStep) throws -> FoundStep {
    switch located.state {
    case .cached(let key, let result):
      return FoundStep(step: located.step, graph: located.graph, key: key, result: result)
    case .blocked: throw VerifyFault.cannotRun(step: located.step.label)
    default: throw VerifyFault.notStored(step: located.step.label)
    }
  }

  private func isKey(_ digest: Digest?) -> Bool {
    guard name.count >= Self.fewestDigits, name.allSatisfy(\.isHexDigit) else { return false }
    return digest?.hex.hasPrefix(name.lowercased()) ?? false
  }

  /// A step with a cell that it is for, and what names it alone: its key, or while that is not known its identity in plans.
  private static func described(_ step: Step, _ state: StepState, in graph: StepGraph) -> String {
    let named = step.label + (graph.users[step.id]?.first.map { " for \($0)" } ?? "")
    return "\((state.key ?? step.id.digest).hex.prefix(16))  \(named)"
  }

  private func unknown(_ labels: [String]) -> VerifyFault {
    let stored = StepKind.allCases.lazy.flatMap { store.results(ofKind: $0.rawValue, newest: .max) }
    let held = stored.first { result in
      result.provenance["label"]?.stringValue == name
        || name.count >= Self.fewestDigits && result.manifest.key.hex.hasPrefix(name.lowercased())
    }
    if let held { return .noSpec(step: held.provenance["label"]?.stringValue ?? held.kind, key: held.manifest.key) }
    return .unknown(name: name, nearest: Suggestion.nearest(to: name, among: labels))
  }

  /// The paths of all specs in a folder, sorted.
  static func specs(below folder: String) -> [String] {
    guard let below = try? FileManager.default.subpathsOfDirectory(atPath: folder) else { return [] }
    let names = below.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
    return names.sorted().map { "\(folder)/\($0)" }
  }
}

extension StepState {
  /// The key, where it is known.
  var key: Digest? {
    if case .cached(let key, _) = self { return key }
    return openKey
  }
}
