// Leases: one holder at a time, freed by death, taken over after silence; no clock but the test's.

import Digests
import Foundation
import Synchronization
import Testing

import Storage

@Suite struct LeaseTests {
  private let step = key("step")

  private func keeper(_ yard: Yard, _ run: String, _ village: Village) throws -> LeaseKeeper {
    LeaseKeeper(run: run, store: try yard.store(), processes: village)
  }

  @Test func oneRunHoldsAndTheOtherIsToldWho() throws {
    let yard = Yard()
    let a = try keeper(yard, "a", Village(alive: [1, 2]))
    yard.disk.advance(microseconds: 5_000_000)
    let b = try keeper(yard, "b", Village.process(2))
    #expect(try a.acquire(step) == nil)
    let holder = LeaseHolder(run: "a", host: "here", since: 1_700_000_005_000_000)
    #expect(try b.acquire(step) == holder && b.isTaken(step))
    #expect(holder.sinceText == "2023-11-14T22:13:25Z")
    #expect(try yard.store().computing(step, processes: Village()) == holder)
    #expect(try a.acquire(step) == nil, "its own lease is its own")
    #expect(try b.acquire(key("another step")) == nil)
    a.release(step)
    #expect(try !b.isTaken(step) && b.acquire(step) == nil)
    #expect(try a.acquire(step)?.run == "b")
    a.end()
    b.end()
    #expect(!yard.disk.files().contains { $0.path.contains("leases") })
  }

  @Test func aDeadProcessOfThisMachineFreesAtOnce() throws {
    let yard = Yard()
    _ = try keeper(yard, "a", .process(7)).acquire(step)
    let b = try keeper(yard, "b", Village(alive: [1]))
    #expect(try yard.store().computing(step, processes: Village(alive: [1])) == nil)
    #expect(try !b.isTaken(step) && b.acquire(step) == nil)
    #expect(try yard.store().computing(step, processes: Village(alive: [1]))?.run == "b")
  }

  @Test func anotherMachineIsGivenAMinuteFromItsLastSignOfLife() throws {
    let yard = Yard()
    let far = try keeper(yard, "far", .process(7, host: "there", machine: "m2"))
    #expect(try far.acquire(step) == nil)
    let b = try keeper(yard, "b", Village())
    for _ in 0..<20 {
      #expect(try b.acquire(step)?.host == "there")
      yard.disk.advance(microseconds: 10_000_000)
      far.beat()
    }
    for _ in 0..<6 {
      #expect(try b.acquire(step)?.host == "there")
      yard.disk.advance(microseconds: 10_000_000)
    }
    #expect(try b.acquire(step)?.host == "there")
    yard.disk.advance(microseconds: 10_000_000)
    #expect(try !b.isTaken(step) && b.acquire(step) == nil)
    // The first, which only slept, leaves what is not its own any more.
    far.beat()
    far.release(step)
    #expect(try yard.store().computing(step, processes: Village())?.run == "b")
  }

  @Test(arguments: [-30, 30])
  func clocksThatDifferByMinutesDoNotMatter(minutes: Int64) throws {
    let yard = Yard()
    let far = try keeper(yard, "far", .process(7, host: "there", machine: "m2"))
    _ = try far.acquire(step)
    // This host's clock is that of the files; moved, it is as if the other host had written at another time.
    yard.disk.advance(microseconds: minutes * 60_000_000)
    let b = try keeper(yard, "b", Village())
    for _ in 0..<6 {
      #expect(try b.acquire(step) != nil)
      yard.disk.advance(microseconds: 10_000_000)
    }
    yard.disk.advance(microseconds: 1)
    #expect(try b.acquire(step) == nil)
  }

  @Test func aProcessHereThatIsStoppedIsReplacedToo() throws {
    let yard = Yard()
    _ = try keeper(yard, "stopped", Village(alive: [1])).acquire(step)
    let b = try keeper(yard, "b", Village.process(2))
    #expect(try b.acquire(step)?.run == "stopped")
    yard.disk.advance(microseconds: 59_000_000)
    #expect(try b.acquire(step)?.run == "stopped")
    yard.disk.advance(microseconds: 1_000_001)
    #expect(try b.acquire(step) == nil)
  }

  @Test func aLeaseOfYesterdayIsDeadAtOnce() throws {
    let yard = Yard()
    _ = try keeper(yard, "far", .process(7, host: "there", machine: "m2")).acquire(step)
    yard.age(days: 1)
    #expect(try keeper(yard, "b", Village()).acquire(step) == nil)
  }

  /// Killed at any call, a run leaves a lease that is its own or none, so that nobody waits for it.
  @Test func aRunKilledWhileItTakesALeaseHoldsNobodyUp() throws {
    let calls = FaultyFileSystem(Yard().disk)
    _ = try LeaseKeeper(
      run: "whole", store: Store(at: "store", mode: .create, fileSystem: calls), processes: Village.process(9)
    ).acquire(step)
    var left: [Bool] = []
    for at in 0..<calls.count {
      let yard = Yard()
      let faulty = FaultyFileSystem(yard.disk, .kill(at: at))
      if let store = try? Store(at: "store", mode: .create, fileSystem: faulty) {
        _ = try? LeaseKeeper(run: "dead", store: store, processes: Village.process(9)).acquire(step)
      }
      let b = try keeper(yard, "b", Village(alive: [1]))
      left.append(try b.isTaken(step))
      #expect(try b.acquire(step) == nil, "killed at call \(at)")
    }
    #expect(left.count > 10 && !left.contains(true))
  }

  /// What a run does while another moves its lease aside for a dead one's and puts it back, between any two calls of that.
  @Test(arguments: ["leaves", "gives a sign of life"])
  func aLeaseThatIsPutBackDoesNotOutliveItsWork(how: String) throws {
    func tried(_ first: Int, _ second: Int) throws -> Int {
      let yard = Yard()
      _ = try keeper(yard, "dead", .process(9)).acquire(step)
      let village = Village(alive: [1, 3])
      let c = try keeper(yard, "c", .process(3))
      let takes = InterleavedFileSystem(yard.disk, at: first) { _ = try c.acquire(step) }
      let leaves = InterleavedFileSystem(takes, at: second) { if how == "leaves" { c.release(step) } else { c.beat() } }
      let store = try Store(at: "store", mode: .create, fileSystem: leaves)
      let b = LeaseKeeper(run: "b", store: store, processes: village)
      _ = try b.acquire(step)
      b.end()
      // What was left before is not held any more; what was not is left now.
      c.release(step)
      c.beat()
      #expect(try yard.store().computing(step, processes: village) == nil, "at call \(first), then at \(second)")
      try takes.check()
      try leaves.check()
      return leaves.count
    }
    let calls = try tried(.max, .max)
    for first in 0..<calls { for second in first...calls + 12 { _ = try tried(first, second) } }
    #expect(calls > 20)
  }

  /// Where there are no hard links a lease is empty before it says whose it is: who is killed there costs ten seconds.
  @Test func aRunKilledWithoutHardLinksHoldsOthersUpForTenSeconds() throws {
    var waits: Set<Int> = []
    for at in 0..<60 {
      let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
      let faulty = FaultyFileSystem(LinklessFileSystem(disk), .kill(at: at))
      if let store = try? Store(at: "store", mode: .create, fileSystem: faulty) {
        _ = try? LeaseKeeper(run: "dead", store: store, processes: Village.process(9)).acquire(step)
      }
      let store = try Store(at: "store", mode: .create, fileSystem: LinklessFileSystem(disk))
      let b = LeaseKeeper(run: "b", store: store, processes: Village(alive: [1]))
      var seconds = 0
      while try b.acquire(step) != nil, seconds < 100 {
        disk.advance(microseconds: 1_000_000)
        seconds += 1
      }
      waits.insert(seconds)
    }
    #expect(waits == [0, 11])
  }

  /// A writer that was stopped between making the file and writing it has not taken the lease that is another's by now.
  @Test func aWriterThatWasTakenForDeadKnowsIt() throws {
    for at in 0..<60 {
      let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
      let village = Village(alive: [1, 2])
      let plain = try Store(at: "store", mode: .create, fileSystem: LinklessFileSystem(disk))
      let b = LeaseKeeper(run: "b", store: plain, processes: village)
      let stopped = InterleavedFileSystem(LinklessFileSystem(disk), at: at) {
        _ = try b.acquire(step)
        disk.advance(microseconds: 10_000_001)
        _ = try b.acquire(step)
      }
      let store = try Store(at: "store", mode: .create, fileSystem: stopped)
      let slow = LeaseKeeper(run: "slow", store: store, processes: Village(alive: [1, 2]))
      let isTaken = try slow.acquire(step) == nil
      try stopped.check()
      let holders = try [isTaken, b.acquire(step) == nil]
      #expect(holders.count { $0 } == 1, "stopped at call \(at)")
    }
  }

  @Test func withoutHardLinksOneRunHolds() throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let store = try Store(at: "store", mode: .create, fileSystem: LinklessFileSystem(disk))
    let a = LeaseKeeper(run: "a", store: store, processes: Village(alive: [1, 2]))
    #expect(try a.acquire(step) == nil)
    let b = LeaseKeeper(run: "b", store: store, processes: Village.process(2))
    #expect(try b.acquire(step)?.run == "a")
    a.end()
    #expect(try b.acquire(step) == nil)
    b.end()
    #expect(!disk.files().contains { $0.path.contains("leases") })
  }

  @Test func aLeaseThatIsBeingWrittenIsSomebodys() throws {
    let yard = Yard()
    let b = try keeper(yard, "b", Village())
    try yard.disk.make("store/leases/\(step.hex)", Array("runner-le".utf8))
    #expect(try b.acquire(step)?.run == "another run")
    yard.disk.advance(microseconds: 10_000_000)
    #expect(try b.isTaken(step))
    yard.disk.advance(microseconds: 1)
    #expect(try b.acquire(step) == nil)
  }

  /// Whatever becomes of a dead run's lease, it is waited for at most a minute, and collection goes on.
  @Test func aDamagedLeaseHoldsNobodyUpForLong() throws {
    var whole = Yard()
    _ = try keeper(whole, "dead", .process(9)).acquire(step)
    let path = "store/leases/\(step.hex)"
    let bytes = try whole.disk.bytes(path)
    var cases: [[UInt8]] = [[], Array("runner-lease 1\n{}\n".utf8), [UInt8](repeating: 0, count: 300)]
    for place in bytes.indices {
      var flipped = bytes
      flipped[place] ^= 1 << UInt8(place % 8)
      cases += [flipped, Array(bytes[..<place])]
    }
    for started in ["-9223372036854775808", "-1", "9223372036854775807"] {
      let text = String(decoding: bytes, as: UTF8.self)
      cases.append(Array(text.replacing(#/"started":\d+/#, with: "\"started\":\(started)").utf8))
    }
    for lease in cases {
      whole = Yard()
      let store = try whole.store()
      try store.write([1])
      for name in [path, "store/leases/run-dead"] {
        if name == path { _ = try keeper(whole, "maker", .process(9)).acquire(step) }
        try whole.disk.make(name, lease)
      }
      let b = try keeper(whole, "b", Village(alive: [1]))
      _ = try b.acquire(step)?.sinceText
      _ = try store.collection(keeping: [], grace: 0, processes: Village(alive: [1]))
      whole.disk.advance(microseconds: 60_000_001)
      #expect(try b.acquire(step) == nil, "\(String(decoding: lease, as: UTF8.self))")
      b.end()
      whole.age(days: 2)
      let freed = try store.collection(keeping: [], grace: 0, processes: Village(alive: [])).files.map(\.what)
      #expect(freed.contains("an object that no result names"), "\(String(decoding: lease, as: UTF8.self))")
    }
    print("leases: \(cases.count) damaged ones, none waited for longer than a minute")
  }

  @Test func ofManyThatTakeOverOneWins() throws {
    for _ in 0..<50 {
      let yard = Yard()
      _ = try keeper(yard, "dead", .process(9)).acquire(step)
      let runs = try (1...8).map { try keeper(yard, "run\($0)", Village(alive: [1])) }
      let winners = Winners()
      DispatchQueue.concurrentPerform(iterations: runs.count) { index in
        if (try? runs[index].acquire(step)) == .some(nil) { winners.add(index) }
      }
      #expect(winners.count >= 1)
      // Whoever won, the lease names one of the winners and nobody else can take it.
      let standing = try #require(try yard.store().computing(step, processes: Village(alive: [1])))
      #expect(winners.names.contains(standing.run))
      #expect(!yard.disk.files().contains { $0.path.hasSuffix(".tmp") })
    }
  }

  @Test func whereNoLeaseCanBeWrittenEverythingIsFree() throws {
    let yard = Yard()
    _ = try yard.store()
    yard.disk.capacity = 0
    let a = try keeper(yard, "a", Village())
    #expect(try a.acquire(step) == nil)
    a.beat()
    a.end()
  }

  @Test func thisMachineKnowsItsProcesses() throws {
    let processes = SystemProcesses()
    let me = processes.current
    #expect(me.number == Int(getpid()) && me.machine != nil && me.born != nil && !me.host.isEmpty)
    #expect(processes.isAlive(me) == true)
    let earlier = ProcessIdentity(host: me.host, machine: me.machine, number: me.number, born: 1)
    #expect(processes.isAlive(earlier) == false, "the number was another's before")
    let gone = ProcessIdentity(host: me.host, machine: me.machine, number: 1 << 30, born: me.born)
    #expect(processes.isAlive(gone) == false)
    #expect(processes.isAlive(ProcessIdentity(host: me.host, machine: "x", number: me.number, born: me.born)) == nil)
  }
}

/// Who got the lease.
private final class Winners: Sendable {
  private let held = Mutex<[Int]>([])
  func add(_ index: Int) { held.withLock { $0.append(index) } }
  var count: Int { held.withLock { $0.count } }
  var names: [String] { held.withLock { $0.map { "run\($0 + 1)" } } }
}
