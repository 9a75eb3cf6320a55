// What results are kept for: specs, by the plans that they become, and the locks of results.

import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import Planning
import Reporting
import Storage

/// Finds what specs and locks reach.
struct StoreRoots {
  let store: Store

  /// What the plan of specs reaches, and how many of its steps are not stored.
  ///
  /// Where an input is still to be computed, every stored result is reached that the step may come out as: what was damaged,
  /// deleted or changed before it spares it if that comes out as before.
  func root(of options: SpecOptions) throws -> (root: StoreRoot, missing: Int) {
    let session = try Session(options)
    let plan = Plan(graph: session.graph, index: StoreIndex(store))
    var keys: [Digest] = []
    var objects: [Digest] = []
    var unfinished: [Manifest] = []
    var missing = 0
    var awaitsTraining = false
    let earlier = StoredManifests(store)
    var contents: [OutputReference: Digest] = [:]
    for planned in plan.steps {
      let step = planned.step
      if let (name, digest) = step.foretold {
        contents[OutputReference(step.id, name)] = digest
        keys.append(step.manifest(contents: [:]).key)
        objects.append(digest)
      } else if case .cached(let key, let result) = planned.state {
        for (name, output) in result.outputs { contents[OutputReference(step.id, name)] = output.digest }
        keys.append(key)
        continue
      }
      if planned.state.isSettled { continue }
      missing += 1
      let known = step.certainInputs.compactMap { input in contents[input.source].map { (input.name, $0) } }
      let inputs = Dictionary(known) { first, _ in first }
      let manifests = [step.manifest(contents: inputs)] + step.earlierManifests(contents: inputs)
      keys += manifests.map(\.key)
      unfinished += manifests
      if inputs.count == step.inputs.count { continue }
      keys += earlier.of(step.kind).filter(step.mayComeOutAs(knowing: inputs)).map(\.key)
      awaitsTraining = awaitsTraining || step.kind == .train
    }
    let name = options.specs.joined(separator: " ")
    let root = StoreRoot(
      name: name, steps: keys, objects: objects, unfinished: unfinished, isComplete: true,
      awaitsTraining: awaitsTraining)
    return (root, missing)
  }

  /// What the locks below a folder name; none if there is no such folder.
  static func roots(ofResultsIn folder: String, mustBeThere: Bool) throws -> [StoreRoot] {
    guard let below = try? FileManager.default.subpathsOfDirectory(atPath: folder) else {
      if mustBeThere { throw CommandError.unreadable(path: folder, reason: "it is no folder that can be listed") }
      return []
    }
    let paths = below.filter { $0 == "lock.json" || $0.hasSuffix("/lock.json") }
    return try paths.sorted().map { name in
      let path = "\(folder)/\(name)"
      return StoreRoot(name: path, steps: try StepLock(path: path).steps.keys.sorted(), isComplete: true)
    }
  }
}

/// The manifests of stored results by kind, each kind read once and only if it is asked for.
private final class StoredManifests {
  private let store: Store
  private var known: [StepKind: [Manifest]] = [:]
  private lazy var unlisted = store.unlistedResults()

  init(_ store: Store) { self.store = store }

  func of(_ kind: StepKind) -> [Manifest] {
    if let known = known[kind] { return known }
    let name = kind.rawValue
    let listed = store.results(ofKind: name, newest: .max)
    let manifests = (listed + unlisted.filter { $0.kind == name }).map(\.manifest)
    known[kind] = manifests
    return manifests
  }
}
