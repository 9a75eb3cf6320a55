// Numbers taken apart by seed: each with its own value and place, the base beside all, and what diverged where it did.

import Digests
import JSON
import Records
import Reporting
import Specification
import Testing

@Suite struct SeedNumberTests {
  private static func cell(_ at: String, seeds: String, names: String, more: String = "") -> String {
    let step = #"{"key":"\#(Digest.sha256("k").hex)","outcomes":"\#(Digest.sha256("o").hex)"}"#
    let steps = names.split(separator: ",").map { _ in step }.joined(separator: ",")
    return #"{"eval":"accuracy","kind":"accuracy","at":{\#(at)},"mean":0.5,"records":4,"seeds":[\#(seeds)],"#
      + #""counts":{},"steps":[\#(steps)],"seed-names":[\#(names)]\#(more)}"#
  }

  private static func table() throws -> StoredTable {
    let cells = [
      cell(#""base":"base""#, seeds: "0.4", names: #""3""#),
      cell(#""arm":"a""#, seeds: "0.25,0.75", names: #""3","7""#),
      cell(#""arm":"b""#, seeds: "0.5,null", names: #""3","7""#, more: #","diverged-at":[null,2]"#),
      cell(#""arm":"c""#, seeds: "0.9", names: #""3""#),
    ]
    let text = #"{"axes":["arm","base"],"cells":[\#(cells.joined(separator: ","))]}"#
    return try StoredTable(json: JSONValue(parsing: Array(text.utf8)))
  }

  @Test func eachSeedHasItsPlace() throws {
    let apart = SeedNumbers(try Self.table().numbers) { _ in nil }.numbers.map(\.measured)
    #expect(apart.map(\.cell) == ["base", "a, seed 3", "a, seed 7", "b, seed 3", "b, seed 7", "c, seed 3"])
    // Of a number of which one seed diverged a file does not say whose the others' values are.
    #expect(apart.map(\.mean) == [0.5, 0.25, 0.75, nil, nil, 0.9])
    #expect(apart.map(\.divergedAt) == [[], [], [], [], [2], []])
    #expect(apart.dropFirst().allSatisfy { $0.spread == nil && $0.seeds.count < 2 })
  }

  /// The model before training, measured once, stands in the column of every seed, and beside every row.
  @Test func theBaseIsComparedWithEverySeed() throws {
    let apart = SeedNumbers(try Self.table().numbers) { _ in nil }.numbers.map(\.measured)
    let columns = TableLayout(apart, rows: ["arm"], columns: ["seed"], value: "accuracy", relativeTo: .base)
    #expect(columns.columns == ["3", "7"])
    let bases = columns.rows.filter(\.isBase)
    #expect(bases.map { $0.cells.compactMap(\.self).count } == [2])
    let rows = TableLayout(apart, rows: ["arm", "seed"], columns: [], value: "accuracy", relativeTo: .base)
    for row in rows.rows where !row.isBase {
      #expect(rows.reference(row: row, column: 0)?.cell == "base", "\(row.labels)")
    }
  }

  /// A cell's name with a seed is that number alone; without one it is the number of the same seed.
  @Test func aCellOfOneSeedIsComparedWith() throws {
    let apart = SeedNumbers(try Self.table().numbers) { _ in nil }.numbers.map(\.measured)
    func references(_ name: String) -> [Double?] {
      let layout = TableLayout(apart, rows: ["arm"], columns: ["seed"], value: "accuracy", relativeTo: .cell(name))
      #expect(layout.referenceNames.contains(name))
      return layout.rows.filter { !$0.isBase }.prefix(2).flatMap { row in
        layout.columns.indices.map { layout.reference(row: row, column: $0)?.mean }
      }
    }
    #expect(references("a") == [0.25, 0.75, 0.25, 0.75])
    #expect(references("a/7") == [0.75, 0.75, 0.75, 0.75])
  }

  @Test func outcomesGiveEachSeedItsError() throws {
    let records = (1...4).map { number in
      Outcomes(
        id: RecordID(content: .sha256("\(number)"), occurrence: 0),
        outcomes: [Outcome(kind: "right", value: number < 3 ? 1 : 0)])
    }
    let apart = SeedNumbers(try Self.table().numbers) { _ in records }.numbers.map(\.measured)
    #expect(apart[1].mean == 0.5 && apart[1].standardError != nil && apart[1].records == 4)
  }
}
