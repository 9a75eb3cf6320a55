// runner runs: what is going on in a store, and what went on.

import ArgumentParser
import Diagnostics
import Execution
import FoundationEssentials
import JSON
import Storage

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    "runs", "List the runs of a store, the newest first, or show the steps of one.",
    takes: "[<run>] [<options>]",
    discussion: """
      A run is `running` while its process lives, and then `done`, `failed`, `stopped` (by Ctrl-C or a signal) or `died` \
      (killed, or its machine was switched off). A process on another host counts as living for a minute after its last \
      sign of life. Steps are those that ran, were stored, failed, and are left.
      """,
    examples: [
      "runner runs",
      "runner runs last",
      "runner runs 20261122T0257",
      "runner runs --json",
    ])

  @Argument(help: ArgumentHelp("A run: its name, the beginning of one, or `last`; default: all.", valueName: "run"))
  var name: String?
  @Option(help: "How many runs are listed, beside those that are running.") var last = 20
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "Write JSON, one run a line.") var json = false

  func validate() throws {
    guard last >= 1 else { throw ValidationError("--last must be at least 1.") }
  }

  func run() throws {
    let store = try storage.open(.readOnly)
    let names = try store.runs().sorted().reversed()
    if let name {
      guard let run = try RunStory.find(name, among: Array(names)) else {
        throw CommandError.unknownName(what: "run", name: name, known: Array(names.prefix(20)))
      }
      let story = try RunStory(run, in: store)
      if json { Output.json(story.json) } else { for line in story.lines { Output.line(line) } }
      return
    }
    let recent = Set(names.prefix(last))
    let shown = try names.filter { try recent.contains($0) || store.sign(ofRun: $0)?.isAlive == true }
    let stories = try shown.map { try RunStory($0, in: store) }
    if json {
      for story in stories { Output.json(story.summary) }
    } else if stories.isEmpty {
      Output.line("no run has worked in \(storage.path) yet")
    } else {
      var table = TextTable(numbers: [5], names: [0, 1])
      table.add(["run", "began", "process", "state", "steps", "time", "specs"])
      for story in stories { table.add(story.row) }
      for line in table.lines() { Output.line(line) }
      if names.count > stories.count { Output.line("and \(names.count - stories.count) earlier: --last shows more") }
    }
  }
}

extension RunStory {
  /// The run of a name: its own, the beginning of it, or `last`.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - names: All runs, the newest first.
  /// - Returns: The run's whole name; nil if none is called so.
  /// - Throws: ``RunsFault`` if several begin so.
  static func find(_ name: String, among names: [String]) throws -> String? {
    if name == "last", let last = names.first { return last }
    if names.contains(name) { return name }
    let found = names.filter { $0.hasPrefix(name) }
    guard found.count < 2 else { throw RunsFault.ambiguous(name: name, found) }
    return found.first
  }
}

/// A name that several runs have.
enum RunsFault: DiagnosableError, Hashable {
  /// Several runs begin so.
  case ambiguous(name: String, [String])

  var diagnoses: [Diagnosis] {
    switch self {
    case .ambiguous(let name, let found):
      [
        Diagnosis(
          "runs.ambiguous", "`\(name)` may be any of \(found.count) runs", notes: Array(found.prefix(20)),
          remedy: "Give more of its name.", exit: .usage)
      ]
    }
  }
}

extension RunStory {
  /// The cells of the list.
  var row: [String] {
    let names = specs.isEmpty ? "–" : specs.joined(separator: " ")
    return [
      id, began.map { TimeText.utc($0) } ?? Self.time(in: id) ?? "–",
      [process.map { String($0) }, host].compactMap { $0 }.joined(separator: " on "), state.rawValue, counts,
      seconds.map { Duration.text(seconds: $0) } ?? "–", names,
    ]
  }

  /// The steps in numbers: those of each kind that there are any of.
  var counts: String {
    let parts = [
      (count(.finished), "ran"), (stored, "stored"), (count(.failed), "failed"), (count(.blocked), "blocked"),
      (state == .done ? 0 : left ?? 0, "left"),
    ]
    let told = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return told.isEmpty ? "none" : told.joined(separator: ", ")
  }

  /// When a run began, as runs are named by it: `20260131T235959Z` is `2026-01-31T23:59:59Z`.
  private static func time(in id: String) -> String? {
    let time = Array(id.prefix(16))
    guard time.count == 16, time[8] == "T", time[15] == "Z" else { return nil }
    func part(_ range: Range<Int>) -> String { String(time[range]) }
    return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
  }

  /// One run, step by step.
  fileprivate var lines: [String] {
    let row = row
    var lines = [
      "Run \(id): \(state.rawValue)", "  began    \(row[1])", "  process  \(row[2])", "  specs    \(row[6])",
      "  steps    \(counts)", "  time     \(row[5])",
    ]
    if damagedLines > 0 { lines.append("  journal  \(damagedLines) lines cannot be read") }
    let open = visits.filter { $0.outcome == .running || $0.outcome == .waiting }
    if !open.isEmpty { lines += ["", state == .running ? "Now" : "Begun and not ended"] }
    lines += open.map { "  \($0.label): \(Self.words($0))".showingControls }
    let ended = visits.filter { $0.outcome != .running && $0.outcome != .waiting }
    if ended.isEmpty { return lines }
    var table = TextTable(numbers: [1])
    for visit in ended {
      let began = visit.began.map { String(TimeText.utc($0).dropFirst(11).dropLast()) } ?? "–"
      table.add([
        began, visit.seconds.map { Duration.text(seconds: $0) } ?? "–", visit.outcome.rawValue, visit.label,
        visit.note.isEmpty ? Self.records(visit) : visit.note,
      ])
    }
    return lines + ["", "Ended, in the order in which they began"] + table.lines(indent: 2)
  }

  private static func records(_ visit: Visit) -> String {
    let parts = [(visit.computed, "computed"), (visit.reused, "stored")].filter { $0.0 > 0 }
    return parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  /// How far a step has come.
  private static func words(_ visit: Visit) -> String {
    if visit.outcome == .waiting { return "waits for \(visit.note)" }
    let since = visit.began.map { ", since \(TimeText.utc($0))" } ?? ""
    guard let progress = visit.progress, let told = visit.told, let began = visit.began else { return "begun\(since)" }
    return EventText.progress(progress, seconds: Double(told - began) / 1e6) + since
  }

  // MARK: - JSON

  /// A run in numbers.
  fileprivate var summary: JSONValue {
    func optional(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }
    return .members([
      "run": .string(id), "state": .string(state.rawValue),
      "began": (began.map { TimeText.utc($0) } ?? Self.time(in: id)).map { .string($0) } ?? .null,
      "host": host.map { .string($0) } ?? .null, "pid": optional(process), "specs": .array(specs.map { .string($0) }),
      "steps": optional(steps), "ran": .integer(Int64(count(.finished))), "stored": .integer(Int64(stored)),
      "failed": .integer(Int64(count(.failed))), "blocked": .integer(Int64(count(.blocked))), "left": optional(left),
      "seconds": seconds.map { .number($0) } ?? .null,
    ])
  }

  /// A run with its steps.
  fileprivate var json: JSONValue {
    var object = summary.objectValue ?? JSONObject()
    object["visits"] = .array(
      visits.map { visit in
        var members = JSONObject([
          JSONMember("step", .string(visit.label)), JSONMember("outcome", .string(visit.outcome.rawValue)),
        ])
        members["key"] = visit.key.map { .string($0) }
        members["began"] = visit.began.map { .string(TimeText.utc($0)) }
        members["seconds"] = visit.seconds.map { .number($0) }
        if visit.outcome == .finished {
          members["computed"] = .integer(Int64(visit.computed))
          members["reused"] = .integer(Int64(visit.reused))
        }
        if visit.outcome == .running, let progress = visit.progress {
          members["progress"] = .members([
            "unit": .string(progress.unit), "done": .integer(Int64(progress.done)),
            "total": progress.total.map { .integer(Int64($0)) } ?? .null, "note": .string(progress.note),
          ])
        }
        if !visit.note.isEmpty { members["note"] = .string(visit.note) }
        return .object(members)
      })
    return .object(object)
  }
}

/// Times in words.
enum TimeText {
  /// Microseconds since 1970 as `2026-01-31T23:59:59Z`.
  static func utc(_ time: Int64) -> String { Date(timeIntervalSince1970: Double(time / 1_000_000)).ISO8601Format() }
}
