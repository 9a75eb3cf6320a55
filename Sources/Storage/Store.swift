// A store: a folder with a format file, and everything that is kept in it.
// Opens and checks the folder; what objects, step results, segments and journals are is said in their own files.

public import Digests
import Synchronization

/// A folder of results, shared by any number of processes.
///
/// All values of this type are safe to use from any number of threads at once. `Storage.docc/Format.md` has every file's bytes.
public struct Store: Sendable {
  /// What a store is opened for.
  public enum Mode: Hashable, Sendable {
    /// Reading and writing; an empty or absent folder becomes a store.
    case create
    /// Reading and writing; the store must be there.
    case existing
    /// Reading only; the store must be there. Nothing is changed, not even damaged files.
    case readOnly
    /// Reading only; if no store is there, an empty one is seen.
    case readOnlyIfPresent
  }

  /// The version of the format that this program reads and writes.
  public static let formatVersion = 1

  /// The folder, as it was named.
  public var path: String { files.root }

  let files: StoreFiles
  let log: DamageLog
  let catalog = ResultCatalog()
  let ahead = LookAhead()
  /// The paths of the folders of results and objects.
  let (stepFolder, objectFolder): (String, String)

  /// Opens a store.
  ///
  /// - Parameters:
  ///   - path: The store's folder.
  ///   - mode: What for.
  ///   - fileSystem: Where the folder is.
  ///   - onDamage: Called with each damaged file that is found, on the thread that found it.
  /// - Throws: ``StorageError`` if there is no store, something else is there, its format is newer, or it cannot be written.
  public init(
    at path: String, mode: Mode, fileSystem: any FileSystem = DiskFileSystem(),
    onDamage: (@Sendable (Damage) -> Void)? = nil
  ) throws(StorageError) {
    let isReadOnly = mode == .readOnly || mode == .readOnlyIfPresent
    self.init(StoreFiles(root: path, system: fileSystem, isReadOnly: isReadOnly), onDamage)
    try checkFormat(mode)
  }

  init(_ files: StoreFiles, _ onDamage: (@Sendable (Damage) -> Void)?) {
    self.files = files
    log = DamageLog(onDamage)
    (stepFolder, objectFolder) = ("\(files.root)/steps", "\(files.root)/objects")
  }

  /// The damaged files that were found through this value and its copies, in the order of finding.
  public var damages: [Damage] { log.found.withLock { $0 } }

  /// Refuses what was answered through this value or its copies, if something could not be read that the answers rest on.
  ///
  /// Questions of a plan have no room for errors: what cannot be read is as if it were not there, and nobody may be told so.
  ///
  /// - Throws: The first ``StorageError`` that was met.
  public func checkReadable() throws(StorageError) {
    if let fault = files.faults?.first { throw fault }
  }

  /// Now, by the clock of the file system, in microseconds since 1970.
  public var now: Int64 { files.system.now() }

  /// Whether a step's stored result was found damaged through this value or its copies.
  public func foundDamaged(_ step: Digest) -> Bool {
    let name = Self.stepName(step)
    return log.found.withLock { found in found.contains { $0.path == name } }
  }

  /// A folder for files on their way into the store, made when it is asked for in a store that can be written.
  public var scratchFolder: String {
    // If it cannot be made, the first file in it will say why.
    if !files.isReadOnly { _ = try? files.makeFolder("scratch", isDurable: false) }
    return files.path("scratch")
  }

  /// Sets a damaged file aside and remembers it.
  func report(_ name: String, _ reason: DamageReason) {
    log.add(Damage(path: name, reason: reason, quarantine: files.setAside(name)))
  }
}

/// The damaged files that a store has met.
final class DamageLog: Sendable {
  let found = Mutex<[Damage]>([])
  private let handler: (@Sendable (Damage) -> Void)?

  init(_ handler: (@Sendable (Damage) -> Void)?) {
    self.handler = handler
  }

  func add(_ damage: Damage) {
    let isNew = found.withLock { found in
      // What cannot be moved is met again at every look; it is told once.
      if damage.quarantine == nil, found.contains(damage) { return false }
      found.append(damage)
      return true
    }
    if isNew { handler?(damage) }
  }
}

extension Store {
  /// The names that the top folder may have; a format that this program would misread adds another.
  static let knownNames = [
    "format", "objects", "steps", "records", "runs", "quarantine", "scratch", "index", "leases", "pins", "checkpoints",
  ]

  package static var formatText: [UInt8] {
    let line = "runner-store \(formatVersion)\n"
    return Array("\(line)\(Digest.sha256(line).hex)\n".utf8)
  }

  private func checkFormat(_ mode: Mode) throws(StorageError) {
    let text = try files.read("format")
    if let text {
      // Whatever a later version writes after its number, it is not this program's to judge or to mend. Only where this
      // version's own second line stands has the number itself been damaged.
      if let version = Self.statedVersion(in: text), version > Self.formatVersion, !Self.hasOwnSecondLine(text) {
        throw .newerFormat(path: path, version: version, supported: Self.formatVersion)
      }
      if text == Self.formatText { return }
    }
    let names = try files.list("").filter { $0 != "format" }
    if let alien = names.first(where: { !Self.knownNames.contains($0) }) {
      if text != nil { throw .damagedFormat(path: files.path("format")) }
      throw .notAStore(path: path, contains: alien)
    }
    // A store whose format file was lost is still one; a folder with only a strange file named `format` is not.
    let isStore = names.contains("objects") || names.contains("steps") || names.contains("records")
    if text != nil {
      guard isStore else { throw .damagedFormat(path: files.path("format")) }
      report("format", .malformed("it is not `runner-store` with a version and its digest"))
    }
    switch mode {
    case .readOnlyIfPresent: return
    case .readOnly where isStore: return
    case .existing where isStore, .create: try writeFormat()
    case .existing, .readOnly: throw .noStore(path: path)
    }
  }

  private static func hasOwnSecondLine(_ text: [UInt8]) -> Bool {
    func second(_ text: [UInt8]) -> [UInt8]? {
      let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      return lines.count > 1 ? Array(lines[1]) : nil
    }
    return second(text) == second(formatText)
  }

  private func writeFormat() throws(StorageError) {
    try files.makeFolder("")
    let published = try files.publishFirst("format") { file throws(StorageError) in try file.write(Self.formatText) }
    guard published == nil else { return }
    // Another process made the store at the same time; its format is read as any other's.
    guard let text = try files.read("format"), text == Self.formatText else {
      throw .damagedFormat(path: files.path("format"))
    }
  }

  /// The number that a format file's first line names, right or not in what follows; nil if there is none.
  static func statedVersion(in text: [UInt8]) -> Int? {
    let prefix = Array("runner-store ".utf8)
    guard text.starts(with: prefix) else { return nil }
    let digits = text[prefix.count...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    if digits.isEmpty { return nil }
    return Int(String(decoding: digits, as: UTF8.self)) ?? .max
  }
}

extension Store {
  /// Deletes temporary files that processes left when they died, more than a day ago.
  ///
  /// - Returns: How many there were.
  /// - Throws: ``StorageError`` if a folder cannot be listed or a file cannot be deleted.
  @discardableResult
  public func removeAbandonedFiles() throws(StorageError) -> Int {
    guard !files.isReadOnly else { throw .readOnlyStore(path: path) }
    var folders = [""]
    for top in ["objects", "steps", "records", "runs"] {
      if try files.exists(top) { folders.append(top) }
      for name in try files.list(top) { folders.append("\(top)/\(name)") }
    }
    var count = 0
    for folder in folders { count += try files.removeAbandoned(in: folder) }
    return count
  }
}
