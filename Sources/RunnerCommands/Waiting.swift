// From the thread that the program began on to work that is asynchronous.
// What needs no such work stays on that thread: another one has to be started, and its memory grows a page at a time.

import Dispatch
import Synchronization

/// Waits for asynchronous work.
enum Waiting {
  private final class Outcome<Value: Sendable>: Sendable { let held = Mutex<Result<Value, any Error>?>(nil) }

  /// What the work comes to; this thread does nothing meanwhile.
  static func value<Value: Sendable>(of work: sending @escaping @concurrent () async throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
      let result: Result<Value, any Error>
      do { result = .success(try await work()) } catch { result = .failure(error) }
      outcome.held.withLock { $0 = result }
      isDone.signal()
    }
    isDone.wait()
    guard let result = outcome.held.withLock({ $0 }) else { fatalError("the work told what came of it: our own bug") }
    return try result.get()
  }
}
