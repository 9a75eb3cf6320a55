// Why a file could not be had, as facts. The sentences stand in FetchMessages.swift.

public import Digests

/// Why one place did not give the file.
public enum FetchFailure: Error, Hashable, Sendable {
  /// There is no such file.
  case noFile(String)
  /// There is something, but it is no plain file.
  case notAFile(String)
  /// A file could not be read.
  case unreadable(String, reason: String)
  /// A file could not be written.
  case unwritable(String, reason: String)
  /// The bytes are others.
  case wrongDigest(expected: Digest, found: Digest)
  /// None of the files of a mirror folder has the digest.
  case notInMirror(files: Int)
  /// The request forbids the network.
  case offline
  /// Not an address that can be asked.
  case badAddress(String)
  /// Unprotected transfer without a digest to check.
  case unprotected
  /// The server answered with an error.
  case status(Int)
  /// The server could not be reached, or the transfer broke off.
  case network(reason: String)
  /// There is no `python3` on the path.
  case noPython
  /// `python3` has no pip.
  case noPip
  /// pip found no such package, version or wheel.
  case noPackage(reason: String)
  /// pip or Python failed otherwise.
  case python(reason: String)
  /// A package name or version that pip would misread.
  case badRequirement(String)
  /// The package does not have the file.
  case noMember(String?, members: [String])
  /// Several files of the package could be meant.
  case severalMembers([String])
  /// The work was cancelled.
  case cancelled
}

/// A place that was tried in vain.
public struct FetchAttempt: Hashable, Sendable {
  /// The place, in words.
  public let place: String
  /// Why it did not give the file.
  public let failure: FetchFailure

  /// Makes an attempt.
  public init(place: String, failure: FetchFailure) {
    self.place = place
    self.failure = failure
  }
}

/// Why a file could not be had anywhere.
public struct FetchError: Error, Hashable, Sendable {
  /// What the bytes should have been.
  public let digest: Digest?
  /// Everything that was tried, in order.
  public let attempts: [FetchAttempt]

  /// Makes an error.
  public init(digest: Digest?, attempts: [FetchAttempt]) {
    self.digest = digest
    self.attempts = attempts
  }
}
