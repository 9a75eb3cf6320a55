// Threads for steps that run side by side: work blocks its thread for as long as it computes, and the language's own
// pool has only as many as the machine has processors.

import Dispatch

/// Gives every job a thread of its own: each is alone on a serial queue, and those are not held to the number of processors.
final class StepThreads: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = unsafe asUnownedTaskExecutor()
    DispatchQueue(label: "step").async { unsafe job.runSynchronously(on: executor) }
  }
}
