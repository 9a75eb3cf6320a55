// The smallest edit that makes a response right, in tables: what stands around the answer is copied.

import Testing
import Verification

/// A response, what is accepted, and the response as it should become.
struct RevisionCase: Sendable, CustomTestStringConvertible {
  let response: String
  let answer: String
  let revised: String?

  init(_ response: String, _ answer: String, _ revised: String?) {
    self.response = response
    self.answer = answer
    self.revised = revised
  }

  var testDescription: String { "\(response.debugDescription) → \(revised?.debugDescription ?? "nothing")" }
}

@Suite struct NumberRevisions {
  static let digits = [
    RevisionCase("4", "3", "3"), RevisionCase("4.", "3", "3."), RevisionCase("  4\n", "3", "  3\n"),
    RevisionCase("There are 4 items.", "3", "There are 3 items."),
    RevisionCase(
      "I have 2 cats and 3 dogs, a total of 6 animals.", "5", "I have 2 cats and 3 dogs, a total of 5 animals."),
    RevisionCase("1 + 1 + 1 = 4 instruments.", "3", "1 + 1 + 1 = 3 instruments."),
    RevisionCase("Let me see: 1, 2, 3.\n#### 12", "3", "Let me see: 1, 2, 3.\n#### 3"),
    RevisionCase("1. a car\n2. a bus\n\nSo there are 4.", "2", "1. a car\n2. a bus\n\nSo there are 2."),
    RevisionCase("It costs $18.50 now", "7.25", "It costs $7.25 now"), RevisionCase("It is -$5", "-7", "It is -$7"),
    RevisionCase("It is -5", "7", "It is 7"), RevisionCase("\u{2212}5 degrees", "-7", "\u{2212}7 degrees"),
    RevisionCase("+5", "7", "+7"), RevisionCase("12,345 people", "6789012", "6,789,012 people"),
    RevisionCase("12,345 people", "67", "67 people"), RevisionCase("12345 people", "6789", "6789 people"),
    RevisionCase("3e2 of them", "7", "7 of them"), RevisionCase("4kg", "3", "3kg"), RevisionCase("é 4 ü", "3", "é 3 ü"),
    RevisionCase("You have four (4) cats.", "3", "You have four (3) cats."),
    RevisionCase("\\boxed{42}", "41", "\\boxed{41}"),
  ]

  static let words = [
    RevisionCase("four", "3", "three"), RevisionCase("Four.", "3", "Three."), RevisionCase("FOUR", "3", "THREE"),
    RevisionCase("There are twenty-one of them.", "5", "There are five of them."),
    RevisionCase("You have five animals", "121", "You have one hundred and twenty-one animals"),
    RevisionCase("a hundred birds", "2", "two birds"), RevisionCase("minus four", "3", "three"),
    RevisionCase("It is three degrees", "-4", "It is minus four degrees"),
    RevisionCase("three", "2.5", "2.5"), RevisionCase("three", "1000000000000", "1000000000000"),
    RevisionCase("nine", "2003", "two thousand three"), RevisionCase("nine", "0", "zero"),
    // "one of them" points at a thing, so the number has to be in digits.
    RevisionCase("There are two of them", "1", "There are 1 of them"),
    RevisionCase("two thousand and six", "five", "five"),
  ]

  static let whole = [
    RevisionCase("", "3", "3"), RevisionCase("I cannot say.", "3", "3"), RevisionCase("many", "three", "three"),
    // A fraction is no number that could be replaced.
    RevisionCase("1/2", "3", "3"),
  ]

  @Test(arguments: digits + words + whole)
  func onlyTheNumberChanges(_ example: RevisionCase) {
    let answer = AcceptedAnswer([example.answer])
    let revised = Verifier.number().revision(of: example.response, answer: answer)
    #expect(revised == example.revised)
    #expect(Verifier.number().verdict(on: example.response, answer: answer).outcome != .right)
    #expect(Verifier.number().verdict(on: revised ?? "", answer: answer).outcome == .right)
  }

  @Test func everyEditIsRight() {
    let frames = [
      "@", "There are @.", "So @", "I see @ of 12 birds", "Answer: @\nbecause 1 + 1", "a @ b", "1. x\n2. y\n@", "@ = @",
      "@: one cat and two dogs", "The answer is @, not @.", "#### @", "A: @", "(@)", "@/2", "@.5",
    ]
    let numbers = ["0", "1", "2", "17", "100", "1,000", "-3", "one", "Two", "seventeen", "minus six"]
    var edited = 0
    for frame in frames {
      for number in numbers {
        for answer in ["0", "1", "5", "21", "1234", "-8", "2.5"] {
          let response = frame.replacing("@", with: number)
          let accepted = AcceptedAnswer([answer])
          guard let revised = Verifier.number().revision(of: response, answer: accepted) else {
            Issue.record("\(response) has no revision to \(answer)")
            continue
          }
          #expect(
            Verifier.number().verdict(on: revised, answer: accepted).outcome == .right, "\(response) → \(revised)")
          if revised != answer && revised != response { edited += 1 }
        }
      }
    }
    // Most are edited in place; the others become the answer.
    #expect(edited > frames.count * numbers.count * 5)
  }

  @Test func whatIsRightStays() {
    #expect(Verifier.number().revision(of: "So 3.0 it is", answer: AcceptedAnswer(["3"])) == "So 3.0 it is")
  }

  @Test func withoutNumberWordsWordsStay() {
    let verifier = Verifier.number(words: false)
    #expect(verifier.revision(of: "four cats, 5 dogs", answer: AcceptedAnswer(["3"])) == "four cats, 3 dogs")
    #expect(verifier.revision(of: "four cats", answer: AcceptedAnswer(["3"])) == "3")
  }

  @Test func anAnswerWithoutANumberGivesNothing() {
    #expect(Verifier.number().revision(of: "4", answer: AcceptedAnswer(["none"])) == nil)
    #expect(Verifier.number().revision(of: "4", answer: AcceptedAnswer([])) == nil)
  }
}

@Suite struct ChoiceRevisions {
  static let cases = [
    RevisionCase("(B)", "(A)", "(A)"), RevisionCase("The answer is (b).", "(A)", "The answer is (A)."),
    RevisionCase("(B) red ball", "(A)", "(A) blue ball"), RevisionCase("(B): Red ball.", "(A)", "(A): Blue ball."),
    RevisionCase("(B)\nred  ball\nis it", "(A)", "(A)\nblue ball\nis it"),
    RevisionCase("red ball", "(A)", "blue ball"),
    RevisionCase("I choose the Red Ball.", "(A)", "I choose the Blue ball."),
    RevisionCase("B", "(A)", "A"), RevisionCase("b", "(A)", "a"),
    RevisionCase("B. It is a toy", "(A)", "A. It is a toy"),
    RevisionCase("B. red ball", "(A)", "A. blue ball"), RevisionCase("The answer is B", "(C)", "The answer is C"),
    RevisionCase("(A) is wrong, so the answer is (B).", "(C)", "(A) is wrong, so the answer is (C)."),
    RevisionCase("(B) since (B) is round", "(A)", "(A) since (A) is round"),
    RevisionCase("red ball, a red ball", "(C)", "dark red ball, a dark red ball"),
    RevisionCase("dark red ball", "(B)", "red ball"), RevisionCase("**(B)**", "(A)", "**(A)**"),
    RevisionCase("(A) or (B)", "(A)", "(A)"), RevisionCase("neither", "(C)", "(C)"), RevisionCase("", "(B)", "(B)"),
  ]

  @Test(arguments: cases)
  func onlyTheOptionChanges(_ example: RevisionCase) throws {
    let letters = try OptionLetters(["blue ball.", "red ball.", "dark red ball."])
    let answer = AcceptedAnswer([example.answer], options: letters.options, labels: letters.labels)
    let revised = Verifier.choice.revision(of: example.response, answer: answer)
    #expect(revised == example.revised)
    #expect(Verifier.choice.verdict(on: example.response, answer: answer).outcome != .right)
    #expect(Verifier.choice.verdict(on: revised ?? "", answer: answer).outcome == .right)
  }

  @Test func optionsWithoutLabels() {
    let answer = AcceptedAnswer(["yes"], options: ["yes", "no"])
    #expect(Verifier.choice.revision(of: "No, never", answer: answer) == "Yes, never")
    #expect(Verifier.choice.revision(of: "yes and no", answer: answer) == "yes")
    #expect(Verifier.choice.revision(of: "maybe", answer: answer) == "yes")
    #expect(Verifier.choice.revision(of: "yes!", answer: answer) == "yes!")
  }

  @Test func lettersThatAreTheirLabels() throws {
    let letters = try OptionLetters(["a cat", "a dog"], style: "A.")
    let answer = AcceptedAnswer(["a dog"], options: letters.options, labels: letters.labels)
    #expect(Verifier.choice.revision(of: "A. a cat", answer: answer) == "B. a dog")
    #expect(Verifier.choice.revision(of: "A. It is a pet", answer: answer) == "B. It is a pet")
    #expect(Verifier.choice.revision(of: "It is a cat", answer: answer) == "It is a dog")
  }
}

@Suite struct WholeRevisions {
  @Test func theWholeTextBecomesTheAnswer() {
    let answer = AcceptedAnswer(["b a", "c"])
    #expect(Verifier.exact(ignore: [.case]).revision(of: "so it is x", answer: answer) == "b a")
    #expect(Verifier.exact(ignore: [.case]).revision(of: "B A", answer: answer) == "B A")
    #expect(Verifier.sortedWords.revision(of: "1. a\n2. b", answer: answer) == "b a")
    #expect(Verifier.multiset.revision(of: "a, x", answer: AcceptedAnswer(["b, a"])) == "b, a")
    #expect(Verifier.multiset.revision(of: "", answer: AcceptedAnswer(["b, a"])) == "b, a")
  }

  @Test func anAnswerThatIsNoRightResponseIsPassedOver() {
    // Words before a colon are not listed, so the first answer is itself no right response.
    #expect(Verifier.sortedWords.revision(of: "z", answer: AcceptedAnswer(["x: a b", "c d"])) == "c d")
    #expect(Verifier.sortedWords.revision(of: "z", answer: AcceptedAnswer(["x: a b"])) == nil)
  }

  @Test(arguments: [
    Verifier.regex(pattern: "is (\\d)"), .contains(ignore: []), .constraints(Constraints(words: .init(most: 1))),
  ])
  func withoutAPlaceForAnAnswerThereIsNone(_ verifier: Verifier) {
    #expect(verifier.revision(of: "it is 4, really", answer: AcceptedAnswer(["3"])) == nil)
  }
}

@Suite struct FirstNumbers {
  @Test(arguments: [
    ("7", "7"), ("Score: 7/10", "7"), ("8 out of 10", "8"), ("I give it 3.5 of 5, not 2", "3.5"), ("-1", "-1"),
    ("a solid nine", "9"), ("1. It is right. 2. It is short.", "1"), ("", nil), ("good", nil),
  ])
  func theFirstCounts(text: String, number: String?) {
    #expect(NumberReading.firstNumber(in: text)?.description == number)
  }

  @Test func numbersHaveAnOrder() throws {
    let sorted = ["-100", "-9.5", "-9", "-0.1", "0", "0.09", "0.1", "9", "9.5", "10", "1000"]
    let numbers = try sorted.map { try #require(NumberReading($0)?.value) }
    for (left, a) in numbers.enumerated() {
      for (right, b) in numbers.enumerated() { #expect((a < b) == (left < right), "\(a) \(b)") }
    }
  }
}
