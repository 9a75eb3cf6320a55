// The leases of one run: taken so that no two runs compute the same, kept alive, left when the work is done.
//
// No result rests on a lease: two runs that compute the same step publish the same bytes, and the first publication
// wins. A lease that is taken over wrongly, or lost, costs time and nothing else. So a store in which no lease can be
// written is one in which everything is free.

public import Digests
import Glibc
import Synchronization

/// The leases of one run.
public final class LeaseKeeper: Sendable {
  /// How often ``beat()`` is to be called, in seconds.
  public static let beatSeconds = Lease.beatSeconds

  private let store: Store
  private let run: String
  private let processes: any ProcessTable
  private let state = Mutex(State())

  private struct State {
    /// The tokens of the leases that this run holds, by name.
    var held: [String: String] = [:]
    /// The tokens of leases whose work is done and which were away at that moment, by name, with the time of it: who
    /// moves a dead lease aside may have moved one that lives, and puts it back.
    var away: [String: (token: String, since: Int64)] = [:]
    /// The leases of others that were met, and when each sign of life was first seen, by this host's clock.
    var seen: [String: (standing: StandingLease, since: Int64)] = [:]
  }

  /// Begins a run: until ``end()``, collection spares what it may count on.
  ///
  /// - Parameters:
  ///   - run: The run's name.
  ///   - store: The store that it works in.
  ///   - processes: Who lives on this machine.
  public init(run: String, store: Store, processes: any ProcessTable = SystemProcesses()) {
    self.run = run
    self.store = store
    self.processes = processes
    _ = try? create(Lease.name(ofRun: run))
  }

  /// Ends the run: everything that it holds is free.
  public func end() {
    for name in state.withLock({ $0.held.keys.sorted() }) { leave(name) }
    removeReturned()
  }

  // MARK: Leases of steps

  /// Takes the lease of a step if it is free or its holder is dead.
  ///
  /// - Returns: nil if it is this run's now; otherwise who has it.
  /// - Throws: ``StorageError`` if leases cannot be read.
  public func acquire(_ key: Digest) throws(StorageError) -> LeaseHolder? {
    let name = Lease.name(key)
    // Whoever is faster in taking over a dead lease is met at the next look.
    for look in 1...8 {
      if state.withLock({ $0.held[name] }) != nil { return nil }
      do throws(StorageError) {
        if try create(name) { return nil }
      } catch {
        // Where nothing can be written, the step's own failure will say so better.
        return nil
      }
      guard let standing = try store.standingLease(name) else { continue }
      // Where files have no second names, one that is being written says in a moment whose it is.
      if standing.lease == nil, look < 8, !isDead(name, standing) { continue }
      guard isDead(name, standing) else { return standing.holder }
      takeAway(name, standing)
    }
    return try store.standingLease(name)?.holder
  }

  /// Whether somebody else computes a step.
  ///
  /// - Throws: ``StorageError`` if leases cannot be read.
  public func isTaken(_ key: Digest) throws(StorageError) -> Bool {
    let name = Lease.name(key)
    guard let standing = try store.standingLease(name) else { return false }
    return !isDead(name, standing)
  }

  /// Leaves the lease of a step.
  public func release(_ key: Digest) { leave(Lease.name(key)) }

  /// Gives a sign of life for everything that this run holds.
  public func beat() {
    for (name, token) in state.withLock({ $0.held }).sorted(by: { $0.key < $1.key }) {
      switch owner(of: name, token) {
      case .thisRun: _ = try? store.files.system.touch(store.files.path(name))
      // This process may have slept so long that another took over; its lease is not this run's to keep alive.
      case .another: state.withLock { $0.held[name] = nil }
      // It may be put back at once.
      case .nobody: break
      }
    }
    removeReturned()
  }

  // MARK: Files

  /// Makes a lease of that name if there is none.
  ///
  /// It appears whole, so that whoever meets it can say whose it is, and sees at once if its holder was killed.
  private func create(_ name: String) throws(StorageError) -> Bool {
    let files = store.files
    if try files.exists(name) { return false }
    let now = files.system.now()
    let lease = Lease(run: run, process: processes.current, started: now, token: StoreFiles.unique())
    var draft = try files.createTemporary(for: name)
    defer { draft.abandon() }
    try draft.write(lease.bytes)
    try draft.finish(isDurable: false)
    var isMade = try link(draft, to: name)
    if isMade == nil { isMade = try write(lease, to: name) }
    guard isMade == true else { return false }
    state.withLock { $0.held[name] = lease.token }
    return true
  }

  /// Gives a whole lease its name if that is free; nil where files have no second names.
  private func link(_ draft: TemporaryFile, to name: String) throws(StorageError) -> Bool? {
    let files = store.files
    do throws(SystemFailure) {
      try retrying { () throws(SystemFailure) in try files.system.link(draft.path, to: files.path(name)) }
      return true
    } catch {
      switch error.code {
      // A network file system may repeat a request that had succeeded; then the file has two names.
      case EEXIST: return try files.status(at: draft.path)?.linkCount == 2
      case EPERM, EOPNOTSUPP, ENOSYS, EMLINK: return nil
      default: throw StorageError(error)
      }
    }
  }

  /// Writes a lease where files have no second names: it is there before it says whose it is.
  private func write(_ lease: Lease, to name: String) throws(StorageError) -> Bool {
    let files = store.files
    guard let file = try open(files, name) else { return false }
    let writer = TemporaryFile(file: file, system: files.system)
    do throws(StorageError) {
      try writer.write(lease.bytes)
      files.close(file)
    } catch {
      files.close(file)
      _ = try? files.system.remove(files.path(name))
      throw error
    }
    // A writer that was stopped in between may have been taken for dead.
    return owner(of: name, lease.token) == .thisRun
  }

  private func open(_ files: StoreFiles, _ name: String) throws(StorageError) -> OpenFile? {
    do throws(SystemFailure) {
      return try retrying { () throws(SystemFailure) in try files.system.open(files.path(name), for: .createNew) }
    } catch {
      if error.code == EEXIST { return nil }
      throw StorageError(error)
    }
  }

  /// Whose a lease is.
  private enum Owner { case thisRun, another, nobody }

  private func owner(of name: String, _ token: String) -> Owner {
    guard let standing = (try? store.standingLease(name)) ?? nil else { return .nobody }
    return standing.token == token ? .thisRun : .another
  }

  private func leave(_ name: String) {
    guard let token = state.withLock({ $0.held.removeValue(forKey: name) }) else { return }
    if !remove(name, token) { state.withLock { $0.away[name] = (token, store.files.system.now()) } }
  }

  /// Removes a lease of this run; whether there is nothing left to remove.
  private func remove(_ name: String, _ token: String) -> Bool {
    switch owner(of: name, token) {
    case .another: return true
    case .nobody: return false
    case .thisRun: return (try? store.files.system.remove(store.files.path(name))) != nil
    }
  }

  /// Removes leases that were put back after this run had left them.
  private func removeReturned() {
    let now = store.files.system.now()
    for (name, lease) in state.withLock({ $0.away }) {
      let isSettled = remove(name, lease.token) || now - lease.since > Lease.expiry
      if isSettled { state.withLock { $0.away[name] = nil } }
    }
  }

  /// Whether the holder is dead: its process is gone from this machine, or it gave no sign of life for a minute, which
  /// is measured here from the moment when its last one was first seen, so that no two clocks are compared.
  ///
  /// A process that lives and gives no sign is stopped, and nobody knows for how long.
  private func isDead(_ name: String, _ standing: StandingLease) -> Bool {
    let now = store.files.system.now()
    if standing.isAlive(at: now, processes) == false { return true }
    return state.withLock { state in
      if let seen = state.seen[name], seen.standing == standing { return now - seen.since > standing.expiry }
      state.seen[name] = (standing, now)
      return false
    }
  }

  /// Takes a dead lease away.
  ///
  /// Only one of those who try moves it. Who moved another than the one that was dead, because it was replaced
  /// meanwhile, puts it back; if even that comes too late, two runs compute the same bytes.
  private func takeAway(_ name: String, _ dead: StandingLease) {
    let files = store.files
    let aside = "leases/.\(StoreFiles.base(of: name)).\(StoreFiles.unique()).tmp"
    do throws(SystemFailure) {
      try retrying { () throws(SystemFailure) in try files.system.rename(files.path(name), to: files.path(aside)) }
    } catch { return }
    let moved = (try? store.standingLease(aside)) ?? nil
    if let moved, moved.lease != dead.lease {
      let isBack = try? files.link(files.path(aside), to: files.path(name))
      if isBack == true { return }
    }
    _ = try? files.system.remove(files.path(aside))
  }
}
