// The number that a response commits to: a table of what small models print, traps included.

import Testing
import Verification

/// A response and the number it commits to; nil if it names none.
struct NumberCase: Sendable, CustomTestStringConvertible {
  let text: String
  let number: String?

  init(_ text: String, _ number: String?) {
    self.text = text
    self.number = number
  }

  var testDescription: String { "\(text.debugDescription) → \(number ?? "nothing")" }
}

@Suite struct NumberTests {
  static let plain = [
    NumberCase("3", "3"), NumberCase(" 3 ", "3"), NumberCase("3.", "3"), NumberCase("3.\n", "3"),
    NumberCase("**3**", "3"), NumberCase("(3)", "3"), NumberCase("\"3\"", "3"), NumberCase("03", "3"),
    NumberCase("3.0", "3"), NumberCase("3.50", "3.5"), NumberCase(".5", "0.5"), NumberCase("0.1", "0.1"),
    NumberCase("-7", "-7"), NumberCase("\u{2212}7", "-7"), NumberCase("+7", "7"), NumberCase("-0", "0"),
    NumberCase("1,234", "1234"), NumberCase("1,234,567.25", "1234567.25"), NumberCase("$18", "18"),
    NumberCase("-$18", "-18"), NumberCase("18%", "18"), NumberCase("5kg", "5"), NumberCase("1e3", "1000"),
    NumberCase("2.5e-2", "0.025"), NumberCase("123456789012345678901234567890", "123456789012345678901234567890"),
  ]

  static let sentences = [
    NumberCase("You have 3 musical instruments.", "3"),
    NumberCase("There are 4", "4"),
    NumberCase("I have 3 objects: 1. a car 2. a bus 3. a bike", "3"),
    NumberCase("I have 3 objects:\n1. a car\n2. a bus", "3"),
    NumberCase("I have 4 objects: 1) a car 2) a bus", "4"),
    NumberCase("1. a car\n2. a bus\n3. a bike", nil),
    NumberCase("1. A car\n\nThere are 2 objects.", "2"),
    NumberCase("The objects are (1) a car and (2) a bus, 5 in all.", "5"),
    NumberCase("You have 3 instruments: 1 clarinet, 1 violin, and 1 flute.", "3"),
    NumberCase("1 clarinet + 1 violin + 1 flute = 3", "3"),
    NumberCase("1 + 1 + 1 = 3 instruments.", "3"),
    NumberCase("I have 1 clarinet, 1 violin and 1 flute, so I have 3 instruments.", "3"),
    NumberCase("I have 1 clarinet and 2 violins. Therefore there are 3: a clarinet and 2 violins.", "3"),
    NumberCase("There are 2 cats and 3 dogs, a total of 5 animals.", "5"),
    NumberCase("2 cats and 3 dogs make 5 animals in total.", "5"),
    NumberCase("The answer is 3.", "3"),
    NumberCase("The answer to question 1 is 3.", "3"),
    NumberCase("The answer is 2 + 1 = 3", "3"),
    NumberCase("Answer: 3\nExplanation: I counted 1, 2, 3, 4.", "3"),
    NumberCase("**Answer:**\n7", "7"),
    NumberCase("She eats 3 and sells 16 - 3 - 4 = 9 eggs.\n#### 18", "18"),
    NumberCase("It takes 2/2=<<2/2=1>>1 bolt\nSo it is 2+1=<<2+1=3>>3 bolts\nA: 3", "3"),
    NumberCase("Thus the result is \\boxed{42}.", "42"),
    NumberCase("3\n\nI have 1 clarinet, 1 violin, and 2 flutes.", "3"),
    NumberCase("3. I have a clarinet, a violin and 1 flute.", "3"),
    NumberCase("He has 2 * 3 = 6 apples. So 4 are left.", "4"),
    NumberCase("She makes 9 * 2 = $18 every day.", "18"),
    NumberCase("I bought 2 books, then 5 more, then 9.", "9"),
    NumberCase("5-3", "3"), NumberCase("5 -3 is what it says", "-3"),
    NumberCase("There are 3 items on the 2nd shelf.", "3"),
    NumberCase("On 05/01/2021 at 3:30 I saw 6 birds.", "6"),
    NumberCase("Version 1.2.3 has 4 parts", "4"),
    NumberCase("H2O is water", nil), NumberCase("1/2", nil), NumberCase("the 3rd", nil),
    NumberCase("none of them", nil), NumberCase("", nil), NumberCase("\n \n", nil),
    NumberCase("The answer is not clear, but I count 4.", "4"),
  ]

  static let words = [
    NumberCase("three", "3"), NumberCase("Three.", "3"), NumberCase("THREE", "3"), NumberCase("zero", "0"),
    NumberCase("twenty", "20"), NumberCase("twenty-one", "21"), NumberCase("twenty one", "21"),
    NumberCase("one hundred and five", "105"), NumberCase("two thousand three hundred and forty-six", "2346"),
    NumberCase("five million and two", "5000002"), NumberCase("a hundred", "100"), NumberCase("minus four", "-4"),
    NumberCase("nineteen ninety", "90"),
    NumberCase("There are three instruments.", "3"), NumberCase("You have three (3) instruments.", "3"),
    NumberCase("One of them is missing, so there are two.", "2"),
    NumberCase("This one is hard. I say four.", "4"),
    NumberCase("One clarinet, one violin: 2", "2"),
    NumberCase("The answer is five, not six.", "5"),
    NumberCase("one two", "2"), NumberCase("no one knows", nil), NumberCase("someone", nil),
    NumberCase("threefold", nil), NumberCase("there are four: one cat and three dogs", "4"),
  ]

  @Test(arguments: plain + sentences + words)
  func commitsTo(_ example: NumberCase) {
    #expect(NumberReading(example.text)?.value.description == example.number)
  }

  @Test func reasonsQuoteTheSentence() {
    let verdict = Verifier.number().verdict(on: "Let me see. There are 4.", answer: AcceptedAnswer(["3"]))
    #expect(verdict == Verdict(.wrong, "expected 3, the response says 4 (\"There are 4\")", found: "4"))
    let right = Verifier.number().verdict(on: "three", answer: AcceptedAnswer(["three", "3"]))
    #expect(right == Verdict(.right, "the response says 3 (\"three\")", found: "3"))
    let none = Verifier.number().verdict(on: "many", answer: AcceptedAnswer(["3", "4"]))
    #expect(none == Verdict(.unparsed, "expected 3 or 4, the response names no number", found: nil))
    let empty = Verifier.number().verdict(on: " ", answer: AcceptedAnswer(["3"]))
    #expect(empty == Verdict(.unparsed, "expected 3, the response is empty", found: nil))
  }

  @Test func floatingPointPlaysNoPart() {
    let close = Verifier.number().verdict(on: "0.30000000000000004", answer: AcceptedAnswer(["0.3"]))
    #expect(close.outcome == .wrong)
    let huge = Verifier.number().verdict(on: "9007199254740993", answer: AcceptedAnswer(["9007199254740992"]))
    #expect(huge.outcome == .wrong)
  }

  @Test func exponentsMoveThePoint() throws {
    #expect(ExactNumber(whole: "12", fraction: "34", exponent: 1)?.description == "123.4")
    #expect(ExactNumber(whole: "12", fraction: "34", exponent: 4)?.description == "123400")
    #expect(ExactNumber(isNegative: true, whole: "12", fraction: "34", exponent: -3)?.description == "-0.01234")
    #expect(ExactNumber(whole: "", fraction: "") == nil)
    #expect(ExactNumber(whole: "1a") == nil)
    #expect(ExactNumber(whole: "1", exponent: 1000) == nil)
    #expect(ExactNumber(Int.min).description == "-9223372036854775808")
  }

  @Test(arguments: [
    ("1", "2", "1", true), ("1", "2", "0.999", false), ("-1", "1", "2", true), ("-1", "1", "1.9", false),
    ("0.1", "0.3", "0.2", true), ("100", "99.99", "0.01", true), ("100", "99.989", "0.01", false),
    ("5", "5", "0", true),
    ("999999999999999999999", "1000000000000000000000", "1", true),
  ])
  func tolerancesAreExact(_ left: String, _ right: String, _ tolerance: String, _ isWithin: Bool) throws {
    let left = try #require(NumberReading(left)?.value)
    let right = try #require(NumberReading(right)?.value)
    let tolerance = try #require(NumberReading(tolerance)?.value)
    #expect(left.isWithin(tolerance, of: right) == isWithin)
    #expect(right.isWithin(tolerance, of: left) == isWithin)
  }

  @Test(arguments: [
    (0.1, "0.1"), (-2.5, "-2.5"), (1e21, "1000000000000000000000"), (1e-7, "0.0000001"), (0, "0"), (3, "3"),
  ])
  func doublesAsTheyPrint(_ value: Double, _ text: String) {
    #expect(ExactNumber(value)?.description == text)
    #expect(ExactNumber(Double.nan) == nil)
  }
}
