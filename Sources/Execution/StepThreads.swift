// Threads for steps that run side by side: work blocks its thread for as long as it computes, and the language's own
// pool has only as many as the machine has processors.

import Foundation

/// Gives every job a thread of its own.
final class StepThreads: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = unsafe asUnownedTaskExecutor()
    Thread.detachNewThread { unsafe job.runSynchronously(on: executor) }
  }
}
