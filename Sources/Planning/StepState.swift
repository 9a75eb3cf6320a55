// What a plan says of each step, and why.
// One closed set of states; only the resolver makes them.

public import Diagnostics
public import Digests

/// What will happen to a step.
public enum StepState: Hashable, Sendable {
  /// Its result is stored.
  case cached(key: Digest, StoredResult)
  /// Its output is known by digest, is not stored, and nothing that will run reads it.
  case notNeeded
  /// Some of its records' results are stored; the others will be computed.
  case partlyCached(key: Digest, held: Int, of: Int, Reason)
  /// It will run. The key is nil while an input's content is not known.
  case willRun(key: Digest?, records: Int?, Reason)
  /// An input is still to be computed, and may come out as bytes for which a result is stored.
  case undecided(after: [StepID])
  /// It cannot run.
  case blocked(Obstacle)

  /// Whether the result is there or not asked for.
  public var isSettled: Bool {
    switch self {
    case .cached, .notNeeded: true
    default: false
    }
  }

  /// The key of a step that is not stored, where it is known.
  public var openKey: Digest? {
    switch self {
    case .partlyCached(let key, _, _, _): key
    case .willRun(let key, _, _): key
    default: nil
    }
  }

  /// Whether an input decides.
  public var isUndecided: Bool {
    if case .undecided = self { true } else { false }
  }

  /// Whether it certainly will run.
  public var certainlyRuns: Bool {
    switch self {
    case .partlyCached, .willRun: true
    default: false
    }
  }
}

/// Why a step cannot run.
public enum Obstacle: Hashable, Sendable {
  /// The spec says `sha256: unknown`.
  case unknownDigest
  /// The spec says that a setting is `unknown`; its path, joined with dots.
  case unknownSetting(String)
  /// This version of the program cannot run this kind of step.
  case unavailable(String)
  /// Its weights are another experiment's, whose spec is not there.
  case missingSpec(String)
  /// It reads a part that its data set does not set aside.
  case missingPart(String, dataset: String)
  /// A step that it reads from cannot run.
  case behind(StepID)
}

/// Why a step will run, by meaning.
public enum Reason: Hashable, Sendable {
  /// Nothing of its kind with such options was ever stored.
  case neverRun
  /// The nearest earlier result differs in these leaves.
  case changed([LeafChange])
  /// The result was stored, but these of its outputs are gone; none is named where the result itself is.
  case resultGone([String])
  /// The result was stored, and its file is damaged.
  case resultDamaged
}

/// The earlier result that is closest to a step.
public struct Neighbor: Sendable {
  /// The result.
  public let result: EarlierResult
  /// What differs, from it to the step.
  public let changes: [LeafChange]
}

/// What differs from the nearest earlier result, as one thing that a person changed.
public struct LeafChange: Hashable, Sendable {
  /// The leaf that differs, or what several leaves of one list or choice have in common.
  public let change: ManifestChange
  /// What the user calls it.
  public let words: String
  /// Where the new value stands in YAML, or for a default what encloses it; nil for an input or a leaf that is derived.
  public let place: SourcePlace?

  /// Makes a change with its place.
  public init(_ change: ManifestChange, words: String, place: SourcePlace?) {
    self.change = change
    self.words = words
    self.place = place
  }
}
