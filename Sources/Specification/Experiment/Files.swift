// Files from outside: what their bytes must be, and where they can be had.
// Knows nothing of fetching; a digest is text here and is checked by whoever has the bytes.

/// What a spec says about the bytes of a file from outside.
public enum StatedDigest: Hashable, Sendable {
  /// 64 lowercase hexadecimal digits of SHA-256.
  case known(String)
  /// `sha256: unknown`: passes validation and planning, never execution.
  case unknown
  /// No `sha256:` at all; only where a local path is among the origins.
  case unstated
}

/// A local path, relative to the file it was written in.
public struct LocalPath: Hashable, Sendable {
  /// As written.
  public let written: String
  /// As to be opened: joined with the folder of the spec that says it.
  public let resolved: String
}

/// A place where a file can be had.
public enum Origin: Hashable, Sendable {
  /// A file on this machine.
  case path(LocalPath)
  /// A URL that begins with `https://`.
  case https(String)
  /// A file of a repository on the Hugging Face hub.
  case huggingface(HuggingFaceOrigin)
  /// A file inside a package on PyPI.
  case pypi(PyPIOrigin)
}

/// A file of a repository on the Hugging Face hub.
public struct HuggingFaceOrigin: Hashable, Sendable {
  /// `owner/name`, with `datasets/` before it for a data set.
  public let repository: String
  /// A commit, tag or branch.
  public let revision: String
  /// The path inside the repository; nil for weights of several files.
  public let file: String?
}

/// A file inside a package on PyPI.
public struct PyPIOrigin: Hashable, Sendable {
  /// The package's name.
  public let package: String
  /// The exact version.
  public let version: String
  /// The path inside the wheel; nil if the digest alone tells which file is meant.
  public let file: String?
  /// Whether an archive that is not a wheel may be used; building one runs code of its author.
  public let sourceAllowed: Bool
}

/// A file from outside.
public struct FileReference: Hashable, Sendable {
  /// What its bytes must be.
  public let digest: StatedDigest
  /// Where it can be had, in the order in which to try; not empty.
  public let origins: [Origin]
  /// The licence of what is in it, which results name; nil: the spec does not say.
  public let licence: String?
}
