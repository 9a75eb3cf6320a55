// Signs of life of a run, from a thread of its own: a step may keep all others busy for hours.

import Dispatch
import Storage

/// Keeps the leases of a run alive for as long as the process lives.
enum Heartbeat {
  static func start(_ leases: LeaseKeeper) {
    DispatchQueue(label: "heartbeat").async { [weak leases] in
      let never = DispatchSemaphore(value: 0)
      while leases != nil {
        _ = never.wait(timeout: .now() + LeaseKeeper.beatSeconds)
        leases?.beat()
      }
    }
  }
}
