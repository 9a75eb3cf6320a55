// A lease's file: who computes something, since when. Knows its bytes and what its age means; decides nothing.

public import Digests
import Glibc
import JSON

/// Who computes something, for people.
public struct LeaseHolder: Hashable, Sendable {
  /// The run.
  public let run: String
  /// The host that it runs on.
  public let host: String
  /// When it took the lease, in microseconds since 1970 by that host's clock.
  public let since: Int64

  /// Makes a holder.
  public init(run: String, host: String, since: Int64) {
    self.run = run
    self.host = host
    self.since = since
  }

  /// ``since`` as `2026-01-31T23:59:59Z`.
  public var sinceText: String {
    var time = tm()
    var seconds = time_t(since / 1_000_000)
    guard gmtime_r(&seconds, &time) != nil else { return "an unknown time" }
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(time.tm_year + 1900)-\(two(time.tm_mon + 1))-\(two(time.tm_mday))"
      + "T\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))Z"
  }
}

/// Who a run is that has not ended, and whether it lives.
public struct RunSign: Hashable, Sendable {
  /// The run, its host, and when it began.
  public let holder: LeaseHolder
  /// The number of its process; nil if nobody can tell.
  public let process: Int?
  /// Whether its process lives, as far as one look can tell.
  public let isAlive: Bool
}

/// What stands in a lease's file.
struct Lease: Hashable, Sendable {
  let run: String
  let process: ProcessIdentity
  let started: Int64
  /// What no other lease has, so that who took one can tell it from the one that follows.
  let token: String

  /// Seconds between two signs of life.
  static let beatSeconds = 10.0
  /// How long a lease stands without a sign of life, in microseconds.
  static let expiry: Int64 = 60_000_000
  /// How long a lease stands that does not say whose it is, in microseconds: it is written in a moment, or never.
  static let draftExpiry: Int64 = 10_000_000
  /// The age at which a lease is dead however the clocks of hosts differ, in microseconds.
  static let certainExpiry: Int64 = 3_600_000_000

  static func name(_ key: Digest) -> String { "leases/\(key.hex)" }
  static func name(ofRun run: String) -> String { "leases/run-\(run)" }

  var holder: LeaseHolder { LeaseHolder(run: run, host: process.host, since: started) }
}

extension Lease {
  private static let firstLine = "runner-lease 1\n"

  var bytes: [UInt8] {
    var object = JSONObject([
      JSONMember("host", .string(process.host)), JSONMember("pid", .integer(Int64(process.number))),
      JSONMember("run", .string(run)), JSONMember("started", .integer(started)), JSONMember("token", .string(token)),
    ])
    object["born"] = process.born.map { .integer(Int64($0)) }
    object["machine"] = process.machine.map { .string($0) }
    return Array(Self.firstLine.utf8) + JSONValue.object(object).canonicalBytes + [UInt8(ascii: "\n")]
  }

  /// Reads a lease; nil if it is not whole, as while it is written.
  init?(_ bytes: [UInt8]) {
    let first = Array(Self.firstLine.utf8)
    guard bytes.starts(with: first), bytes.count > first.count, bytes.last == UInt8(ascii: "\n"),
      let value = try? JSONValue(parsing: bytes[first.count..<(bytes.count - 1)]),
      let host = value["host"]?.stringValue, let number = value["pid"]?.integerValue,
      let run = value["run"]?.stringValue, let started = value["started"]?.integerValue, started >= 0,
      let token = value["token"]?.stringValue
    else { return nil }
    process = ProcessIdentity(
      host: host, machine: value["machine"]?.stringValue, number: number, born: value["born"]?.integerValue)
    self.run = run
    self.started = Int64(started)
    self.token = token
  }
}

/// A lease as it stands in a store.
struct StandingLease: Hashable, Sendable {
  /// What it says; nil while it is being written.
  let lease: Lease?
  /// Its last sign of life, by the file system's clock, in microseconds since 1970.
  let beat: Int64

  var token: String? { lease?.token }

  /// How long it stands without a sign of life, in microseconds.
  var expiry: Int64 { lease == nil ? Lease.draftExpiry : Lease.expiry }

  /// Whom to name.
  var holder: LeaseHolder { lease?.holder ?? LeaseHolder(run: "another run", host: "an unknown host", since: beat) }

  /// Whether the holder lives, as far as one look can tell; nil if only waiting can.
  func isAlive(at now: Int64, _ processes: any ProcessTable) -> Bool? {
    if let lease, let isAlive = processes.isAlive(lease.process) { return isAlive }
    return now - beat > Lease.certainExpiry ? false : nil
  }
}

extension Store {
  /// The lease of that name; nil if there is none.
  func standingLease(_ name: String) throws(StorageError) -> StandingLease? {
    guard let status = try files.status(name), let bytes = try files.read(name) else { return nil }
    return StandingLease(lease: Lease(bytes), beat: status.modified)
  }

  /// Who computes a step at this moment, as far as one look can tell.
  public func computing(_ key: Digest, processes: any ProcessTable = SystemProcesses()) -> LeaseHolder? {
    guard let standing = (try? standingLease(Lease.name(key))) ?? nil else { return nil }
    let now = files.system.now()
    // Nobody waits for the answer, so a lease of another host counts for as long as its next sign of life may take.
    let isAlive = standing.isAlive(at: now, processes) ?? (now - standing.beat < standing.expiry)
    return isAlive ? standing.holder : nil
  }

  /// What a run that has not ended left to be known by.
  ///
  /// - Parameters:
  ///   - run: The run's name.
  ///   - processes: Who lives on this machine.
  /// - Returns: nil if the run has ended, or never could say that it began.
  /// - Throws: ``StorageError`` if its lease cannot be read.
  public func sign(
    ofRun run: String, processes: any ProcessTable = SystemProcesses()
  ) throws(StorageError) -> RunSign? {
    guard let standing = try standingLease(Lease.name(ofRun: run)) else { return nil }
    let now = files.system.now()
    return RunSign(
      holder: standing.holder, process: standing.lease?.process.number,
      isAlive: standing.isAlive(at: now, processes) ?? (now - standing.beat < standing.expiry))
  }

  /// When the earliest of the runs began that may still be at work, in microseconds since 1970; nil if there is none.
  func earliestLiveRun(_ processes: any ProcessTable) throws(StorageError) -> Int64? {
    var earliest: Int64?
    for base in try files.list("leases") where base.hasPrefix("run-") {
      guard let standing = try standingLease("leases/\(base)") else { continue }
      guard standing.isAlive(at: files.system.now(), processes) ?? true else { continue }
      earliest = min(earliest ?? .max, standing.lease?.started ?? standing.beat)
    }
    return earliest
  }
}
