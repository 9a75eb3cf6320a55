// What of a store can go, and why the rest stays; then its removal, beside runs that are at work.
//
// Why nothing goes that a run needs. A run says that it is at work before it looks at the store (`leases/run-…`). What it
// finds and counts on it *uses*: a file whose time is more than a day old gets the present time, and if the file is gone
// then, the run counts it as absent. What it writes has the present time anyway. CollectionPlan spares every file whose time
// is not older than the limit, and the limit lies a day and an hour before the earliest run that may be at work. What
// remains is a file whose time is renewed after collection has looked at it: so collection gives a file a name that
// nobody reads, looks at its time *then*, and gives the old name back if it is not old any more. A renewal before
// that is seen; one after it fails, and the run makes the file anew. If a run's sign of life is wrong or clocks
// differ by more than an hour, a run meets an absent file and computes it again: never a wrong result.

import Digests

/// A file that can go.
public struct Collectable: Hashable, Sendable {
  /// Its path in the store.
  public let path: String
  /// What it is.
  public let what: String
  /// Its size on disk in bytes.
  public let byteCount: Int
  /// Whether it is safe to remove at any age: nothing looks at it.
  let isLitter: Bool
  /// The step at which it hints, if that is all that it does: it goes with that step's result.
  let hint: Digest?
}

/// Files that stay, and why.
public struct KeptFiles: Hashable, Sendable {
  /// Why.
  public let reason: String
  /// How many.
  public internal(set) var files: Int
  /// Their size on disk in bytes.
  public internal(set) var byteCount: Int
}

/// What collection would do.
public struct CollectionPlan: Hashable, Sendable {
  /// What can go: step results first, so that none stands without its objects; segments from the last, so that none is
  /// missed by one that came later.
  public internal(set) var files: [Collectable] = []
  /// What stays.
  public internal(set) var kept: [KeptFiles] = []
  /// The time before which a file must have been used last to go, in microseconds since 1970.
  public let limit: Int64

  /// How many bytes can go.
  public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
}

extension Store {
  /// How far before the earliest run at work the limit lies, in microseconds.
  ///
  /// It is the age at which a use renews a file's time, and an hour for clocks that differ.
  private static let marginOfRuns: Int64 = usedAnew + 3_600_000_000

  /// Finds what can go.
  ///
  /// - Parameters:
  ///   - roots: What results are kept for, beside pins.
  ///   - grace: How long ago a file must have been used last, in microseconds.
  ///   - processes: Who lives on this machine.
  /// - Returns: What can go and what stays; nothing is changed.
  /// - Throws: ``StorageError`` if the disk cannot be read, a pin cannot be understood, or a result is lost from which something
  ///   was made that is kept for its own sake.
  public func collection(
    keeping roots: [StoreRoot], grace: Int64, processes: any ProcessTable = SystemProcesses()
  ) throws(StorageError) -> CollectionPlan {
    let now = files.system.now()
    // First the runs, then the files: a run that begins in between renews what it uses, which is seen at removal.
    let earliest = try earliestLiveRun(processes)
    let limit = min(now - max(0, grace), earliest.map { $0 - Self.marginOfRuns } ?? .max)
    let survey = try Survey(self)
    var reach = Reach(survey)
    for root in roots { reach.add(root) }
    // What specs and locks reach they name step by step, so that what one of these was made from is kept without it.
    let named = Set(reach.wanted.keys).union(reach.lost.keys)
    for pin in try pins() {
      reach.add(StoreRoot(name: "the pin `\(pin.name)`", steps: pin.keys))
      reach.miss(pin.keys, for: "the pin `\(pin.name)`")
    }
    let young = survey.steps.filter { $0.value.file.modified >= limit }.keys.sorted()
    reach.add(StoreRoot(name: Sorter.young, steps: young))
    reach.miss(survey.lost.filter { $0.value >= limit }.keys, for: "the grace period")
    for (key, name) in reach.lost.sorted(by: { $0.key < $1.key }) where !named.contains(key) {
      throw .lostResult(
        path: files.path(Self.stepName(key)), root: name == Sorter.young ? "the grace period" : name)
    }
    var sorter = Sorter(survey: survey, reach: reach, now: now, limit: limit)
    sorter.sort()
    return sorter.collection
  }

  /// Removes what can go, but for what was used since.
  ///
  /// - Returns: What is gone.
  /// - Throws: ``StorageError`` if a file cannot be removed.
  public func collect(_ collection: CollectionPlan) throws(StorageError) -> [Collectable] {
    guard !files.isReadOnly else { throw .readOnlyStore(path: path) }
    var gone: [Collectable] = []
    var folders: Set<String> = []
    let hints = Dictionary(grouping: collection.files.filter { $0.hint != nil }, by: \.hint)
    for file in collection.files {
      // A run may have used the result since.
      if let step = file.hint, try files.exists(Self.stepName(step)) { continue }
      // Names in the index go before the result that they name: a result without one is found, a name alone is missed.
      var names: [Collectable] = []
      if case .step(let key) = StoredKind(path: file.path) { names = hints[key, default: []] }
      for name in names { _ = try files.takeAway(name.path, unlessUsedSince: .max) }
      guard try files.takeAway(file.path, unlessUsedSince: file.isLitter ? .max : collection.limit) else {
        for name in names { note(name.path) }
        continue
      }
      gone += names + [file]
      let folder = StoreFiles.folder(of: file.path)
      if folder.hasPrefix("records/") || folder.hasPrefix("scratch/") { folders.insert(folder) }
    }
    // Deepest first; a folder in which something is left, or was made meanwhile, stays.
    for folder in folders.sorted(by: >) { _ = try? files.system.removeFolder(files.path(folder)) }
    return gone
  }
}

/// Deals the files of a store into those that can go and those that stay.
private struct Sorter {
  static let young = "younger than the grace period, or used by a run at work, or what such results were made from"

  let survey: Survey
  let reach: Reach
  let now: Int64
  let limit: Int64
  private(set) var collection: CollectionPlan
  private var freed: Set<Digest> = []

  init(survey: Survey, reach: Reach, now: Int64, limit: Int64) {
    self.survey = survey
    self.reach = reach
    self.now = now
    self.limit = limit
    collection = CollectionPlan(limit: limit)
  }

  mutating func sort() {
    for (key, step) in survey.steps.sorted(by: { $0.key < $1.key }) {
      if !deal(step.file, reach.steps[key], "the result of \(step.label)") { continue }
      freed.insert(key)
    }
    for (digest, recipe) in survey.recipes.sorted(by: { $0.key < $1.key }) { sort(recipe, reach.recipes[digest]) }
    for (digest, file) in survey.objects.sorted(by: { $0.key < $1.key }) {
      let maker = survey.makers[digest]?.min().flatMap { survey.steps[$0]?.label }
      deal(file, reach.objects[digest], maker.map { "an output of \($0)" } ?? "an object that no result names")
    }
    for file in survey.others { sort(file) }
    collection.kept.sort { $0.reason < $1.reason }
  }

  /// Results of single records go together: a recipe that is still added to stays whole.
  private mutating func sort(_ recipe: SurveyedRecipe, _ reason: String?) {
    let reason = reason ?? (recipe.newest >= limit ? Self.young : nil)
    // Segments before the manifest, without which nobody could tell whose they are.
    for file in recipe.files.sorted(by: { $0.path > $1.path }) where file.kind.isSegment {
      deal(file, reason, "results of single records")
    }
    for file in recipe.files where !file.kind.isSegment { deal(file, reason, "the manifest of a recipe") }
  }

  private mutating func sort(_ file: StoredFile) {
    let isAbandoned = now - file.modified > StoreFiles.abandonedAfter
    switch file.kind {
    case .checkpoint(let key):
      let root = survey.steps[key] == nil ? reach.wanted[key] ?? reach.wantsCheckpoints : nil
      deal(file, root.map { "\($0), of a step that is not done" }, "a checkpoint")
    case .setAside: deal(file, nil, "a damaged file that was set aside")
    case .temporary: throwAway(file, if: isAbandoned, "a file that a process left when it died")
    case .scratch: throwAway(file, if: isAbandoned && file.modified < limit, "a file that never came into the store")
    case .lease: throwAway(file, if: isAbandoned, "a lease of a run that died")
    case .hint where Store.isMemo(file.path) && file.modified < limit:
      throwAway(file, if: true, "an answer to a question that was not asked for long")
    case .hint: sort(hint: file)
    case .format: keep(file, "the format")
    case .journal: keep(file, "journals of what runs did")
    case .pin: keep(file, "pins")
    default: keep(file, "unknown to this version of runner")
    }
  }

  /// An entry of the index goes with the result that it names.
  private mutating func sort(hint file: StoredFile) {
    let base = StoreFiles.base(of: file.path)
    guard file.path.hasPrefix("index/kinds/"), let key = Digest(hex: String(base.suffix(64))),
      freed.contains(key) || survey.steps[key] == nil && file.modified < limit
    else { return keep(file, "the index of what stays") }
    collection.files.append(
      Collectable(
        path: file.path, what: "an entry of the index", byteCount: file.byteCount, isLitter: true, hint: key))
  }

  @discardableResult
  private mutating func deal(_ file: StoredFile, _ reason: String?, _ what: String) -> Bool {
    if let reason = reason ?? (file.modified >= limit ? Self.young : nil) {
      keep(file, reason)
      return false
    }
    collection.files.append(
      Collectable(path: file.path, what: what, byteCount: file.byteCount, isLitter: false, hint: nil))
    return true
  }

  private mutating func throwAway(_ file: StoredFile, if isLitter: Bool, _ what: String) {
    guard isLitter else { return keep(file, "in use, or left less than a day ago: leases, files on their way") }
    collection.files.append(
      Collectable(path: file.path, what: what, byteCount: file.byteCount, isLitter: true, hint: nil))
  }

  private mutating func keep(_ file: StoredFile, _ reason: String) {
    let place = collection.kept.firstIndex { $0.reason == reason } ?? collection.kept.count
    if place == collection.kept.count {
      collection.kept.append(KeptFiles(reason: reason, files: 0, byteCount: 0))
    }
    collection.kept[place].files += 1
    collection.kept[place].byteCount += file.byteCount
  }
}

extension StoredKind {
  fileprivate var isSegment: Bool { if case .segment = self { true } else { false } }
}
