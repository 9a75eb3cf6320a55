// What happens during a run, as values. Whoever shows a run reads only these.

public import Diagnostics
public import Digests
public import JSON
public import Planning

/// How far a step has come.
public struct Progress: Hashable, Sendable {
  /// What is counted, such as `records` or `bytes`.
  public let unit: String
  /// How many are done, those that were stored before included.
  public let done: Int
  /// How many there are; nil if unknown.
  public let total: Int?
  /// How many were stored before.
  public let reused: Int
  /// How things stand, such as `loss 0.52`; empty if there is nothing to say.
  public let note: String

  /// Makes a progress.
  public init(unit: String, done: Int, total: Int?, reused: Int = 0, note: String = "") {
    self.note = note
    self.unit = unit
    self.done = done
    self.total = total
    self.reused = reused
  }
}

/// Something that happened during a run.
public enum ExecutionEvent: Sendable {
  /// The run began with this many steps, of which so many certainly and at most run.
  case started(run: String, steps: Int, bounds: ClosedRange<Int>)
  /// A step's result was there.
  case cached(Step, key: Digest)
  /// A step begins.
  case running(Step, StepState)
  /// Nothing can be done before another run has computed a step.
  case waiting(Step, Computing)
  /// A step has come so far.
  case progress(Step, Progress)
  /// A step is done.
  case finished(Step, key: Digest, seconds: Double, computed: Int, reused: Int)
  /// A step failed.
  case failed(Step, [Diagnosis])
  /// A step cannot run because one that it reads from, or one before that, failed.
  case blocked(Step, because: Step)
  /// A stored object did not hold what its name says; the step that makes it runs again.
  case damaged(Step, object: Digest)
  /// Something that the user should know and that stops nothing.
  case warned(Diagnosis)
  /// The run ended.
  case ended(ExecutionSummary)
}

/// What a run did.
public struct ExecutionSummary: Hashable, Sendable {
  /// Steps whose results were there, and files that nothing had to read.
  public var cached = 0
  /// Steps that ran.
  public var ran = 0
  /// Steps that failed.
  public var failed = 0
  /// Steps that could not run because one that they read from failed.
  public var blocked = 0
  /// Steps that could have run and were not started, because another had failed.
  public var notStarted = 0
  /// Whether the user stopped the run.
  public var cancelled = false
  /// Seconds from start to end.
  public var seconds = 0.0

  /// Starts with nothing.
  public init() {}
}

extension ExecutionEvent {
  /// That a step's result was there, for machines.
  public static func found(_ label: String, _ key: Digest) -> JSONValue {
    .members(["event": "cached", "step": .string(label), "key": .string(key.hex)])
  }

  /// The event for machines and for the journal.
  public var json: JSONValue {
    switch self {
    case .started(let run, let steps, let bounds):
      .members([
        "event": "run-started", "run": .string(run), "steps": .integer(Int64(steps)),
        "at-least": .integer(Int64(bounds.lowerBound)), "at-most": .integer(Int64(bounds.upperBound)),
      ])
    case .cached(let step, let key): Self.found(step.label, key)
    case .running(let step, _): .members(["event": "running", "step": .string(step.label)])
    case .waiting(let step, let computing):
      .members([
        "event": "waiting", "step": .string(step.label), "run": .string(computing.run),
        "host": .string(computing.host), "since": .string(computing.since),
      ])
    case .progress(let step, let progress):
      .members([
        "event": "progress", "step": .string(step.label), "unit": .string(progress.unit),
        "done": .integer(Int64(progress.done)), "total": progress.total.map { .integer(Int64($0)) } ?? .null,
        "reused": .integer(Int64(progress.reused)), "note": .string(progress.note),
      ])
    case .finished(let step, let key, let seconds, let computed, let reused):
      .members([
        "event": "finished", "step": .string(step.label), "key": .string(key.hex), "seconds": .number(seconds),
        "computed": .integer(Int64(computed)), "reused": .integer(Int64(reused)),
      ])
    case .failed(let step, let diagnoses):
      .members([
        "event": "failed", "step": .string(step.label), "id": .string(step.id.digest.hex),
        "diagnoses": .array(diagnoses.map(\.json)),
      ])
    case .blocked(let step, let because):
      .members(["event": "blocked", "step": .string(step.label), "because": .string(because.label)])
    case .damaged(let step, let object):
      .members(["event": "damaged", "step": .string(step.label), "object": .string(object.hex)])
    case .warned(let diagnosis): .members(["event": "warning", "warning": diagnosis.json])
    case .ended(let summary):
      .members([
        "event": "run-ended", "cached": .integer(Int64(summary.cached)), "ran": .integer(Int64(summary.ran)),
        "failed": .integer(Int64(summary.failed)), "blocked": .integer(Int64(summary.blocked)),
        "not-started": .integer(Int64(summary.notStarted)), "cancelled": .bool(summary.cancelled),
        "seconds": .number(summary.seconds),
      ])
    }
  }
}
