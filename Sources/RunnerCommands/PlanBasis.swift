// What a plan rests on outside of the store: every file that was read while specs were read and planned.
// Knows nothing of what the files mean.

import Digests
import Specification
import Storage
import Synchronization

/// Files on disk, and which of them were asked for.
final class PlanBasis: FileReading {
  private struct State {
    var texts: [String: Digest] = [:]
    var sights: [String: Bool] = [:]
    var isWhole = true
  }

  private let files = DiskFiles()
  private let state = Mutex(State())

  func bytes(of path: String) throws(FileFault) -> [UInt8] {
    do throws(FileFault) {
      let bytes = try files.bytes(of: path)
      note(path, .sha256(bytes))
      return bytes
    } catch {
      leaveOpen()
      throw error
    }
  }

  func exists(_ path: String) -> Bool {
    let isThere = files.exists(path)
    state.withLock { state in
      if state.sights.updateValue(isThere, forKey: path) == !isThere { state.isWhole = false }
    }
    return isThere
  }

  /// Notes what a file holds; one that changes while it is planned has nothing that could be noted.
  func note(_ path: String, _ digest: Digest) {
    state.withLock { state in
      if let before = state.texts.updateValue(digest, forKey: path), before != digest { state.isWhole = false }
    }
  }

  /// Notes that the plan rests on more than can be told here.
  func leaveOpen() { state.withLock { $0.isWhole = false } }

  /// The files that were read, and the paths at which something was looked for.
  ///
  /// - Parameter specs: The files whose text a run's journal keeps.
  /// - Returns: nil if the plan rests on more.
  func noted(specs: Set<String>) -> (texts: [Memo.ReadText], sights: [Memo.Sight])? {
    let state = state.withLock { $0 }
    guard state.isWhole, specs.isSubset(of: state.texts.keys) else { return nil }
    return (
      state.texts.sorted { $0.key < $1.key }.map {
        Memo.ReadText(path: $0.key, digest: $0.value, isSpec: specs.contains($0.key))
      },
      state.sights.sorted { $0.key < $1.key }.map { Memo.Sight(path: $0.key, isThere: $0.value) }
    )
  }
}
