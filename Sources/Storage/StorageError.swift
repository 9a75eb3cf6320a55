// What can go wrong with a store, as facts.

public import Diagnostics
public import Digests
import Glibc

/// Why a store could not do what it was asked to.
public enum StorageError: DiagnosableError, Hashable, Sendable {
  /// There is no store at this path.
  case noStore(path: String)
  /// A folder that has other files and is no store.
  case notAStore(path: String, contains: String)
  /// A store of a later version of the format.
  case newerFormat(path: String, version: Int, supported: Int)
  /// The `format` file is not what it should be, and the folder does not look like a store.
  case damagedFormat(path: String)
  /// Something was to be written to a store that was opened for reading.
  case readOnlyStore(path: String)
  /// The object is not in the store.
  case missing(Digest)
  /// The object's bytes were not what its name says; it has been set aside.
  case damaged(Digest, path: String, reason: DamageReason)
  /// A file is not the one that was asked for.
  case mismatch(path: String, expected: Digest, actual: Digest)
  /// A file changed while it was read.
  case changed(path: String)
  /// A pin that cannot be understood.
  case damagedPin(path: String)
  /// A result that is damaged or gone, and what is kept because of it: what it was made from cannot be told.
  case lostResult(path: String, root: String)
  /// An archive that is not what it should be, or asks for what an archive may not.
  case badArchive(path: String, problem: String)
  /// A name that cannot be a file's name in the store.
  case invalidName(String, role: String)
  /// A result under a key that is not its manifest's.
  case wrongKey(Digest, manifest: Digest)
  /// A value or a file that the format cannot hold.
  case tooLarge(what: String, byteCount: Int, maximum: Int)
  /// The compressor failed.
  case compression(path: String, message: String)
  /// No space is left.
  case full(path: String)
  /// The user's quota is used up.
  case overQuota(path: String)
  /// The file system is mounted for reading only.
  case readOnlyFileSystem(path: String)
  /// The user may not do that there.
  case notPermitted(SystemCall, path: String)
  /// A part of the path is a file, not a folder.
  case notAFolder(path: String)
  /// A file is greater than the system lets this process write.
  case fileTooLarge(path: String)
  /// Too many files are open.
  case tooManyOpenFiles(path: String)
  /// The disk gave or took bytes wrongly.
  case device(SystemCall, path: String)
  /// Any other system call that failed.
  case system(SystemCall, path: String, code: Int32)

  /// Whether the bytes that were asked for are not there, so that they have to be computed again.
  public var isMiss: Bool {
    switch self {
    case .missing, .damaged: true
    default: false
    }
  }

  /// Whether what cannot be read is a pipe, a socket, or a link that leads to itself.
  var isNoFile: Bool {
    if case .system(_, _, let code) = self { [ESPIPE, ENXIO, ELOOP].contains(code) } else { false }
  }

  /// The path of the one file or folder that cannot be read; nil if it is something else that went wrong.
  var unreadablePath: String? {
    switch self {
    case .notPermitted(_, let path), .notAFolder(let path), .device(_, let path), .system(_, let path, _): path
    default: nil
    }
  }
}

/// What was wrong with a damaged file.
public enum DamageReason: Hashable, Sendable {
  /// Compressed bytes that do not decode.
  case undecodable(String)
  /// Content with another digest than it should have.
  case wrongDigest(Digest)
  /// A file that departs from its format.
  case malformed(String)
}

/// A damaged file that was found, and what became of it.
public struct Damage: Hashable, Sendable {
  /// The file's path in the store.
  public let path: String
  /// What was wrong.
  public let reason: DamageReason
  /// Where it was put; nil if it could not be moved or the store is open for reading only.
  public let quarantine: String?

  /// The damage as a warning.
  public var diagnosis: Diagnosis {
    Diagnosis(
      "store.damaged", "\(path) in the store is damaged: \(reason.sentence)",
      notes: quarantine.map { ["It was set aside as \($0)."] } ?? [],
      remedy: path == "format"
        ? "The next run writes it again; if a later runner wrote it, go on with that one."
        : "What it held is computed again; check the disk if this happens more than once.", exit: .inputOutput,
      severity: .warning)
  }
}
