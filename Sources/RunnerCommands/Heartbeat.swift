// Signs of life of a run, from a thread of its own: a step may keep all others busy for hours.

import Foundation
import Storage

/// Keeps the leases of a run alive for as long as the process lives.
enum Heartbeat {
  static func start(_ leases: LeaseKeeper) {
    Thread.detachNewThread { [weak leases] in
      while leases != nil {
        Thread.sleep(forTimeInterval: LeaseKeeper.beatSeconds)
        leases?.beat()
      }
    }
  }
}
