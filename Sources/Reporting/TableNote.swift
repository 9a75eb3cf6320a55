// What must be known beside the numbers of a table: how they were selected, what failed, what they rest on.
// Knows nothing of formats.

import JSON
public import Records

/// A note on a table.
public struct TableNote: Hashable, Sendable {
  /// What a note is about, which decides whether cells get a mark that leads to it.
  public enum Scope: String, Hashable, Sendable {
    /// The whole table.
    case table
    /// How numbers came about: cells are marked unless it is so for all that were trained.
    case rule
    /// Some numbers, which are marked.
    case numbers
    /// Some numbers, which it names itself.
    case named
  }

  /// A sentence or more.
  public let text: String
  /// What it is about.
  public let scope: Scope
  /// The numbers that it concerns; empty for all.
  public let numbers: [Measured]

  /// Makes a note.
  ///
  /// - Parameters:
  ///   - text: A sentence or more.
  ///   - scope: What it is about.
  ///   - numbers: The numbers that it concerns; empty for all.
  public init(_ text: String, _ scope: Scope, of numbers: [Measured] = []) {
    (self.text, self.scope, self.numbers) = (text, scope, numbers)
  }

  /// The same note about other numbers, as where they stand in another table.
  ///
  /// - Parameters:
  ///   - experiment: The experiment that it is of, told where the note has no mark; nil where there is one only.
  ///   - places: The numbers that stand for one of the note's; it may stand in several places.
  /// - Returns: The note; nil if none of its numbers has a place.
  package func moved(of experiment: String?, _ places: (Measured) -> [Measured]) -> TableNote? {
    let moved = numbers.flatMap(places)
    if moved.isEmpty, !numbers.isEmpty { return nil }
    let about = scope == .numbers ? "" : experiment.map { "\($0): " } ?? ""
    return TableNote(about + text, scope, of: moved)
  }

  /// The note as a table file keeps it: its numbers as places in the list of cells.
  func json(among cells: [Measured: Int]) -> JSONValue {
    var object = JSONObject([JSONMember("text", .string(text)), JSONMember("about", .string(scope.rawValue))])
    if !numbers.isEmpty { object["cells"] = .array(numbers.compactMap { cells[$0] }.map { .integer(Int64($0)) }) }
    return .object(object)
  }

  /// Reads a note of a table file.
  ///
  /// - Throws: ``WireFault`` if a part is missing, or a cell is not there.
  init(json: JSONValue, among cells: [Measured]) throws(WireFault) {
    text = try json.text("text")
    guard let scope = Scope(rawValue: try json.text("about")) else { throw WireFault(member: "about") }
    self.scope = scope
    let places = (json["cells"]?.arrayValue ?? []).compactMap(\.integerValue)
    guard places.allSatisfy(cells.indices.contains) else { throw WireFault(member: "cells") }
    numbers = places.map { cells[$0] }
  }
}

extension [TableNote] {
  /// The notes as a table file keeps them.
  func json(among cells: [Measured]) -> JSONValue {
    let places = Dictionary(cells.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return .array(map { $0.json(among: places) })
  }
}

/// A step that failed, for which a table lacks numbers.
public struct TableFailure: Hashable, Sendable {
  /// The step's label.
  public let step: String
  /// The run in which it failed.
  public let run: String
  /// What went wrong; empty if nobody noted it.
  public let why: String
  /// The numbers that are not there.
  public let numbers: [Measured]

  /// Makes a failure.
  ///
  /// - Parameters:
  ///   - step: The step's label.
  ///   - run: The run in which it failed.
  ///   - why: What went wrong; empty if nobody noted it.
  ///   - numbers: The numbers that are not there.
  public init(step: String, run: String, why: String, numbers: [Measured]) {
    (self.step, self.run, self.why, self.numbers) = (step, run, why, numbers)
  }
}

extension TableNote {
  /// What became of numbers that are none, or that hide failures: each kind once, with the numbers that have it in common.
  static func all(about numbers: [Measured]) -> [TableNote] {
    var found: [(text: String, numbers: [Measured])] = []
    for number in numbers {
      for text in [divergence(of: number), absence(of: number), errors(of: number)].compactMap({ $0 }) {
        if let index = found.firstIndex(where: { $0.text == text }) {
          found[index].numbers.append(number)
        } else {
          found.append((text, [number]))
        }
      }
    }
    return found.map { TableNote($0.text, .numbers, of: $0.numbers) }
  }

  /// What is said of numbers that a table lacks: for each step that failed, and for all that only wait.
  static func absent(_ missing: [Measured], _ failures: [TableFailure], beside numbers: [Measured]) -> [TableNote] {
    let all = missing.count + numbers.count
    let failed = Set(failures.flatMap(\.numbers))
    let waiting = missing.filter { !failed.contains($0) }
    let told = failures.map { failure in
      // Most messages begin with the step.
      let isNamed = failure.why.hasPrefix("\(failure.step): ")
      let own = failure.why.dropFirst(isNamed ? failure.step.count + 2 : 0)
      let why = own.isEmpty ? "" : " (\(own))"
      return "\(lacking(failure.numbers, of: all)), because `\(failure.step)` failed\(why)"
        + ": \(named(failure.numbers)). `runner runs \(failure.run)` says more."
    }
    let rest = "\(lacking(waiting, of: all)), because their steps have not run: \(named(waiting))."
    return (told + (waiting.isEmpty ? [] : [rest])).map { TableNote($0, .table) }
  }

  private static func lacking(_ numbers: [Measured], of count: Int) -> String {
    "\(numbers.count) of \(count) numbers \(numbers.count == 1 ? "is" : "are") not there"
  }

  /// The first twenty numbers by name, and how many more there are.
  private static func named(_ numbers: [Measured]) -> String {
    let most = 20
    let names = numbers.prefix(most).map { $0.cell.isEmpty ? $0.eval : "\($0.cell), \($0.eval)" }
    return names.joined(separator: "; ") + (numbers.count > most ? ", and \(numbers.count - most) more" : "")
  }

  private static func divergence(of number: Measured) -> String? {
    let steps = number.divergedAt.compactMap { $0 }
    if steps.isEmpty { return nil }
    let seeds = number.divergedAt.count
    let told = seeds == 1 ? "The training" : "The training of \(steps.count) of \(seeds) seeds"
    let places = steps.distinct.map(String.init).joined(separator: " and ")
    return "\(told) diverged at step \(places): its loss exploded or was no number. Nothing is compared with it."
  }

  private static func absence(of number: Measured) -> String? {
    if number.mean != nil || !number.divergedAt.isEmpty { return nil }
    let kinds = number.counts.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    return kinds.isEmpty ? "There was no record to measure." : "No record could be measured: \(kinds)."
  }

  /// Responses that ended as errors count as wrong, which a reader of the number must know.
  private static func errors(of number: Measured) -> String? {
    guard let errors = number.counts.first(where: { $0.kind == "error" })?.count, errors > 0 else { return nil }
    let all = number.counts.reduce(0) { $0 + $1.count }
    return "Errors, counted as wrong: \(errors) of \(all). `runner store cat` on the outcomes in table.json says why."
  }
}
