// Checks every file of a store against its name and its format. Knows nothing of what the files mean.

import Diagnostics
import Digests

/// A file of a store that is not what it should be.
public struct StoreFault: Hashable, Sendable {
  /// Its path in the store.
  public let path: String
  /// What is wrong.
  public let problem: String
  /// Where it was put; nil if it stands where it was.
  public let quarantine: String?
  /// What to do.
  public let remedy: String
}

/// How many files of a sort were checked.
public struct CheckedFiles: Hashable, Sendable {
  /// What they are, in the plural.
  public let what: String
  /// How many.
  public internal(set) var files: Int
  /// Their size on disk.
  public internal(set) var byteCount: Int
}

/// What a check of a store found.
public struct StoreVerification: Hashable, Sendable {
  /// What was checked, sort by sort.
  public internal(set) var checked: [CheckedFiles] = []
  /// Objects that are not in the sample.
  public internal(set) var passedOver = 0
  /// What is wrong, in the order of the paths.
  public internal(set) var faults: [StoreFault] = []
}

/// A share of all objects, chosen by their digests, so that the same share of the same store is always the same.
public struct ObjectSample: Hashable, Sendable {
  /// How many of all, from 0 to 1.
  public let share: Double
  /// Another number chooses others.
  public let seed: Int

  /// Chooses a share.
  public init(share: Double = 1, seed: Int = 1) {
    self.share = share
    self.seed = seed
  }

  func contains(_ object: Digest) -> Bool {
    if share >= 1 { return true }
    let first = Digest.sha256("\(seed) \(object.hex)").bytes.prefix(6).reduce(0) { $0 << 8 | UInt64($1) }
    return Double(first) < share * 0x1p48
  }
}

extension Store {
  /// Checks files against their names and the format; what is damaged is set aside, as any reader would do.
  ///
  /// - Parameter sample: Which objects are read; of everything else every file is.
  /// - Returns: What was checked and what is wrong, with every file and folder that cannot be read.
  /// - Throws: ``StorageError`` if the store's own folder cannot be read.
  public func verify(_ sample: ObjectSample = ObjectSample()) throws(StorageError) -> StoreVerification {
    var verifier = Verifier(store: self, sample: sample)
    var folders: [String] = []
    var unreadable: [StorageError] = []
    try eachFile(misplaced: { folders.append($0) }, unreadable: { unreadable.append($0) }) {
      file throws(StorageError) in
      do throws(StorageError) { try verifier.check(file) } catch { unreadable.append(error) }
    }
    for error in unreadable { try verifier.name(error) }
    var report = verifier.report
    report.faults += folders.map { path in
      StoreFault(
        path: path, problem: "it is a folder, and should be a file", quarantine: nil,
        remedy: "Move it elsewhere: until then nothing that needs it can run.")
    }
    report.faults += damages.map {
      StoreFault(
        path: $0.path, problem: $0.reason.sentence, quarantine: $0.quarantine,
        remedy: StoredKind(path: $0.path).remedy)
    }
    report.faults.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    return report
  }
}

private struct Verifier {
  let store: Store
  let sample: ObjectSample
  var report = StoreVerification()
  /// What cannot be read, which a result and the file itself may both run into.
  private var unreadable: Set<String> = []
  /// The recipes whose segments were counted through.
  private var recipes: Set<Digest> = []
  /// The steps whose results are missing, or were set aside before.
  private lazy var missed = Set(setAsideSteps)

  init(store: Store, sample: ObjectSample) {
    self.store = store
    self.sample = sample
  }

  /// The kind of the steps that bring files from outside.
  private static let fetching = "fetch"

  mutating func check(_ file: StoredFile) throws(StorageError) {
    switch file.kind {
    case .object(let digest):
      guard sample.contains(digest) else {
        report.passedOver += 1
        return
      }
      count(file, "objects")
      try read(digest)
    case .step(let key):
      count(file, "step results")
      try checkStep(file, key)
    case .recipe(let recipe):
      count(file, "recipes")
      try checkRecipe(file, recipe)
    case .segment(let recipe):
      count(file, "segments of records")
      if recipes.insert(recipe).inserted { try nameGaps(recipe) }
      try store.records(of: recipe).verify(StoreFiles.base(of: file.path))
    case .journal:
      count(file, "journals")
      try checkJournal(file)
    case .checkpoint(let key):
      count(file, "checkpoints")
      _ = try store.checkpoint(for: key)
    case .pin:
      count(file, "pins")
      try checkPin(file)
    case .unknown:
      fault(file, "no version of runner that is known here writes such a file", "Move it elsewhere.")
    case .hint where file.path == ResultCatalog.name:
      count(file, "catalogs")
      try checkCatalog(file)
    case .hint where Store.isMemo(file.path):
      count(file, "memos")
      try checkMemo(file)
    case .hint: try checkHint(file)
    case .format, .lease, .setAside, .scratch, .temporary: break
    }
  }

  private mutating func count(_ file: StoredFile, _ what: String) {
    let place = report.checked.firstIndex { $0.what == what } ?? report.checked.count
    if place == report.checked.count { report.checked.append(CheckedFiles(what: what, files: 0, byteCount: 0)) }
    report.checked[place].files += 1
    report.checked[place].byteCount += file.byteCount
  }

  private mutating func fault(_ file: StoredFile, _ problem: String, _ remedy: String? = nil) {
    report.faults.append(
      StoreFault(path: file.path, problem: problem, quarantine: nil, remedy: remedy ?? file.kind.remedy))
  }

  /// Names what cannot be read; everything else was checked all the same.
  mutating func name(_ error: StorageError) throws(StorageError) {
    guard let path = error.unreadablePath, let diagnosis = error.diagnoses.first else { throw error }
    guard unreadable.insert(path).inserted else { return }
    let isInside = path.hasPrefix(store.files.path(""))
    report.faults.append(
      StoreFault(
        path: isInside ? String(path.dropFirst(store.files.path("").count)) : path, problem: diagnosis.message,
        quarantine: nil,
        remedy: error.isNoFile ? "Move it elsewhere: it stands where a file should." : diagnosis.remedy ?? ""))
  }

  private func read(_ digest: Digest) throws(StorageError) {
    do throws(StorageError) {
      try store.decode(digest) { piece throws(StorageError) in piece.removeAll(keepingCapacity: true) }
    } catch {
      // What is damaged is in the store's list; what is gone was collected meanwhile.
      if !error.isMiss { throw error }
    }
  }

  private mutating func checkStep(_ file: StoredFile, _ key: Digest) throws(StorageError) {
    guard let result = try store.result(for: key) else { return }
    for output in result.outputs where try !store.holds(output.digest) {
      let problem = "its output `\(output.name)`, object \(output.digest.hex), is not in the store"
      // A file from outside is fetched when something reads it, which may be never: it is not missed again.
      if result.kind == Self.fetching { return store.report(file.path, .malformed(problem)) }
      fault(file, problem)
    }
  }

  private func checkRecipe(_ file: StoredFile, _ recipe: Digest) throws(StorageError) {
    guard let bytes = try store.files.read(file.path), Digest.sha256(bytes) != recipe else { return }
    store.report(file.path, .malformed("it is the manifest of another recipe"))
  }

  /// A journal that nobody writes any more is set aside, and its whole lines are written anew.
  private mutating func checkJournal(_ file: StoredFile) throws(StorageError) {
    let folder = StoreFiles.folder(of: file.path)
    let journal = RunJournal(folder: folder, files: store.files)
    let broken = try journal.brokenLines()
    guard broken > 0 || file.byteCount == 0 else { return }
    let isAtWork = try store.sign(ofRun: StoreFiles.base(of: folder))?.isAlive ?? false
    let problem =
      file.byteCount == 0 ? "it is empty" : "\(broken) of its lines \(broken == 1 ? "is" : "are") not what was written"
    report.faults.append(
      StoreFault(
        path: file.path, problem: problem, quarantine: isAtWork ? nil : try journal.mend(), remedy: file.kind.remedy))
  }

  /// A result that was published, as the index by kind knows, and is gone; what is being collected leaves the index first.
  private mutating func checkHint(_ file: StoredFile) throws(StorageError) {
    guard file.path.hasPrefix("index/kinds/"), let key = Digest(hex: String(StoreFiles.base(of: file.path).suffix(64))),
      try !store.files.exists(Store.stepName(key)), try store.files.exists(file.path), missed.insert(key).inserted
    else { return }
    report.faults.append(
      StoreFault(
        path: Store.stepName(key), problem: "it is gone, though \(file.path) says that it was published",
        quarantine: nil,
        remedy: "The next `runner exec` that needs it makes it again; where none does, `runner store gc` forgets it."))
  }

  /// The steps whose damaged results stand in the quarantine.
  private var setAsideSteps: [Digest] {
    ((try? store.files.list("quarantine")) ?? []).compactMap { name in
      let parts = name.split(separator: "+")
      guard parts.count == 3, parts[0] == "steps" else { return nil }
      return Digest(hex: parts[1] + String(parts[2].prefix(Digest.digitCount - 2)))
    }
  }

  /// Segments that were deleted before the last one: each is named once.
  private mutating func nameGaps(_ recipe: Digest) throws(StorageError) {
    let records = store.records(of: recipe)
    for gap in try records.gaps() {
      report.faults.append(
        StoreFault(
          path: "\(records.folder)/\(gap.text)", problem: "it is gone, though segments that came later are there",
          quarantine: nil, remedy: StoredKind.segment(recipe: recipe).remedy))
      records.fill(gap.text)
    }
  }

  private func checkCatalog(_ file: StoredFile) throws(StorageError) {
    // A run may be adding to it at this moment; what it adds is whole at the second look.
    for _ in 0..<2 {
      guard let bytes = try store.files.read(file.path), !CatalogEntry.areWhole(bytes) else { return }
    }
    store.report(file.path, .malformed("it has an entry that is not what was written"))
  }

  private func checkMemo(_ file: StoredFile) throws(StorageError) {
    guard let bytes = try store.files.read(file.path), Memo(bytes: bytes) == nil else { return }
    store.report(file.path, .malformed("it is not what was written"))
  }

  private mutating func checkPin(_ file: StoredFile) throws(StorageError) {
    guard let bytes = try store.files.read(file.path), Pin.keys(in: bytes) == nil else { return }
    fault(file, "it is not a pin's file")
  }
}

extension StoredKind {
  /// What to do when such a file is damaged.
  fileprivate var remedy: String {
    switch self {
    case .object, .step: "The next `runner exec` that needs it computes it, or fetches it, again."
    case .segment: "The next `runner exec` that needs them computes the lost records again."
    case .recipe: "The next `runner exec` that needs it writes it again."
    case .checkpoint: "Nothing is lost but time: that training begins anew."
    case .journal: "No result depends on it; the other lines can be read."
    case .format: "The next run writes it again; if a later runner wrote it, go on with that one."
    case .hint: "No result depends on it; the next `runner exec` writes it again."
    case .pin: "Pin again what was pinned: until then nothing can be collected."
    default: "No result depends on it."
    }
  }
}
