// Writes what a run does into its journal. Knows nothing of what the events mean to anybody.

import Digests
import JSON
import Planning
import Storage
import Synchronization

/// Writes events in their order; steps that were stored wait for the next event, for they lose nothing, and stand in one
/// line: a run over thousands of them that has nothing to do says so in few words.
final class JournalWriter: Sendable {
  private let journal: RunJournal
  private let waiting = Mutex<[(step: Step, key: Digest)]>([])

  init(_ journal: RunJournal) {
    self.journal = journal
  }

  func write(_ event: ExecutionEvent) {
    if case .progress = event { return }
    waiting.withLock { waiting in
      if case .cached(let step, let key) = event {
        waiting.append((step, key))
        return
      }
      let found: JSONValue = .members([
        "event": "cached", "steps": .array(waiting.map { .string($0.step.label) }),
        "keys": .array(waiting.map { .string($0.key.hex) }),
      ])
      // A journal that cannot be written must not stop the work that it tells of.
      try? journal.append(contentsOf: (waiting.isEmpty ? [] : [found]) + [event.json])
      waiting = []
    }
  }
}
