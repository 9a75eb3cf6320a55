// What a plan asks the store. Planning knows only these questions; Storage answers them.

public import Digests

/// One output of a stored result.
public struct StoredOutput: Hashable, Sendable {
  /// The digest of its content.
  public let digest: Digest
  /// Its size in bytes.
  public let byteCount: Int
  /// How many records it has, if it holds records.
  public let recordCount: Int?

  /// Makes an output.
  public init(digest: Digest, byteCount: Int, recordCount: Int?) {
    self.digest = digest
    self.byteCount = byteCount
    self.recordCount = recordCount
  }
}

/// A step's result as the index knows it.
public struct StoredResult: Hashable, Sendable {
  /// The outputs by name.
  public let outputs: [String: StoredOutput]

  /// Makes a result.
  public init(outputs: [String: StoredOutput]) {
    self.outputs = outputs
  }
}

/// What the index has under a key.
public enum IndexAnswer: Hashable, Sendable {
  /// Nothing.
  case absent
  /// A result was there and its file is damaged.
  case damaged
  /// A result, but these outputs' objects are gone.
  case incomplete(missing: [String])
  /// A result with all its objects.
  case complete(StoredResult)
}

/// What an earlier result of a kind was made of, and what it cost.
public struct EarlierResult: Hashable, Sendable {
  /// Its preimage.
  public let manifest: Manifest
  /// Seconds it took; nil if unknown.
  public let seconds: Double?
  /// Records that were computed in that time; nil if the step has none.
  public let computed: Int?
  /// What the step was called; nil if unknown.
  public let label: String?
  /// Bytes of its outputs, before compression; nil if unknown.
  public let byteCount: Int?
  /// How many records its outputs have; nil if they hold none.
  public let recordCount: Int?

  /// Makes an earlier result.
  public init(
    manifest: Manifest, seconds: Double?, computed: Int?, label: String? = nil, byteCount: Int? = nil,
    recordCount: Int? = nil
  ) {
    self.manifest = manifest
    self.seconds = seconds
    self.computed = computed
    self.label = label
    self.byteCount = byteCount
    self.recordCount = recordCount
  }

  /// Bytes of its outputs for each of its records, before compression; nil if it has no records.
  var bytesPerRecord: Double? {
    guard let byteCount, let recordCount, recordCount > 0 else { return nil }
    return Double(byteCount) / Double(recordCount)
  }

  /// The same result, told with another manifest.
  func with(_ manifest: Manifest) -> EarlierResult {
    EarlierResult(
      manifest: manifest, seconds: seconds, computed: computed, label: label, byteCount: byteCount,
      recordCount: recordCount)
  }
}

/// A run that computes a step at this moment.
public struct Computing: Hashable, Sendable {
  /// The run's name.
  public let run: String
  /// The host that it runs on.
  public let host: String
  /// Since when, in words.
  public let since: String

  /// Names a run.
  public init(run: String, host: String, since: String) {
    self.run = run
    self.host = host
    self.since = since
  }

  /// Who, where and since when.
  public var words: String { "\(run) on \(host) since \(since)" }
}

/// Answers from what is stored, without computing or decoding what it need not.
public protocol ResultIndex: Sendable {
  /// What stands under a step's key.
  func answer(for key: Digest) -> IndexAnswer

  /// The size of an object, if it is there.
  func size(ofObject digest: Digest) -> Int?

  /// The bytes of a small object; nil if it is gone or damaged.
  func bytes(ofObject digest: Digest) -> [UInt8]?

  /// Whether results of single records are kept under one of some recipes.
  func hasRecords(recipes: [Digest]) -> Bool

  /// How many of these records' results are kept under one of some recipes.
  func heldRecords(recipes: [Digest], keys: [Digest]) -> Int

  /// Earlier results of a kind, newest first.
  func earlier(_ kind: StepKind) -> [EarlierResult]

  /// Whether a result was published under a step's key and is gone, as far as anything still tells.
  func isLost(_ key: Digest, _ kind: StepKind) -> Bool

  /// Whether results of a kind were found damaged, so that nothing is known of what they were made of.
  func hasDamaged(_ kind: StepKind) -> Bool

  /// After how many optimizer steps a training was interrupted whose checkpoint is kept; nil if there is none.
  func stepsKept(_ key: Digest) -> Int?

  /// The run that computes a step at this moment; nil if none does.
  func computing(_ key: Digest) -> Computing?
}

extension ResultIndex {
  /// Nothing tells.
  public func isLost(_ key: Digest, _ kind: StepKind) -> Bool { false }

  /// None.
  public func stepsKept(_ key: Digest) -> Int? { nil }

  /// Nobody, where steps are not shared.
  public func computing(_ key: Digest) -> Computing? { nil }
}
