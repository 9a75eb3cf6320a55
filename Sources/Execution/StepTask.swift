// What a step's work is given, and what it gives back.
// The work knows neither its key nor whether it was done before.

public import Diagnostics
public import Digests
public import Planning
public import Storage
import Synchronization

/// Told by the user that the run is to stop; asked by work at every record.
public final class Cancellation: Sendable {
  private let flag = Atomic(false)

  /// Not cancelled.
  public init() {}

  /// Asks everything to stop at the next record.
  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Whether it was asked for.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// The run was stopped by the user.
///
/// What was finished is stored.
public struct Cancelled: Error {
  /// Tells that work stopped because it was asked to.
  public init() {}
}

/// An input's stored bytes are gone or are not what their name says.
public struct DamagedInput: DiagnosableError, Hashable {
  /// The input's name.
  public let input: String
  /// The object.
  public let object: Digest

  /// The fault in words; told only when the object did not come out whole although it was made again.
  public var diagnoses: [Diagnosis] {
    [
      Diagnosis(
        "exec.damaged-input", "the input `\(input)` was made again and still is not what its name says",
        notes: ["Its object is \(object.hex)."],
        remedy: "Check the disk that holds the store, then run `runner store verify` and the same command again.",
        exit: .inputOutput)
    ]
  }
}

/// A fault whose cause is what a step reads or was told: without a place of its own it is shown where the spec says that.
public protocol InputFault: DiagnosableError {
  /// The input's name; nil if the fault is not in an input.
  var input: String? { get }
  /// The option, as the step's places call it; nil if none is to blame. Looked at where no input is.
  var option: String? { get }
}

extension InputFault {
  /// No option is to blame.
  public var option: String? { nil }
}

/// One output of a step's work.
public struct ProducedOutput: Sendable {
  /// What it holds.
  public enum Content: Sendable {
    /// Bytes to be stored.
    case bytes([UInt8])
    /// An object that the work stored itself, with its size.
    case stored(Digest, byteCount: Int)
  }

  /// Its name.
  public let name: String
  /// What it holds.
  public let content: Content
  /// The bytes to be stored; nil of an object that is stored already.
  var bytes: [UInt8]? { if case .bytes(let bytes) = content { bytes } else { nil } }
  /// How many records it has, if it holds records.
  public let recordCount: Int?

  /// Makes an output of bytes.
  public init(_ name: String, _ bytes: [UInt8], records: Int? = nil) {
    self.name = name
    content = .bytes(bytes)
    recordCount = records
  }

  /// Makes an output of an object that is stored already.
  public init(_ name: String, stored digest: Digest, byteCount: Int) {
    self.name = name
    content = .stored(digest, byteCount: byteCount)
    recordCount = nil
  }
}

/// How much of a step was computed and how much was there.
public struct WorkCount: Hashable, Sendable {
  /// Records computed now.
  public var computed = 0
  /// Records whose results were stored.
  public var reused = 0

  /// Nothing yet.
  public init() {}
}

/// A step about to be computed, with its inputs at hand.
public struct StepTask: Sendable {
  /// The step.
  public let step: Step
  /// The digest of each input's content, by the input's name.
  public let contents: [String: Digest]
  /// The store, for work that keeps large objects or single records' results itself.
  public let store: Store
  /// Where inputs are read; the same store, unless the work is done again beside what is stored.
  let source: Store
  /// Tells how far the work has come.
  public let progress: @Sendable (Progress) -> Void
  /// Tells what the user should know and what stops nothing.
  public let warn: @Sendable (Diagnosis) -> Void
  /// Whether the user wants the run to stop.
  public let cancellation: Cancellation
  /// Seconds since some fixed moment.
  public let now: @Sendable () -> Double

  /// The bytes of an input, verified.
  ///
  /// - Throws: ``DamagedInput`` if they cannot be had; the executor then computes them again.
  public func input(_ name: String) throws -> [UInt8] {
    guard let digest = contents[name] else { fatalError("\(step.label) has no input \(name): our own bug") }
    do {
      return try source.read(digest)
    } catch {
      if error.isMiss { throw DamagedInput(input: name, object: digest) }
      throw error
    }
  }

  /// The same task for which nothing was kept: what the work keeps itself it finds and leaves in another store.
  public func again(keepingIn other: Store) -> StepTask {
    StepTask(
      step: step, contents: contents, store: other, source: source, progress: progress, warn: warn,
      cancellation: cancellation,
      now: now)
  }

  /// Stops here if the user wants that.
  ///
  /// - Throws: ``Cancelled``.
  public func checkCancellation() throws {
    if cancellation.isCancelled { throw Cancelled() }
  }
}

/// Does the work of steps.
public protocol StepRunner: Sendable {
  /// Computes a step.
  ///
  /// - Throws: ``DamagedInput``, ``Cancelled``, or an error that knows how to be told.
  func run(_ task: StepTask) async throws -> (outputs: [ProducedOutput], count: WorkCount)
}
