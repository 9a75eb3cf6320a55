// A comparison put together: runs, and for each two parts that belong together specs, plans and numbers.

import JSON
import Reporting
import Storage

/// Everything that is told of two sides.
struct DiffReport {
  /// Two parts that belong together.
  private struct Compared {
    let first: NamedResults
    let second: NamedResults
    let specs: DiffSpecs?
    let tables: DiffTables?
    let numbers: DiffNumbers?
  }

  private let sides: DiffSides
  private let runs: DiffRuns?
  private let plans: DiffPlans?
  private let keys: DiffKeys?
  private let compared: [Compared]

  /// Compares.
  ///
  /// - Parameters:
  ///   - sides: What is compared.
  ///   - store: Where outcomes, records and manifests are.
  ///   - records: How many records of each number are shown on which the two differ.
  init(_ sides: DiffSides, in store: Store, records: Int) {
    self.sides = sides
    runs = sides.areCells ? nil : DiffRuns(sides.first, sides.second)
    plans = sides.areCells ? nil : DiffPlans(sides, in: store)
    keys = plans == nil && !sides.areCells ? DiffKeys(sides.first, sides.second, in: store) : nil
    compared = sides.pairs.compactMap { pair in
      guard let first = pair.first, let second = pair.second else { return nil }
      return Compared(
        first: first, second: second, specs: sides.areCells ? nil : DiffSpecs(first, second),
        tables: sides.areCells ? nil : DiffTables(first, second), numbers: Self.numbers(first, second, store, records))
    }
  }

  private static func numbers(
    _ first: NamedResults, _ second: NamedResults, _ store: Store, _ records: Int
  ) -> DiffNumbers? {
    guard let one = first.table, let other = second.table else { return nil }
    // Rows stand in the order of a spec, if one side is one.
    let isSecond = first.source == nil && second.source != nil
    let comparison = TableComparison(one, other, inOrderOfSecond: isSecond) { store.outcomes($0) }
    return DiffNumbers(
      comparison: comparison, differing: DifferingRecords(comparison, in: store, most: records),
      missing: [one.missing, other.missing])
  }

  // MARK: - Words

  /// The comparison in pieces.
  var document: DiffDocument {
    var document = DiffDocument()
    document.add(
      .table(
        header: ["first ", sides.first.name], rows: [["second", sides.second.name]], numbers: []))
    if let runs {
      document.add(.heading("Runs"))
      runs.tell(into: &document)
    }
    for remark in sides.first.remarks + sides.second.remarks { document.add(.sentence(remark)) }
    document.say(unpaired)
    if !sides.areCells { for one in compared { tellSpecs(one, into: &document) } }
    tellPlans(into: &document)
    for one in compared { tellNumbers(one, into: &document) }
    return document
  }

  /// The lines for a terminal.
  var lines: [String] { document.lines }

  /// The title of a section; of several parts it names the experiment.
  private func title(_ name: String, _ one: Compared) -> String {
    compared.count > 1 ? "\(name) of \(one.first.title)" : name
  }

  private func tellSpecs(_ one: Compared, into document: inout DiffDocument) {
    document.add(.heading(title("Specs", one)))
    if let specs = one.specs {
      specs.tell(into: &document)
    } else if let tables = one.tables {
      tables.tell(into: &document)
    } else {
      document.say(DiffSpecs.missing(one.first, one.second))
    }
  }

  private func tellPlans(into document: inout DiffDocument) {
    if plans == nil, keys == nil { return }
    document.add(.heading("Plans"))
    plans?.tell(into: &document)
    keys?.tell(into: &document)
  }

  private func tellNumbers(_ one: Compared, into document: inout DiffDocument) {
    document.add(.heading(title("Numbers", one)))
    if let numbers = one.numbers {
      numbers.tell(into: &document)
    } else {
      let missing = [one.first, one.second].filter { $0.table == nil }.map { side in
        "\(side.name) was never run to its end here\(side.staleFolder == nil ? "" : " as it is now")"
      }
      document.add(.sentence("No numbers: \(missing.joined(separator: ", and "))."))
    }
  }

  /// The experiments that only one side has.
  private var unpaired: String? {
    let told = sides.pairs.compactMap { pair -> String? in
      switch (pair.first, pair.second) {
      case (let first?, nil): "only the first has \(first.title)"
      case (nil, let second?): "only the second has \(second.title)"
      default: nil
      }
    }
    if sides.pairs.isEmpty { return "There is nothing else to compare." }
    return told.isEmpty ? nil : "Of the experiments \(told.joined(separator: "; "))."
  }

  // MARK: - JSON

  var json: JSONValue {
    var object = JSONObject([
      JSONMember("first", .string(sides.first.name)), JSONMember("second", .string(sides.second.name)),
    ])
    object["runs"] = runs?.json
    object["plans"] = plans?.json
    object["results"] = keys?.json
    let remarks = sides.first.remarks + sides.second.remarks
    if !remarks.isEmpty { object["remarks"] = .array(remarks.map { .string($0) }) }
    if compared.count == 1 {
      for member in Self.members(of: compared[0]) { object[member.name] = member.value }
    } else {
      object["experiments"] = .array(
        compared.map { one in
          .object(JSONObject([JSONMember("name", .string(one.first.title))] + Self.members(of: one)))
        })
    }
    return .object(object)
  }

  private static func members(of one: Compared) -> [JSONMember] {
    let specs = (one.specs?.json ?? one.tables?.json).map { [JSONMember("specs", $0)] } ?? []
    guard let numbers = one.numbers else { return specs }
    return specs + [
      JSONMember("numbers", numbers.rows), JSONMember("only-first", numbers.onlyFirst),
      JSONMember("only-second", numbers.onlySecond),
    ] + numbers.lacking
  }
}
