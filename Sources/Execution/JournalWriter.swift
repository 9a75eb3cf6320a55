// Writes what a run does into its journal. Knows nothing of what the events mean to anybody.

import JSON
import Storage
import Synchronization

/// Writes events in their order; those of steps that were stored wait for the next event, for they lose nothing.
final class JournalWriter: Sendable {
  private let journal: RunJournal
  private let waiting = Mutex<[JSONValue]>([])

  init(_ journal: RunJournal) {
    self.journal = journal
  }

  func write(_ event: ExecutionEvent) {
    if case .progress = event { return }
    waiting.withLock { waiting in
      waiting.append(event.json)
      if case .cached = event { return }
      // A journal that cannot be written must not stop the work that it tells of.
      try? journal.append(contentsOf: waiting)
      waiting = []
    }
  }
}
