// Words replaced by others: which, by what, and where they then stand.

import Randomness
import Testing
import Verification

@Suite struct PlantingErrors {
  /// Draws the numbers of a list, one after the other, each smaller than what is asked for.
  private final class Draws {
    var numbers: [Int]
    init(_ numbers: [Int]) { self.numbers = numbers }
    func next(_ bound: Int) -> Int {
      let number = numbers.removeFirst()
      #expect(number < bound, "\(number) of \(bound)")
      return number
    }
  }

  private func planted(_ text: String, _ words: Int, _ draws: [Int]) -> PlantedErrors? {
    let draws = Draws(draws)
    defer { #expect(draws.numbers.isEmpty) }
    return PlantedErrors(in: text, words: words) { draws.next($0) }
  }

  /// "The cat saw a red dog.": for `cat` there are `a`, `red` and `dog`; not itself, not its neighbors.
  @Test func aWordBecomesAnotherOfTheText() {
    let errors = planted("The cat saw a red dog.", 1, [1, 2])
    #expect(errors?.text == "The dog saw a red dog.")
    #expect(errors?.told == ["4..<7 dog cat"])
  }

  /// The first draw takes `cat`, the second the last of the five that are left; then each in the order of the text.
  @Test func severalStandInTheOrderOfTheText() {
    let errors = planted("The cat saw a red dog.", 2, [1, 4, 1, 0])
    #expect(errors?.text == "The red saw a red The.")
    #expect(errors?.told == ["4..<7 red cat", "18..<21 The dog"])
  }

  @Test(arguments: [
    ("7", [0, 0, 0], "0"), ("7", [0, 0, 7], "8"), ("40", [0, 0, 0], "10"), ("40", [0, 1, 0], "41"),
    ("So 1895.", [0, 3, 8], "So 1899."),
  ])
  func aNumberGetsAnotherDigit(text: String, draws: [Int], expected: String) {
    #expect(planted(text, 1, draws)?.text == expected)
  }

  /// Offsets count Unicode scalars, whatever bytes they take.
  @Test func placesAreCharacters() throws {
    let errors = try #require(planted("Où é\u{301}tait 🦊 7 l’été ?", 1, [3, 0, 1]))
    #expect(errors.text == "Où é\u{301}tait 🦊 1 l’été ?")
    let scalars = Array(errors.text.unicodeScalars)
    #expect(scalars[errors.replacements[0].range].map(String.init).joined() == "1")
  }

  @Test(arguments: [("", 1), ("...", 1), ("Yes", 1), ("the cat", 1), ("no no no", 1), ("7", 2), ("The cat saw it", 5)])
  func tooFewWords(text: String, words: Int) {
    #expect(PlantedErrors(in: text, words: words) { _ in 0 } == nil)
  }

  /// Whatever is drawn, each wrong word stands where it is said to, differs from the right one, and the rest is untouched.
  @Test func everyDrawHoldsWhatIsSaid() {
    let text = "In 1895, the second album by the singer sold 1,200 copies; it's still their 2nd best."
    for seed in 0..<500 {
      var stream = RandomStream(RandomAddress(seed: UInt64(seed), purpose: .plantedErrors))
      guard let errors = PlantedErrors(in: text, words: 1 + seed % 6, draw: { stream.integer(below: $0) }) else {
        Issue.record("there are words enough")
        continue
      }
      let scalars = Array(errors.text.unicodeScalars)
      var restored: [Unicode.Scalar] = []
      var end = 0
      for error in errors.replacements {
        #expect(String(String.UnicodeScalarView(scalars[error.range])) == error.wrong)
        #expect(error.wrong.lowercased() != error.right.lowercased() && error.range.lowerBound >= end)
        restored += scalars[end..<error.range.lowerBound] + Array(error.right.unicodeScalars)
        end = error.range.upperBound
      }
      #expect(String(String.UnicodeScalarView(restored + scalars[end...])) == text)
      #expect(errors.replacements.count == 1 + seed % 6)
    }
  }
}

extension PlantedErrors {
  /// The place of each error, what stands there and what stood there.
  fileprivate var told: [String] { replacements.map { "\($0.range) \($0.wrong) \($0.right)" } }
}
