// Which option a response settles on, and how options are lettered.

import Testing
import Verification

/// A response to three colors and the label that it settles on.
struct ChoiceCase: Sendable, CustomTestStringConvertible {
  let response: String
  let label: String?

  init(_ response: String, _ label: String?) {
    self.response = response
    self.label = label
  }

  var testDescription: String { "\(response.debugDescription) → \(label ?? "nothing")" }
}

@Suite struct ChoiceTests {
  static let cases = [
    ChoiceCase("(B)", "(B)"), ChoiceCase(" (b). ", "(B)"), ChoiceCase("B", "(B)"), ChoiceCase("b.", "(B)"),
    ChoiceCase("B) red ball", "(B)"), ChoiceCase("B. It is red.", "(B)"), ChoiceCase("red ball.", "(B)"),
    ChoiceCase("Red  Ball", "(B)"), ChoiceCase("the red ball", "(B)"), ChoiceCase("The answer is (C).", "(C)"),
    ChoiceCase("The answer is C", "(C)"), ChoiceCase("Answer: blue ball", "(A)"),
    ChoiceCase("(A) is wrong, so the answer is (B).", "(B)"), ChoiceCase("(A) or (B)", nil),
    ChoiceCase("a red ball or a blue ball", nil), ChoiceCase("dark red ball", "(C)"),
    ChoiceCase("neither", nil), ChoiceCase("", nil), ChoiceCase("A red thing", nil), ChoiceCase("(D)", nil),
    ChoiceCase("Bob has it", nil), ChoiceCase("**(A)**", "(A)"), ChoiceCase("*A*", "(A)"),
    ChoiceCase("redball", nil), ChoiceCase("Q: (A)\nA: (B)", "(B)"),
  ]

  @Test(arguments: cases)
  func settlesOn(_ example: ChoiceCase) throws {
    let letters = try OptionLetters(["blue ball.", "red ball.", "dark red ball."])
    let verdict = Verifier.choice.verdict(on: example.response, answer: try letters.answer(accepting: ["red ball."]))
    #expect(verdict.found == example.label)
    #expect(verdict.outcome == (example.label == nil ? .unparsed : example.label == "(B)" ? .right : .wrong))
  }

  @Test func reasonsNameTheOptions() throws {
    let answer = try OptionLetters(["blue", "red"]).answer(accepting: ["red"])
    #expect(
      Verifier.choice.verdict(on: "(A)", answer: answer).reason
        == "expected (B) \"red\", the response says (A) \"blue\" (\"(A)\")")
    #expect(
      Verifier.choice.verdict(on: "Let me think.\nThe answer is (A).\nBye.", answer: answer).reason
        == "expected (B) \"red\", the response says (A) \"blue\" (\"The answer is (A).\")")
    #expect(
      Verifier.choice.verdict(on: "blue or red", answer: answer).reason
        == "expected (B) \"red\", the response names (A) \"blue\" and (B) \"red\" (\"blue or red\")")
    let bare = AcceptedAnswer(["6", "six"], options: ["5", "6", "six"])
    #expect(Verifier.choice.verdict(on: "six", answer: bare).reason == "the response says \"six\" (\"six\")")
    #expect(Verifier.choice.verdict(on: "6", answer: bare).outcome == .right)
  }

  @Test func lettersInTheOrderGiven() throws {
    let letters = try OptionLetters(["red", "green", "blue"], order: [2, 0, 1])
    #expect(letters.text == "\n(A) blue\n(B) red\n(C) green")
    #expect(try letters.labels(of: ["green"]) == ["(C)"])
    #expect(try letters.labels(of: ["green", "blue"]) == ["(A)", "(C)"])
    #expect(try OptionLetters(["x"], style: "A.").labels == ["A."])
    #expect(try OptionLetters(["x", "y"], style: "Option A:").labels == ["Option A:", "Option B:"])
  }

  @Test func faults() throws {
    #expect(throws: VerifierFault.tooManyOptions(27)) { try OptionLetters(Array(repeating: "x", count: 27)) }
    #expect(throws: VerifierFault.letterStyle("()")) { try OptionLetters(["x"], style: "()") }
    #expect(throws: VerifierFault.notAPermutation([0, 0], options: 2)) {
      try OptionLetters(["x", "y"], order: [0, 0])
    }
    #expect(throws: VerifierFault.notAnOption("z", options: ["x"])) {
      try OptionLetters(["x"]).answer(accepting: ["z"])
    }
    #expect(Verifier.choice.fault(in: AcceptedAnswer(["x"])) == .noOptions)
    #expect(Verifier.choice.fault(in: AcceptedAnswer(["z"], options: ["x"])) == .notAnOption("z", options: ["x"]))
    #expect(
      Verifier.choice.fault(in: AcceptedAnswer(["x"], options: ["x"], labels: ["(A)", "(B)"]))
        == .labelCount(2, options: 1))
  }
}
