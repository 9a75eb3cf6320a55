// What a revision changed, worked by hand; and that nothing is lost, whatever the texts.

import Pages
import Testing

@Suite struct WordMarks {
  private func runs(_ old: String, _ new: String) -> [WordEdits.Run] { WordEdits(from: old, to: new).runs }

  @Test func aChangedWordIsMarkedAlone() {
    #expect(
      runs("You have 3 tools.", "You have 2 tools.") == [
        .init(.kept, "You have "), .init(.deleted, "3"), .init(.inserted, "2"), .init(.kept, " tools."),
      ])
  }

  @Test func neighboringChangesAreOneMark() {
    #expect(
      runs("the cat sat", "a dog sat") == [
        .init(.deleted, "the cat"), .init(.inserted, "a dog"), .init(.kept, " sat"),
      ])
  }

  @Test func whatIsOnlyOnOneSideIsMarkedThere() {
    #expect(runs("", "new") == [.init(.inserted, "new")])
    #expect(runs("old", "") == [.init(.deleted, "old")])
    #expect(runs("same", "same") == [.init(.kept, "same")])
    #expect(runs("", "") == [])
    #expect(
      runs("It is 4.", "It is 4, surely.") == [
        .init(.kept, "It is 4"), .init(.inserted, ", surely"), .init(.kept, "."),
      ])
  }

  /// Of `a dog sat` (three words) `sat` stood there before.
  @Test func theShareOfKeptWordsCountsNoBlanks() {
    #expect(WordEdits(from: "the cat sat", to: "a dog sat").keptShare == 1.0 / 3)
    #expect(WordEdits(from: "x", to: "").keptShare == 1)
  }

  @Test func bothTextsCanBeReadFromTheMarks() {
    var number: UInt64 = 3
    func next(_ count: Int) -> Int {
      number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(number >> 33) % count
    }
    let words = ["a", "b", "it's", " ", "  ", "\n", ",", "数", "é", "3.5"]
    for _ in 0..<500 {
      let (old, new) = (text(next(12)), text(next(12)))
      func text(_ count: Int) -> String { (0..<count).map { _ in words[next(words.count)] }.joined() }
      let runs = self.runs(old, new)
      #expect(runs.filter { $0.fate != .inserted }.map(\.text).joined() == old)
      #expect(runs.filter { $0.fate != .deleted }.map(\.text).joined() == new)
    }
  }

  @Test func longTextsAreComparedInBoundedTime() {
    let old = (0..<20_000).map { "w\($0)" }.joined(separator: " ")
    let new = (0..<20_000).map { "v\($0)" }.joined(separator: " ")
    #expect(runs("x " + old, "x " + new).map(\.fate) == [.kept, .deleted, .inserted])
  }
}
