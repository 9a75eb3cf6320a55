// Every file of a store, and what it is by its name. Reads folders, not contents.

import Digests

/// What a file of a store is, by its name alone.
enum StoredKind: Hashable, Sendable {
  /// The version of the layout.
  case format
  /// An object.
  case object(Digest)
  /// A step's result.
  case step(Digest)
  /// Results of single records.
  case segment(recipe: Digest)
  /// What is done to the records of the segments beside it.
  case recipe(Digest)
  /// What a run did.
  case journal
  /// What a long step needs to go on.
  case checkpoint(Digest)
  /// A hint that can be rebuilt.
  case hint
  /// Who computes what.
  case lease
  /// What collection must keep.
  case pin
  /// A damaged file that was set aside.
  case setAside
  /// A file on its way into the store.
  case scratch
  /// A file that is being written, or was when its writer died.
  case temporary
  /// Nothing that this version writes.
  case unknown

  /// Reads a path in the store.
  init(path: String) {
    let parts = path.split(separator: "/").map(String.init)
    self = .unknown
    guard let first = parts.first, let base = parts.last else { return }
    if base.hasPrefix("."), first != "scratch" {
      self = .temporary
      return
    }
    switch (first, parts.count) {
    case ("format", 1): self = .format
    case ("objects", 3): if let digest = Self.digest(parts[1], base, ".zst") { self = .object(digest) }
    case ("steps", 3): if let digest = Self.digest(parts[1], base, ".step") { self = .step(digest) }
    case ("records", 3): self = Self.record(parts[1], base)
    case ("runs", 3) where base == "journal.jsonl": self = .journal
    case ("checkpoints", 2): if let digest = Self.digest(base) { self = .checkpoint(digest) }
    case ("quarantine", 2): self = .setAside
    case ("pins", 2): self = .pin
    case ("leases", _): self = .lease
    case ("index", _): self = .hint
    case ("scratch", _): self = .scratch
    default: break
    }
  }

  /// Whether that name is a file's own, which no folder has.
  var isOneFile: Bool {
    switch self {
    case .format, .object, .step, .segment, .recipe, .journal, .checkpoint, .pin: true
    case .hint, .lease, .setAside, .scratch, .temporary, .unknown: false
    }
  }

  private static func record(_ folder: String, _ base: String) -> StoredKind {
    guard let recipe = digest(folder) else { return .unknown }
    if base == "manifest" { return .recipe(recipe) }
    return SegmentName(base) == nil ? .unknown : .segment(recipe: recipe)
  }

  private static func digest(_ folder: String, _ base: String, _ ending: String) -> Digest? {
    guard folder.utf8.count == 2, base.hasSuffix(ending) else { return nil }
    return digest(folder + base.dropLast(ending.count))
  }

  /// Files are named in lower case; a name in capitals is another file, which nobody reads.
  private static func digest(_ text: String) -> Digest? {
    guard let digest = Digest(hex: text), digest.hex == text else { return nil }
    return digest
  }
}

/// A file of a store.
struct StoredFile: Hashable, Sendable {
  /// Its path in the store.
  let path: String
  let kind: StoredKind
  /// Its size on disk.
  let byteCount: Int
  /// When it was last changed or used, in microseconds since 1970.
  let modified: Int64
}

extension Store {
  /// Visits every file below a folder, folder by folder, names in the order of their bytes.
  ///
  /// Files that disappear meanwhile are passed over.
  ///
  /// - Parameters:
  ///   - folder: The folder; empty for all of the store.
  ///   - misplaced: Gets the path of a folder that stands where a file should.
  ///   - unreadable: Gets why something in the folder cannot be looked at, which is then passed over.
  ///   - body: Gets the files.
  /// - Throws: ``StorageError`` if the folder cannot be read, and what `unreadable` and `body` throw.
  func eachFile(
    in folder: String = "", misplaced: (String) -> Void = { _ in },
    unreadable: (StorageError) throws(StorageError) -> Void = { error throws(StorageError) in throw error },
    _ body: (StoredFile) throws(StorageError) -> Void
  ) throws(StorageError) {
    try visit(try files.listAll(folder), of: folder, misplaced, unreadable, body)
  }

  private func visit(
    _ names: [String], of folder: String, _ misplaced: (String) -> Void,
    _ unreadable: (StorageError) throws(StorageError) -> Void, _ body: (StoredFile) throws(StorageError) -> Void
  ) throws(StorageError) {
    for name in names {
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      let looked = try attempt(unreadable) { () throws(StorageError) in try files.status(path) }
      guard let status = looked ?? nil else { continue }
      guard status.isFolder else {
        try body(
          StoredFile(
            path: path, kind: StoredKind(path: path), byteCount: status.byteCount, modified: status.modified))
        continue
      }
      if StoredKind(path: path).isOneFile { misplaced(path) }
      let names = try attempt(unreadable) { () throws(StorageError) in try files.listAll(path) }
      try visit(names ?? [], of: path, misplaced, unreadable, body)
    }
  }

  private func attempt<Value>(
    _ unreadable: (StorageError) throws(StorageError) -> Void, _ look: () throws(StorageError) -> Value
  ) throws(StorageError) -> Value? {
    do throws(StorageError) {
      return try look()
    } catch {
      try unreadable(error)
      return nil
    }
  }
}
