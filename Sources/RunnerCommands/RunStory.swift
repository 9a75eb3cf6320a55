// What a run did, from its journal, and whether its process lives, from its lease.
// Reads events by name; of a journal of an earlier version some facts are missing.

import Digests
import Execution
import JSON
import Storage

/// A run of `exec`.
struct RunStory {
  /// How things stand with a run.
  enum State: String {
    /// Its process lives.
    case running
    /// It did everything.
    case done
    /// A step failed.
    case failed
    /// The user stopped it.
    case stopped
    /// Its process ended without a word: killed, or the machine was switched off.
    case died
  }

  /// A step that a run came to.
  struct Visit {
    /// What became of it.
    enum Outcome: String {
      /// It is computed at this moment, or was when the run died.
      case running
      case finished
      case failed
      case blocked
      /// Another run computes it.
      case waiting
    }

    let label: String
    var outcome: Outcome
    var key: String?
    /// What the step is, of one that failed; nil in journals of earlier versions.
    var id: String?
    /// When it began, in microseconds since 1970.
    var began: Int64?
    var seconds: Double?
    var computed = 0
    var reused = 0
    /// How far it has come.
    var progress: Execution.Progress?
    /// When that was told, in microseconds since 1970.
    var told: Int64?
    /// What went wrong, or whom it waits for.
    var note = ""
  }

  let id: String
  let state: State
  /// When it began, in microseconds since 1970; nil if nobody noted it.
  let began: Int64?
  let host: String?
  let process: Int?
  let specs: [String]
  /// The specs as they stood; nil of a journal that did not keep them.
  let read: RunSpecs?
  /// The version of the program; nil if nobody noted it.
  let version: String?
  /// How many steps it has to do with; nil if its journal does not say.
  let steps: Int?
  /// Steps whose results were there.
  let stored: Int
  /// The steps whose results were there, as far as the journal names them.
  let cached: [(label: String, key: String)]
  /// Steps that were begun, and those that could not be.
  let visits: [Visit]
  /// Seconds from its beginning to its end, or to now.
  let seconds: Double?
  /// Lines of the journal that cannot be read.
  let damagedLines: Int

  /// Reads a run.
  ///
  /// - Throws: `StorageError` if its journal or its lease cannot be read.
  init(_ id: String, in store: Store) throws {
    let journal = try store.journal(run: id)
    let (events, damaged) = try journal.events()
    var told = Told()
    for event in events { told.take(event) }
    let sign = try store.sign(ofRun: Self.owner(of: id))
    self.id = id
    damagedLines = damaged
    host = told.start["host"]?.stringValue ?? sign?.holder.host
    process = told.start["pid"]?.integerValue ?? sign?.process ?? Self.process(in: id)
    specs = (told.start["specs"]?.arrayValue ?? []).compactMap(\.stringValue)
    read = RunSpecs(journal: told.start["read"])
    version = told.start["runner"]?.stringValue
    steps = told.start["steps"]?.integerValue
    cached = told.cached
    visits = told.visits
    began = told.began ?? sign?.holder.since
    let now = journal.now
    switch (told.end, sign?.isAlive ?? false) {
    case (let end?, _):
      state =
        end["cancelled"]?.boolValue == true ? .stopped : (end["failed"]?.integerValue ?? 0) > 0 ? .failed : .done
      stored = end["cached"]?.integerValue ?? told.stored
      seconds = end["seconds"]?.doubleValue
    case (nil, true):
      (state, stored) = (.running, told.stored)
      seconds = began.map { Double(now - $0) / 1e6 }
    case (nil, false):
      (state, stored) = (.died, told.stored)
      seconds = began.flatMap { began in told.last.map { Double($0 - began) / 1e6 } }
    }
  }

  /// How many steps ended so.
  func count(_ outcome: Visit.Outcome) -> Int { visits.count { $0.outcome == outcome } }

  /// Steps that were neither there nor done nor failed nor blocked; nil if nobody knows how many there are.
  var left: Int? {
    steps.map { max(0, $0 - stored - count(.finished) - count(.failed) - count(.blocked)) }
  }

  /// The run whose process a run is of: what a run computes again because of damage has a journal of its own.
  private static func owner(of id: String) -> String {
    id.firstRange(of: "-repair").map { String(id[..<$0.lowerBound]) } ?? id
  }

  /// The process's number, as runs are named by it.
  private static func process(in id: String) -> Int? {
    let parts = id.split(separator: "-")
    return parts.count > 1 ? Int(parts[1]) : nil
  }

  /// What a journal tells, event by event.
  private struct Told {
    var start = JSONObject()
    var end: JSONValue?
    var began: Int64?
    var last: Int64?
    var stored = 0
    var cached: [(label: String, key: String)] = []
    var visits: [Visit] = []

    mutating func take(_ event: JSONValue) {
      let time = event["time"]?.integerValue.map { Int64($0) }
      last = time ?? last
      switch event["event"]?.stringValue {
      case "run-started":
        start = event.objectValue ?? start
        began = time
      case "run-ended": end = event
      case "cached":
        stored += event["steps"]?.arrayValue?.count ?? 1
        let (labels, keys) = (event["steps"]?.arrayValue ?? [], event["keys"]?.arrayValue ?? [])
        cached += zip(labels, keys).compactMap { label, key in
          label.stringValue.flatMap { label in key.stringValue.map { (label: label, key: $0) } }
        }
      default: step(event, time)
      }
    }

    /// An event of a step: it belongs to the last time that the run came to it.
    private mutating func step(_ event: JSONValue, _ time: Int64?) {
      guard let name = event["event"]?.stringValue, let label = event["step"]?.stringValue else { return }
      let isOpen = { (visit: Visit) in [.running, .waiting].contains(visit.outcome) }
      let index = visits.lastIndex { $0.label == label && isOpen($0) }
      switch name {
      case "running":
        if let index, visits[index].outcome == .waiting { visits.remove(at: index) }
        visits.append(Visit(label: label, outcome: .running, began: time))
      case "waiting":
        let words = ["run", "host", "since"].compactMap { event[$0]?.stringValue }
        guard index == nil, words.count == 3 else { return }
        visits.append(
          Visit(label: label, outcome: .waiting, began: time, note: "\(words[0]) on \(words[1]) since \(words[2])"))
      case "progress":
        guard let index else { return }
        visits[index].progress = Self.progress(event)
        visits[index].told = time
      case "finished":
        let index = index ?? visits.count
        if index == visits.count { visits.append(Visit(label: label, outcome: .finished)) }
        visits[index].outcome = .finished
        visits[index].key = event["key"]?.stringValue
        visits[index].seconds = event["seconds"]?.doubleValue
        visits[index].computed = event["computed"]?.integerValue ?? 0
        visits[index].reused = event["reused"]?.integerValue ?? 0
      case "failed", "blocked":
        let index = index ?? visits.count
        if index == visits.count { visits.append(Visit(label: label, outcome: .blocked)) }
        visits[index].outcome = name == "failed" ? .failed : .blocked
        visits[index].id = event["id"]?.stringValue
        visits[index].note =
          event["because"]?.stringValue.map { "because of \($0)" }
          ?? (event["diagnoses"]?.arrayValue ?? []).compactMap { $0["message"]?.stringValue }.joined(separator: "; ")
      default: break
      }
    }

    private static func progress(_ event: JSONValue) -> Execution.Progress? {
      guard let unit = event["unit"]?.stringValue, let done = event["done"]?.integerValue else { return nil }
      return Execution.Progress(
        unit: unit, done: done, total: event["total"]?.integerValue, reused: event["reused"]?.integerValue ?? 0,
        note: event["note"]?.stringValue ?? "")
    }
  }
}
