// Verdicts of every verifier but `number` and `choice`, with their reasons word for word.

import Diagnostics
import Testing
import Verification

/// A verifier at work.
struct VerdictCase: Sendable, CustomTestStringConvertible {
  let verifier: Verifier
  let response: String
  let accepted: [String]
  let outcome: Verdict.Outcome
  let reason: String

  init(
    _ verifier: Verifier, _ response: String, _ accepted: [String], _ outcome: Verdict.Outcome, _ reason: String
  ) {
    self.verifier = verifier
    self.response = response
    self.accepted = accepted
    self.outcome = outcome
    self.reason = reason
  }

  var testDescription: String { "\(verifier) on \(response.debugDescription)" }
}

@Suite struct VerdictTests {
  static let strict = Verifier.exact(ignore: [])
  static let lax = Verifier.exact(ignore: [.space, .period, .case])

  static let half = ExactNumber(isNegative: false, whole: "0", fraction: "5") ?? ExactNumber(0)

  static let exact = [
    VerdictCase(strict, "red", ["red"], .right, "the response is \"red\""),
    VerdictCase(
      strict, "red.", ["red"], .wrong,
      "expected \"red\", the response is \"red.\", which parts from it at line 1, character 4"),
    VerdictCase(
      strict, " red", ["red"], .wrong,
      "expected \"red\", the response is \"red\", which parts from it at line 1, character 1"),
    VerdictCase(
      strict, "e\u{301}", ["\u{E9}"], .wrong,
      "expected \"\u{E9}\", the response is \"e\u{301}\", which parts from it at line 1, character 1"),
    VerdictCase(strict, "re", ["red"], .wrong, "expected \"red\", the response is \"re\", which ends before it does"),
    VerdictCase(
      strict, "red\nblau", ["red\nblue", "red"], .wrong,
      "expected \"red blue\" or \"red\", the response is \"red blau\", "
        + "which parts from \"red blue\" at line 2, character 3"),
    VerdictCase(
      lax, "It is. Red", ["itisblue"], .wrong,
      "expected \"itisblue\", the response is \"It is. Red\", which parts from it at line 1, character 8"),
    VerdictCase(strict, "", ["red"], .unparsed, "expected \"red\", the response is empty"),
    VerdictCase(lax, " Red .", ["red", "blue"], .right, "the response is \"Red .\""),
    VerdictCase(lax, "(B)", ["(b)"], .right, "the response is \"(B)\""),
    VerdictCase(
      lax, "green", ["red", "blue"], .wrong,
      "expected \"red\" or \"blue\", the response is \"green\", which parts from \"red\" at line 1, character 1"),
    VerdictCase(lax, "\u{C4}\u{A0}pfel", ["\u{E4}pfel"], .right, "the response is \"\u{C4} pfel\""),
    VerdictCase(lax, " . ", ["red"], .unparsed, "expected \"red\", the response is empty"),
    VerdictCase(
      .exact(ignore: [.case]), "A b", ["ab"], .wrong,
      "expected \"ab\", the response is \"A b\", which parts from it at line 1, character 2"),
  ]

  static let sorted = [
    VerdictCase(.sortedWords, "apple bear cat", ["apple bear cat"], .right, "the response is \"apple bear cat\""),
    VerdictCase(.sortedWords, "Apple, Bear, Cat.", ["apple bear cat"], .right, "the response is \"apple bear cat\""),
    VerdictCase(
      .sortedWords, "1. apple\n2. bear\n3. cat", ["apple bear cat"], .right, "the response is \"apple bear cat\""),
    VerdictCase(.sortedWords, "Sorted: apple bear", ["apple bear"], .right, "the response is \"apple bear\""),
    VerdictCase(
      .sortedWords, "apple cat bear", ["apple bear cat"], .wrong,
      "word 2 should be \"bear\", the response has \"cat\" there"),
    VerdictCase(
      .sortedWords, "apple bear", ["apple bear cat"], .wrong,
      "expected 3 words, the response has 2 (\"apple bear\"): \"cat\" is missing after word 2"),
    VerdictCase(
      .sortedWords, "apple bear cat", ["apple bear"], .wrong,
      "expected 2 words, the response has 3 (\"apple bear cat\"): word 3, \"cat\", is too many"),
    // Of several answers the one that is followed furthest, or that fewest items separate.
    VerdictCase(
      .sortedWords, "apple bear dog", ["cat apple", "apple bear cat"], .wrong,
      "word 3 should be \"cat\", the response has \"dog\" there"),
    VerdictCase(.sortedWords, "...", ["apple"], .unparsed, "expected \"apple\", the response has no words"),
  ]

  static let lists = [
    VerdictCase(.multiset, "b, a, b", ["a, b, b"], .right, "the response lists \"a, b, b\""),
    VerdictCase(.multiset, "B and a", ["b and a"], .right, "the response lists \"a, and, b\""),
    VerdictCase(
      .multiset, "red, green, and blue.", ["blue, red, green"], .right, "the response lists \"blue, green, red\""),
    VerdictCase(.multiset, "1. red\n2. blue", ["blue; red"], .right, "the response lists \"blue, red\""),
    VerdictCase(.multiset, "a, b", ["a, b, b"], .wrong, "the response lacks \"b\""),
    VerdictCase(
      .multiset, "a, c", ["a, b"], .wrong, "the response lacks \"b\" and has \"c\" too many, at line 1, character 4"),
    VerdictCase(
      .multiset, "a, a", ["a"], .wrong, "the response has \"a\" too many, at line 1, character 4"),
    VerdictCase(
      .multiset, "1. a\n2. d\n3. and c", ["a"], .wrong,
      "the response has \"c\", \"d\" too many, at line 3, character 4 and line 2, character 4"),
    VerdictCase(.multiset, "a, b", ["x, y, z", "a, b, c"], .wrong, "the response lacks \"c\""),
    VerdictCase(.multiset, " ", ["a"], .unparsed, "expected \"a\", the response lists nothing"),
  ]

  static let patterns = [
    VerdictCase(.regex(pattern: "[0-9]+"), "say 42.", ["42"], .right, "the response says \"42\""),
    VerdictCase(
      .regex(pattern: "^[0-9]+$"), "x", ["1"], .unparsed, "\"^[0-9]+$\" does not match the response (\"x\")"),
    VerdictCase(.regex(pattern: "is ([a-z]+)"), "it is red", ["red"], .right, "the response says \"red\""),
    VerdictCase(
      .regex(pattern: "is ([a-z]+)"), "So:\nit is blue", ["red"], .wrong,
      "expected \"red\", the response says \"blue\" at line 2, character 7"),
    VerdictCase(
      .regex(pattern: "[0-9]+"), "say 42.", ["43"], .wrong,
      "expected \"43\", the response says \"42\" at line 1, character 5"),
    VerdictCase(
      .regex(pattern: "^.$"), "e\u{301}", ["e"], .unparsed, "\"^.$\" does not match the response (\"e\u{301}\")"),
    VerdictCase(
      .regex(pattern: "(a"), "a", [], .unparsed, "\"(a\" is not a regular expression"),
    VerdictCase(
      .contains(ignore: [.case]), "It is Paris, surely.", ["paris"], .right, "the response contains \"paris\""),
    VerdictCase(
      .contains(ignore: [.case]), "Parisian", ["paris"], .wrong,
      "\"paris\" does not stand in the response (\"Parisian\"), only within a word at line 1, character 1"),
    VerdictCase(
      .contains(ignore: [.case]), "Rome", ["paris"], .wrong, "\"paris\" does not stand in the response (\"Rome\")"),
    VerdictCase(.contains(ignore: [.case]), "", ["paris"], .unparsed, "expected \"paris\", the response is empty"),
    VerdictCase(
      .contains(ignore: []), "in\nParis", ["paris"], .wrong,
      "\"paris\" does not stand in the response (\"in Paris\"), only with other capitals at line 2, character 1"),
    VerdictCase(
      .contains(ignore: [.space, .punctuation]), "x-ra y!", ["ray"], .right, "the response contains \"ray\""),
    VerdictCase(
      .exact(ignore: [.punctuation]), "(B)!", ["B"], .right, "the response is \"(B)!\""),
    VerdictCase(
      .number(tolerance: half), "10.5", ["10"], .right, "the response says 10.5 (\"10.5\")"),
    VerdictCase(
      .number(tolerance: half), "10.51", ["10"], .wrong, "expected 10 within 0.5, the response says 10.51 (\"10.51\")"),
    VerdictCase(
      .number(tolerance: ExactNumber(-1)), "1", ["1"], .unparsed, "the tolerance -1 is below zero"),
    VerdictCase(
      .number(words: false), "three", ["3"], .unparsed, "expected 3, the response names no number"),
    VerdictCase(.number(), "3", ["many"], .unparsed, "the accepted answer \"many\" holds no number"),
    VerdictCase(.number(), "3", [], .unparsed, "there is no accepted answer to compare with"),
  ]

  static let forms = [
    VerdictCase(
      .constraints(Constraints(words: .init(least: 2, most: 3))), "one two", [], .right,
      "the response meets every requirement"),
    VerdictCase(
      .constraints(Constraints(words: .init(least: 2), characters: .init(most: 2))), "one", [], .wrong,
      "the response has 1 word, at least 2 are asked for: it ends at line 1, character 3; it has 3 characters, at most 2 are "
        + "allowed: the first character too many is at line 1, character 3"),
    VerdictCase(
      .constraints(Constraints(lines: .init(most: 1), start: "Dear", end: "Bye.")), " Dear Ann\n\nso long\n", [],
      .wrong,
      "the response has 2 lines, at most 1 is allowed: the first line too many is at line 3, character 1; it does not end "
        + "with \"Bye.\", but with \"long\" at line 3, character 4"),
    VerdictCase(
      .constraints(Constraints(start: "Yes")), "No", [], .wrong,
      "the response does not begin with \"Yes\", but with \"No\" at line 1, character 1"),
    VerdictCase(
      .constraints(Constraints(words: .init(least: 1), start: "Yes", end: ".")), " \n", [], .wrong,
      "the response has 0 words, at least 1 is asked for: it is empty; it does not begin with \"Yes\": it is empty; it does "
        + "not end with \".\": it is empty"),
    VerdictCase(
      .constraints(Constraints(words: .init(most: 1), lines: .init(most: 1), end: "c")), "a\r\n\r\n  b", [], .wrong,
      "the response has 2 words, at most 1 is allowed: the first word too many is at line 3, character 3; it has 2 lines, at "
        + "most 1 is allowed: the first line too many is at line 3, character 1; it does not end with \"c\", but with \"b\" "
        + "at line 3, character 3"),
    VerdictCase(
      .constraints(Constraints(letterCase: .upper)), "ABc", [], .wrong,
      "the response has the lower-case letter c at line 1, character 3"),
    VerdictCase(
      .constraints(Constraints(letterCase: .lower)), "a\r\nb\n c D", [], .wrong,
      "the response has the upper-case letter D at line 3, character 4"),
    VerdictCase(
      .constraints(Constraints(letterCase: .upper)), "A 1 \u{C4}.", [], .right, "the response meets every requirement"),
    VerdictCase(
      .constraints(Constraints(characters: .init(least: 4), lines: .init(least: 2))), "abc", [], .wrong,
      "the response has 3 characters, at least 4 are asked for: it ends at line 1, character 3; it has 1 line, at least 2 are "
        + "asked for: it ends at line 1, character 3"),
    VerdictCase(
      .constraints(Constraints(keywords: ["New York", "cat"], forbidden: ["dog"])), "cats in new york; dogs", [],
      .wrong, "the response nowhere has \"cat\""),
    VerdictCase(
      .constraints(Constraints(letterCase: .lower, forbidden: ["no way"], isJSON: true)), "ok:\nNo way", [], .wrong,
      "the response has the upper-case letter N at line 2, character 1; it has the forbidden \"no way\" at line 2, "
        + "character 1; it is not JSON: unexpected 'o' at line 1, byte 1"),
    VerdictCase(
      .constraints(Constraints(keywords: ["cat", "dog"], forbidden: ["bird"])), "Cat and bird", [], .wrong,
      "the response nowhere has \"dog\"; it has the forbidden \"bird\" at line 1, character 9"),
    VerdictCase(
      .constraints(Constraints(isJSON: true)), "{\"a\": 1}", [], .right, "the response meets every requirement"),
    VerdictCase(
      .constraints(Constraints(isJSON: true)), "{\"a\": }", [], .wrong,
      "the response is not JSON: unexpected '}' at line 1, byte 7"),
    VerdictCase(
      .constraints(Constraints(words: .init(least: 3, most: 2))), "a", [], .unparsed,
      "no response has at least 3 and at most 2 words"),
  ]

  @Test(arguments: exact + sorted + lists + patterns + forms)
  func says(_ example: VerdictCase) {
    let verdict = example.verifier.verdict(on: example.response, answer: AcceptedAnswer(example.accepted))
    #expect(verdict.outcome == example.outcome)
    #expect(verdict.reason == example.reason)
  }

  @Test func longTextsAreCutInReasons() {
    let verdict = Self.strict.verdict(on: String(repeating: "x", count: 100), answer: AcceptedAnswer(["y"]))
    let shown = String(repeating: "x", count: 59) + "…"
    #expect(
      verdict.reason == "expected \"y\", the response is \"\(shown)\", which parts from it at line 1, character 1")
  }

  @Test func faultsAreDiagnosed() throws {
    let fault = try #require(Verifier.number().fault(in: AcceptedAnswer(["many"])))
    #expect(
      fault.text() == """
        error: the accepted answer "many" holds no number
          → Use another verifier, or give the answer as digits or number words.
        """)
    #expect(fault.exit == .badSpec)
  }
}
