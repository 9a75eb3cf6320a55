// Columns that are narrowed, or put below others, to fit so many columns.

import Reporting
import Testing

@Suite struct ColumnWidth {
  @Test func theWidestTextLosesFirst() {
    // 20 + 2 + 8 + 2 + 10.
    #expect(ColumnWidths.fitted([20, 8, 10], flexible: [0, 2], to: 42, least: 4) == [20, 8, 10])
    #expect(ColumnWidths.fitted([20, 8, 10], flexible: [0, 2], to: 34, least: 4) == [12, 8, 10])
    let narrow = ColumnWidths.fitted([20, 8, 10], flexible: [0, 2], to: 30, least: 4)
    #expect(narrow.map { $0[1] == 8 && $0[0] + $0[2] == 18 && abs($0[0] - $0[2]) <= 1 } == true, "\(narrow ?? [])")
    #expect(ColumnWidths.fitted([20, 8, 10], flexible: [0, 2], to: 20, least: 4) == [4, 8, 4])
    #expect(ColumnWidths.fitted([20, 8, 10], flexible: [0, 2], to: 19, least: 4) == nil)
    #expect(ColumnWidths.fitted([20, 8], flexible: [], to: 19, least: 1) == nil)
    #expect(ColumnWidths.fitted([], flexible: [], to: 5, least: 1) == [])
  }

  @Test func whatHasNoRoomStandsBelow() {
    #expect(ColumnWidths.folded([10, 10, 10], to: 34) == [0..<3])
    #expect(ColumnWidths.folded([10, 10, 10], to: 33) == [0..<2, 2..<3])
    // Behind 12 columns that are repeated there is room for one.
    #expect(ColumnWidths.folded([10, 10, 10], to: 33, leading: 12) == [0..<1, 1..<2, 2..<3])
    #expect(ColumnWidths.folded([10, 10, 12], to: 24, indent: 4) == [0..<2, 2..<3])
    #expect(ColumnWidths.folded([40, 3], to: 20) == [0..<1, 1..<2])
    #expect(ColumnWidths.folded([], to: 20).isEmpty)
  }
}
