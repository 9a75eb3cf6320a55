// The sentences of this target: what is wrong with a store, where, and what to do.

public import Diagnostics
import Digests
import Glibc

extension DamageReason {
  /// What was wrong, in words.
  public var sentence: String {
    switch self {
    case .undecodable(let reason): reason
    case .wrongDigest(let digest): "its content has SHA-256 \(digest.hex)"
    case .malformed(let reason): reason
    }
  }
}

extension StorageError {
  /// The fault in words, one diagnosis.
  public var diagnoses: [Diagnosis] {
    let (code, message, remedy) = told
    return [Diagnosis("store.\(code)", message, remedy: remedy, exit: .inputOutput)]
  }

  private var told: (code: String, message: String, remedy: String) {
    switch self {
    case .noStore(let path):
      ("none", "there is no store at \(path)", "Run `runner exec` to make one, or name another with --store.")
    case .notAStore(let path, let name):
      (
        "not-a-store", "\(path) is not a store: it has no file `format`, but it has \(name)",
        "Name an empty or new folder with --store, or the store that you meant."
      )
    case .newerFormat(let path, let version, let supported):
      (
        "newer-format", "the store \(path) has format \(version); this program knows formats up to \(supported)",
        "Use a newer runner, or another folder with --store. Nothing was changed."
      )
    case .damagedFormat(let path):
      (
        "damaged-format", "\(path) is not a store's format file",
        "If the folder is a store, delete that file; runner writes it again. Otherwise name another folder with --store."
      )
    case .readOnlyStore(let path):
      ("opened-for-reading", "the store \(path) was opened for reading", "Report this as a bug of runner.")
    case .missing, .damaged, .mismatch, .changed, .wrongKey: contentTold
    case .damagedPin(let path):
      (
        "damaged-pin", "\(path) is not a pin's file, so nobody can tell what must be kept",
        "Move it out of the store and pin again what was pinned, with `runner store pin`."
      )
    case .lostResult(let path, let root):
      (
        "lost-result",
        "\(path) is damaged or gone, and \(root) keeps it or what was made from it: nobody can tell what it was made from",
        "Run `runner exec` with the spec that it belongs to, and collect then; or, if what it was made from may go, "
          + (root.hasPrefix("the pin") ? "unpin it" : "collect with --grace 0d") + ". Nothing was removed."
      )
    case .badArchive(let path, let problem):
      (
        "bad-archive", "\(path): \(problem)",
        "Get the archive again from whoever wrote it with `runner store export`. Nothing was imported."
      )
    case .invalidName(let name, let role):
      (
        "invalid-name", "\"\(name)\" cannot be the name of a \(role)",
        "Use letters, digits and `-` (in a run's name also `.` and `_`), beginning with a letter or digit."
      )
    case .tooLarge(let what, let count, let maximum):
      ("too-large", "\(what) has \(count) bytes; the store takes \(maximum) at most", "Split it into smaller parts.")
    case .compression(let path, let message):
      ("compression", "\(path) could not be compressed: \(message)", "Lower the number of workers and try again.")
    default: systemTold
    }
  }

  private var contentTold: (code: String, message: String, remedy: String) {
    switch self {
    case .missing(let digest):
      ("missing", "object \(digest.hex) is not in the store", "Run `runner exec` to compute or fetch it again.")
    case .damaged(let digest, let path, let reason):
      (
        "damaged", "object \(digest.hex) (\(path)) is damaged: \(reason.sentence)",
        "Run `runner exec` to compute or fetch it again; check the disk if this happens more than once."
      )
    case .mismatch(let path, let expected, let actual):
      (
        "mismatch", "\(path) has SHA-256 \(actual.hex), not \(expected.hex)",
        "Get the file again from its origin, or correct the digest in the spec if the new file is meant."
      )
    case .changed(let path):
      ("changed", "\(path) changed while it was read", "Wait until nothing writes to it, then run the command again.")
    case .wrongKey(let key, let manifest):
      (
        "wrong-key", "a result was to be stored under \(key.hex), but its manifest's key is \(manifest.hex)",
        "Report this as a bug of runner."
      )
    default: systemTold
    }
  }

  private var systemTold: (code: String, message: String, remedy: String) {
    switch self {
    case .full(let path):
      (
        "full", "no space is left to write \(path)",
        "Free space or name a store on another disk with --store; what is stored so far is kept."
      )
    case .overQuota(let path):
      (
        "quota", "your disk quota is used up; \(path) could not be written",
        "Delete files, ask for more quota, or name a store elsewhere with --store; what is stored so far is kept."
      )
    case .readOnlyFileSystem(let path):
      (
        "read-only", "\(path) is on a file system that is mounted for reading only",
        "Name a store in a folder that can be written with --store."
      )
    case .notPermitted(let call, let path):
      (
        "not-permitted", "you may not \(call.deed) \(path)",
        "Change the folder's permissions, or name another store with --store."
      )
    case .notAFolder(let path):
      ("not-a-folder", "a part of \(path) is a file, not a folder", "Name another folder with --store.")
    case .fileTooLarge(let path):
      (
        "file-too-large", "\(path) would be greater than this process may write",
        "Raise the limit (`ulimit -f`), or use a file system for larger files."
      )
    case .tooManyOpenFiles(let path):
      ("open-files", "too many files are open to open \(path)", "Raise the limit (`ulimit -n`) or lower --workers.")
    case .device(let call, let path):
      (
        "device", "the disk failed to \(call.deed) \(path)",
        "Check the disk and its cable or network; then run the command again."
      )
    case .system(let call, let path, let code):
      (
        "system", "could not \(call.deed) \(path): \(String(cString: strerror(code))) (error \(code))",
        "Check that the store's disk is there and healthy; then run the command again."
      )
    default: ("unknown", "the store failed", "Report this as a bug of runner.")
    }
  }
}

extension SystemCall {
  /// What the call does, in words.
  var deed: String {
    switch self {
    case .open: "open"
    case .read: "read"
    case .write: "write"
    case .fsync, .syncfs: "flush"
    case .close: "close"
    case .stat: "look at"
    case .rename: "rename"
    case .link: "name"
    case .unlink: "delete"
    case .mkdir: "make the folder"
    case .rmdir: "delete the folder"
    case .list: "list"
    case .touch: "set the time of"
    }
  }
}

extension StorageError {
  /// What a failed system call means.
  init(_ failure: SystemFailure) {
    let path = failure.path
    switch failure.code {
    case ENOSPC: self = .full(path: path)
    case EDQUOT: self = .overQuota(path: path)
    case EROFS: self = .readOnlyFileSystem(path: path)
    case EACCES, EPERM: self = .notPermitted(failure.call, path: path)
    case ENOTDIR: self = .notAFolder(path: path)
    case EFBIG: self = .fileTooLarge(path: path)
    case EMFILE, ENFILE: self = .tooManyOpenFiles(path: path)
    case EIO: self = .device(failure.call, path: path)
    default: self = .system(failure.call, path: path, code: failure.code)
    }
  }
}
