// Writes what a run does into its journal. Knows nothing of what the events mean to anybody.

import Digests
import JSON
import Planning
import Storage
import Synchronization

/// Writes events in their order; steps that were stored wait for the next event, for they lose nothing, and stand in one
/// line: a run over thousands of them that has nothing to do says so in few words.
///
/// Each line says when. Of a step's progress a line is written every ten seconds at most.
final class JournalWriter: Sendable {
  private let journal: RunJournal
  private let facts: JSONObject
  private let waiting = Mutex<[(label: String, key: Digest)]>([])
  /// When something was last written of each step that runs, in microseconds.
  private let told = Mutex<[StepID: Int64]>([:])

  /// The time between two lines about a step's progress, in microseconds.
  private static let pause: Int64 = 10_000_000

  /// Makes a writer; `facts` say of the run who it is, and stand beside its beginning.
  init(_ journal: RunJournal, facts: JSONObject) {
    self.journal = journal
    self.facts = facts
  }

  func write(_ event: ExecutionEvent) {
    if case .cached(let step, let key) = event { return note(step.label, key) }
    let now = journal.now
    if !isDue(event, now) { return }
    waiting.withLock { waiting in
      let found: JSONValue = .members([
        "event": "cached", "steps": .array(waiting.map { .string($0.label) }),
        "keys": .array(waiting.map { .string($0.key.hex) }), "time": .integer(now),
      ])
      // A journal that cannot be written must not stop the work that it tells of.
      try? journal.append(contentsOf: (waiting.isEmpty ? [] : [found]) + [line(event, now)])
      waiting = []
    }
  }

  /// Notes a step that was stored.
  func note(_ label: String, _ key: Digest) { waiting.withLock { $0.append((label, key)) } }

  private func isDue(_ event: ExecutionEvent, _ now: Int64) -> Bool {
    told.withLock { told in
      switch event {
      case .running(let step, _): told[step.id] = now
      case .progress(let step, _):
        guard now - (told[step.id] ?? now) >= Self.pause else { return false }
        told[step.id] = now
      default: break
      }
      return true
    }
  }

  private func line(_ event: ExecutionEvent, _ now: Int64) -> JSONValue {
    guard var line = event.json.objectValue else { fatalError("an event is a mapping: our own bug") }
    if case .started = event { for fact in facts.members { line[fact.name] = fact.value } }
    line["time"] = .integer(now)
    return .object(line)
  }
}
