// A real experiment's store with one file of each kind damaged at a time, in every way that a disk or a person could:
// `store verify` names what is damaged, and the next run gives the same results to the byte.
// `RUNNER_DAMAGE_ROUNDS=20 RUNNER_DAMAGE_SEED=7` lets it run longer, with other damage.

import Foundation
import Testing

/// What a file of a store is, by its path.
enum FileKind: String, CaseIterable, Sendable {
  case format, objects, stepResults = "step results", segments, recipes, catalog, kindIndex = "index by kind"
  case checkpoints, pins, journals, leases, quarantine

  init?(_ path: String) {
    let parts = path.split(separator: "/").map(String.init)
    switch (parts.first ?? "", parts.last ?? "") {
    case ("format", _): self = .format
    case ("objects", _): self = .objects
    case ("steps", _): self = .stepResults
    case ("records", "manifest"): self = .recipes
    case ("records", _): self = .segments
    case ("index", "results"): self = .catalog
    case ("index", _): self = .kindIndex
    case ("checkpoints", _): self = .checkpoints
    case ("pins", _): self = .pins
    case ("runs", _): self = .journals
    case ("leases", _): self = .leases
    case ("quarantine", _): self = .quarantine
    default: return nil
    }
  }

  /// Whether any other bytes in the place of such a file are told from those that were written.
  ///
  /// What is a sign of life or set aside has nothing to hold it against; the index by kind consists of names alone; and
  /// a journal's last line may have been cut off by a kill.
  var isProved: Bool {
    switch self {
    case .format, .objects, .stepResults, .segments, .recipes, .catalog, .checkpoints, .pins: true
    case .kindIndex, .journals, .leases, .quarantine: false
    }
  }
}

/// What happens to a file.
enum Harm: String, CaseIterable, Sendable {
  case flip, cut, delete, swap, append, zeros
}

/// Numbers that a seed gives.
struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A store with files of every kind, and the results that its specs have whatever happens to it.
final class Victim: Sendable {
  static let specs = ["small", "long0", "long1"]
  let path: String
  /// The store's files with their bytes, by path.
  let files: [String: [UInt8]]
  /// What stands in `results/` after undisturbed runs, by path.
  let expected: [String: [UInt8]]

  init() throws {
    let space = try TestSpace()
    expected = try Self.undisturbed()
    try Self.write(space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    #expect(try space.run(["store", "pin", "paper", "table of small"]).exitCode == 0)
    try Self.setSomethingAside(space)
    for name in ["long0", "long1"] { try Self.killAmidTraining(space, name) }
    // The catalog takes in files that are older than the tick of a file system's clock.
    for step in space.files(below: ".runner-store/steps") {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -100)], ofItemAtPath: "\(space.path)/.runner-store/steps/\(step)"
      )
    }
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    try FileManager.default.removeItem(atPath: "\(space.path)/results")
    path = space.path + "-victim"
    try FileManager.default.moveItem(atPath: space.path, toPath: path)
    // What was being written when a process was killed is nobody's file.
    files = try Self.contents(of: "\(path)/.runner-store").filter { !$0.key.hasSuffix(".tmp") }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private static func write(_ space: TestSpace) throws {
    var small = SmallTraining()
    small.epochs = "3"
    // Two evals whose records have the same keys under two recipes.
    small.evals = [
      "accuracy: {accuracy: {on: numbers/heldout, max-new-tokens: 4, temperature: 0}}",
      "warm: {accuracy: {on: numbers/heldout, max-new-tokens: 4, temperature: 0.8}}",
      "preference: {preference: {on: numbers/heldout, score: sum}}",
    ]
    small.extra =
      "ablations:\n  rate:\n    low: {}\n    high: {hyperparameters: {optimizer: {adamw: {learning-rate: 0.03}}}}"
    try small.write(to: space, as: "small.yaml")
    // Two trainings of the same sizes, which could go on from each other's checkpoints.
    for (name, rate) in [("long0", "1.0e-3"), ("long1", "2.0e-3")] {
      var long = SmallTraining()
      (long.rate, long.epochs) = (rate, "100")
      try long.write(to: space, as: "\(name).yaml")
    }
  }

  private static func undisturbed() throws -> [String: [UInt8]] {
    let space = try TestSpace()
    try write(space)
    let outcome = try space.run(["exec"] + specs.map { "\($0).yaml" })
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try contents(of: "\(space.path)/results")
  }

  private static func setSomethingAside(_ space: TestSpace) throws {
    let object = ".runner-store/objects/\(try #require(space.files(below: ".runner-store/objects").first))"
    try space.write([1, 2, 3], to: object)
    #expect(try space.run(["store", "verify"]).exitCode == 74)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
  }

  private static func killAmidTraining(_ space: TestSpace, _ name: String) throws {
    let before = space.checkpoints().count
    let running = try space.start(["exec", "\(name).yaml", "--workers", "1"])
    while running.process.isRunning, space.checkpoints().count == before { usleep(200) }
    kill(running.process.processIdentifier, SIGKILL)
    _ = try space.finish(running)
    #expect(space.checkpoints().count == before + 1, "\(name) was done too soon")
  }

  static func contents(of folder: String) throws -> [String: [UInt8]] {
    let space = TestSpace(at: folder)
    return try Dictionary(uniqueKeysWithValues: space.files().map { ($0, try space.bytes($0)) })
  }

  /// A copy, times and all.
  func copy() throws -> TestSpace {
    let space = try TestSpace()
    let copy = Process()
    copy.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    copy.arguments = ["cp", "-a", "\(path)/.", space.path]
    try copy.run()
    copy.waitUntilExit()
    try #require(copy.terminationStatus == 0)
    return space
  }
}

/// One store's damage: what its files hold then; nil where one is gone.
struct DamageCase {
  let harm: Harm
  let changed: [String: [UInt8]?]
  /// The files of which the check must say that they are damaged.
  let named: Set<String>

  /// Chooses damage; nil if there is nothing to damage so.
  init?(_ harm: Harm, _ kind: FileKind, _ victim: Victim, _ dice: inout Dice) {
    let all = victim.files.keys.sorted()
    guard let path = all.filter({ FileKind($0) == kind }).randomElement(using: &dice),
      let bytes = victim.files[path]
    else { return nil }
    self.harm = harm
    var changed: [String: [UInt8]?] = [path: nil]
    switch harm {
    case .delete: break
    case .swap:
      // Half of the time another of its kind.
      let like = all.filter { $0 != path && FileKind($0) == kind }
      let others = like.isEmpty || Bool.random(using: &dice) ? all.filter { $0 != path } : like
      guard let other = others.randomElement(using: &dice) else { return nil }
      changed = [path: victim.files[other], other: bytes]
    default:
      guard let damaged = Self.damaged(bytes, harm, &dice), damaged != bytes else { return nil }
      changed[path] = damaged
    }
    self.changed = changed
    named = Set(
      changed.compactMap { path, now in
        Self.mustBeNamed(path, harm, was: victim.files[path] ?? [], now) ? path : nil
      })
  }

  private static func damaged(_ bytes: [UInt8], _ harm: Harm, _ dice: inout Dice) -> [UInt8]? {
    var bytes = bytes
    if harm == .append {
      return bytes + (0..<Int.random(in: 1...40, using: &dice)).map { _ in .random(in: 0...255, using: &dice) }
    }
    guard let place = bytes.indices.randomElement(using: &dice) else { return nil }
    switch harm {
    case .flip: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &dice)
    case .cut: bytes.removeSubrange(place...)
    default: for index in place..<min(bytes.count, place + 64) { bytes[index] = 0 }
    }
    return bytes
  }

  private static func mustBeNamed(_ path: String, _ harm: Harm, was: [UInt8], _ now: [UInt8]?) -> Bool {
    guard let kind = FileKind(path), let now, now != was else { return false }
    if kind == .journals { return harm == .flip && now.last == was.last }
    guard kind.isProved else { return false }
    switch kind {
    // Entries that are cut off at their ends are only known no more.
    case .catalog: return !now.isEmpty && harm != .cut
    // A whole segment of the same recipe is right under any number.
    case .segments: return harm != .swap || now.prefix(57) != was.prefix(57)
    default: return true
    }
  }

  func apply(to space: TestSpace) throws {
    for (path, bytes) in changed {
      let name = ".runner-store/\(path)"
      if let bytes {
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(space.path)/\(name)")
        try space.write(bytes, to: name)
      } else {
        try FileManager.default.removeItem(atPath: "\(space.path)/\(name)")
      }
    }
  }
}

@Suite struct DamagedStores {
  private static func number(_ variable: String, default number: UInt64) -> UInt64 {
    ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) } ?? number
  }

  /// What was seen of a kind of file.
  private struct Counts {
    var cases = 0
    var named = 0
    var recomputed = 0
    var harms: [String: Int] = [:]
  }

  @Test func theNextRunGivesTheSameResults() throws {
    let victim = try Victim()
    for (number, kind) in FileKind.allCases.enumerated() { try damage(kind, UInt64(number), victim) }
  }

  private func damage(_ kind: FileKind, _ number: UInt64, _ victim: Victim) throws {
    let seed = Self.number("RUNNER_DAMAGE_SEED", default: 1)
    var dice = Dice(state: seed &* 1000 &+ number)
    var counts = Counts()
    for _ in 0..<Self.number("RUNNER_DAMAGE_ROUNDS", default: 1) {
      for harm in Harm.allCases {
        guard let damage = DamageCase(harm, kind, victim, &dice) else { continue }
        try run(damage, kind, victim, &counts)
      }
    }
    let harms = counts.harms.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    print(
      "damaged \(kind.rawValue): \(counts.cases) cases (\(harms)), \(counts.named) files named by store verify, "
        + "\(counts.recomputed) steps computed again, results the same each time (seed \(seed))")
    #expect(counts.cases > 0)
  }

  private func run(_ damage: DamageCase, _ kind: FileKind, _ victim: Victim, _ counts: inout Counts) throws {
    let what = "\(damage.harm) \(damage.changed.keys.sorted())"
    var space = try victim.copy()
    try damage.apply(to: space)
    let found = try faults(space)
    #expect(damage.named.subtracting(found).isEmpty, "\(what): \(found)")
    counts.named += damage.named.count
    // What the check finds it sets aside: half of the runs meet absent files, the others damaged ones.
    if counts.cases % 2 == 1 {
      space = try victim.copy()
      try damage.apply(to: space)
    }
    // Records are read only where the results of their steps are gone, too.
    if kind == .segments || kind == .recipes {
      try FileManager.default.removeItem(atPath: "\(space.path)/.runner-store/steps")
    }
    let specs = kind == .checkpoints ? Victim.specs : ["small"]
    let outcome = try space.run(["exec"] + specs.map { "\($0).yaml" } + ["--json"])
    #expect(outcome.exitCode == 0, "\(what): \(outcome.output) \(outcome.errors)")
    counts.recomputed += try Events(outcome.output).ran.count
    let results = try Victim.contents(of: "\(space.path)/results")
    let expected = victim.expected.filter { file in specs.contains { file.key.hasPrefix("\($0)/") } }
    #expect(results.keys.sorted() == expected.keys.sorted(), "\(what)")
    for (path, bytes) in expected { #expect(results[path] == bytes, "\(what): \(path) differs") }
    counts.cases += 1
    counts.harms[damage.harm.rawValue, default: 0] += 1
  }

  /// The paths that `store verify` names.
  private func faults(_ space: TestSpace) throws -> Set<String> {
    let outcome = try space.run(["store", "verify", "--json"])
    #expect([0, 74].contains(outcome.exitCode), "\(outcome.errors)")
    let line = try #require(outcome.output.split(separator: "\n").first { $0.contains("store-verified") })
    let report = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let faults = try #require(report["faults"] as? [[String: Any]])
    return Set(faults.compactMap { $0["path"] as? String })
  }
}
