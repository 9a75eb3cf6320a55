// The store as a plan sees it. The only place where Planning's questions meet Storage.

public import Digests
import JSON
public import Planning
public import Storage
import Synchronization

/// Answers a plan's questions from a store.
public struct StoreIndex: ResultIndex {
  private let store: Store
  private let isUse: Bool
  private let present = PresentObjects()
  private let unlisted = UnlistedResults()
  private let published = PublishedKeys()

  /// Asks this store.
  ///
  /// - Parameters:
  ///   - store: The store.
  ///   - isUse: Whether a run counts on what is found, so that collection has to spare it.
  public init(_ store: Store, isUse: Bool = false) {
    self.store = store
    self.isUse = isUse
  }

  /// What stands under a step's key.
  public func answer(for key: Digest) -> IndexAnswer {
    guard let made = try? store.outputs(of: key, isUse: isUse) else {
      return store.foundDamaged(key) ? .damaged : .absent
    }
    let missing = made.filter { !present.contains($0, in: store, isUse: isUse) }.map(\.name)
    guard missing.isEmpty else { return .incomplete(missing: missing) }
    var outputs: [String: StoredOutput] = [:]
    outputs.reserveCapacity(made.count)
    for output in made {
      outputs[output.name] = StoredOutput(
        digest: output.digest, byteCount: output.byteCount, recordCount: output.recordCount)
    }
    return .complete(StoredResult(outputs: outputs))
  }

  /// Looks at every object anew from here on.
  func forget() { present.forget() }

  /// The size of an object, if it is there.
  public func size(ofObject digest: Digest) -> Int? { store.size(of: digest) }

  /// The bytes of a small object; nil if it is gone or damaged.
  public func bytes(ofObject digest: Digest) -> [UInt8]? { try? store.read(digest) }

  /// Whether results of single records are kept under one of some recipes.
  public func hasRecords(recipes: [Digest]) -> Bool { recipes.contains { !store.records(of: $0).isEmpty } }

  /// How many of these records' results are kept under one of some recipes.
  public func heldRecords(recipes: [Digest], keys: [Digest]) -> Int {
    let found = recipes.compactMap { try? store.records(of: $0).lookup(keys) }
    return keys.indices.count { index in found.contains { $0[index] } }
  }

  /// Whether the store's index by kind names a result that is not there.
  public func isLost(_ key: Digest, _ kind: StepKind) -> Bool {
    published.keys(of: kind.rawValue, in: store).contains(key)
  }

  /// Whether results of a kind were found damaged.
  public func hasDamaged(_ kind: StepKind) -> Bool { store.foundDamaged(kind: kind.rawValue) }

  /// After how many optimizer steps a training was interrupted whose checkpoint is kept.
  public func stepsKept(_ key: Digest) -> Int? { store.stepsKept(for: key, format: Self.checkpointFormat) }

  // As trainings write it; plans cannot ask these, which load numbers. A test interrupts a training and plans it.
  private static let checkpointFormat = "runner checkpoint 2"

  /// The run that computes a step at this moment.
  public func computing(_ key: Digest) -> Computing? { store.computing(key).map { Computing($0) } }

  /// Earlier results of a kind, newest first; those that the store's index by kind lacks come last.
  ///
  /// None may be missing: a step of which there is no earlier result is promised to run.
  public func earlier(_ kind: StepKind) -> [EarlierResult] {
    let unlisted = unlisted.all(in: store).filter { $0.kind == kind.rawValue }
    let keys = Set(unlisted.map(\.manifest.key))
    let listed = store.results(ofKind: kind.rawValue, newest: .max).filter { !keys.contains($0.manifest.key) }
    return (listed + unlisted).map { result in
      EarlierResult(
        manifest: result.manifest, seconds: result.provenance["seconds"]?.doubleValue,
        computed: result.provenance["computed"]?.integerValue, label: result.provenance["label"]?.stringValue,
        byteCount: result.outputs.reduce(0) { $0 + $1.byteCount },
        recordCount: result.outputs.compactMap(\.recordCount).max())
    }
  }
}

/// What the index by kind lacks, looked for once.
private final class UnlistedResults: Sendable {
  private let held = Mutex<[StepResult]?>(nil)

  func all(in store: Store) -> [StepResult] {
    held.withLock { held in
      if let held { return held }
      let found = store.unlistedResults()
      held = found
      return found
    }
  }
}

/// What the index by kind names, listed once for each kind.
private final class PublishedKeys: Sendable {
  private let held = Mutex<[String: Set<Digest>]>([:])

  func keys(of kind: String, in store: Store) -> Set<Digest> {
    held.withLock { held in
      if let known = held[kind] { return known }
      let keys = store.publishedKeys(ofKind: kind)
      held[kind] = keys
      return keys
    }
  }
}

extension Computing {
  /// A lease's holder as plans and events name it.
  init(_ holder: LeaseHolder) {
    self.init(run: holder.run, host: holder.host, since: holder.sinceText)
  }
}

/// The objects that were seen in the store: steps have many in common.
private final class PresentObjects: Sendable {
  private let seen = Mutex<Set<Digest>>([])

  func contains(_ output: StepResult.Output, in store: Store, isUse: Bool) -> Bool {
    let object = output.digest
    if seen.withLock({ $0.contains(object) }) { return true }
    guard store.contains(object, fileByteCount: output.fileByteCount, isUse: isUse) else { return false }
    seen.withLock { _ = $0.insert(object) }
    return true
  }

  func forget() { seen.withLock { $0.removeAll() } }
}
