// Models that are asked: as revisers, as judges, as stronger ones; and a reference that is not the policy's start.
// A small random model says nothing that makes sense; what is looked at is that its words arrive where they belong.

import Foundation
import JSON
import Testing

@Suite struct AskedModels {
  private static let other = "  other: {weights: {same-as: policy}, turns: chatml, system: none}"
  /// A reply that is cut off is none; one that ends at some letter is.
  private static let written = "max-new-tokens: 16, temperature: 1, stop: [a, e, i, o, u, r, s, t]"
  private static let asked = "by: {model: other}, \(written)"

  /// What a model writes becomes the better response, or the judgment, with the standard prompts.
  @Test(arguments: [
    ("stronger", "[{stronger: {model: other, \(written)}}]", "{dpo: {beta: 0.1}}"),
    ("minimal-revision", "[{minimal-revision: {\(asked)}}]", "{apo-zero: {beta: 0.1}}"),
    (
      "refinement", "[{judgment: {\(asked)}}, {refinement: {model: other, \(written)}}]", "{sft: {}}"
    ),
    (
      "judgment", "[{judgment: {\(asked)}}]",
      #"{cut: {form: code, lambda: 1.1, alpha: 1, judged-prompt: "{asked} Judgment: {judgment}"}}"#
    ),
  ])
  func writesWhatIsLearnedFrom(stage: String, reviser: String, objective: String) throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.models, training.reviser, training.objective) = (Self.other, reviser, objective)
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    let lines = try space.run(["store", "cat", space.output("feedback", of: "\(stage) numbers/train")]).output
      .split(separator: "\n")
    #expect(lines.count == 12)
    let items = try lines.flatMap { try JSONValue(parsing: Array($0.utf8))["items"]?.arrayValue ?? [] }
    #expect(!items.isEmpty, "\(lines)")
    let texts = items.compactMap { ($0["chosen"]?["text"] ?? $0["judgment"])?.stringValue }
    #expect(texts.count == items.count && texts.contains { !$0.isEmpty }, "\(items)")
  }

  /// What a model, or the data, judge to be wrong gets the instruction to be wrong.
  @Test(arguments: ["by: {model: other}, \(written)", #"by: recorded, judgment: "{question}""#])
  func judgesInHindsight(asked: String) throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.models, training.objective) = (Self.other, "{hir: {form: code}}")
    (training.prompt, training.extra) = ("{instruction} {question}", "variables: {instruction: Answer.}")
    training.generator = #"[{recorded: {responses: ["It is {answer}."]}}]"#
    training.reviser = "[{hindsight: {\(asked), bind: instruction, right: Be right., wrong: Be wrong.}}]"
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    let text = try space.run(["store", "cat", space.output("feedback", of: "hindsight numbers/train")]).output
    let items = try text.split(separator: "\n").flatMap {
      try JSONValue(parsing: Array($0.utf8))["items"]?.arrayValue ?? []
    }
    // A model's reply that has no end is no judgment; no judgment here means that a response is right.
    #expect(asked.contains("recorded") ? items.count == 12 : (1...12).contains(items.count), "\(items.count)")
    func begins(_ turns: String, with word: String) -> Bool {
      items.allSatisfy { $0[turns]?.arrayValue?.last?["text"]?.stringValue?.hasPrefix(word) == true }
    }
    #expect(begins("turns", with: "Be wrong.") && begins("contrast", with: "Be right."), "\(text)")
    #expect(try !space.log(of: "train hir").isEmpty)
  }

  /// Its replies say no number: every one is counted, and nothing is left to learn from.
  @Test func aJudgeThatSaysNoNumberIsCounted() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.models, training.reviser) = (Self.other, "[{judge: {by: {model: other}, max-new-tokens: 4}}]")
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    let told = outcome.errors + outcome.output
    #expect(told.contains("there are no examples") && told.contains("24 unparsed"), "\(told)")
    // At the stage that gave none.
    let place = try #require(
      space.read("small.yaml").split(separator: "\n", omittingEmptySubsequences: false)
        .firstIndex { $0.hasPrefix("reviser:") })
    #expect(told.contains("small.yaml:\(place + 1):") || told.contains("\"line\":\(place + 1)"), "\(told)")
  }

  /// The longest examples are too long for the reference alone: they are left over as what is too long for the policy is.
  @Test func whatTheReferenceCannotReadIsLeftOver() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    // Sixteen bytes and three marks of the format, a question of 19 bytes, "It is 2." and its end: 47 tokens; one more from
    // the answer 10 on, two from the question 10 on.
    training.models =
      "  reference: {weights: {random: {layers: 1, width: 16, heads: 2, key-value-heads: 1, feed-forward: 32, context: 47, seed: 7}}, turns: chatml, system: none}"
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    func counts(_ label: String) throws -> [String: Any] {
      let text = try space.run(["store", "cat", try space.output("counts", of: label)]).output
      return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
    let (own, both) = (
      try counts("examples of numbers/train"), try counts("examples of numbers/train that the reference reads")
    )
    let (before, after) = (try #require(own["items"] as? Int), try #require(both["items"] as? Int))
    #expect(before == 12 && 0 < after && after < before)
    #expect((both["leftovers"] as? [String: Int])?["too-long"] == before - after, "\(both)")
    #expect(both["longest-tokens"] as? Int == 47)
    #expect(try space.log(of: "train dpo").count == 2 * ((after + 3) / 4))
  }

  /// Partners of long responses behind long prompts are too long for the reference, though every example fits: they are cut.
  @Test(arguments: ["drawn", "rotation"])
  func partnersAreCutToWhatTheReferenceReads(partner: String) throws {
    let space = try TestSpace()
    var training = SmallTraining.kto(partner)
    // Nineteen tokens of the format before the response, one behind it, and 50 of prompt and response at most.
    training.models =
      "  reference: {weights: {random: {layers: 1, width: 16, heads: 2, key-value-heads: 1, feed-forward: 32, context: 70, seed: 7}}, turns: chatml, system: none}"
    training.generator = #"[{recorded: {responses: ["{wrong}", "{answer}"]}}]"#
    try training.write(to: space)
    let records = (1...16).map { number in
      let (long, short) = (String(repeating: "x", count: 40), "no")
      return number % 2 == 0
        ? #"{"question":"\#(number) \#(long)?","answer":"\#(number)","wrong":"\#(short)"}"#
        : #"{"question":"\#(number)?","answer":"\#(number)","wrong":"\#(long)"}"#
    }
    try space.write(records.joined(separator: "\n") + "\n", to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    let name = partner == "rotation" ? "rotated partners of numbers/train" : "partners of numbers/train"
    func partners(_ label: String) throws -> String {
      try space.run(["store", "cat", try space.output("examples", of: label)]).output
    }
    let (own, read) = (try partners(name), try partners("\(name) that the reference reads"))
    #expect(own.count > read.count && own.split(separator: "\n").count == read.split(separator: "\n").count)
  }

  @Test func aReferenceThatIsNotThePolicysStart() throws {
    func first(_ reference: String) throws -> [String: Any] {
      let space = try TestSpace()
      var training = SmallTraining()
      training.models = "  reference: {weights: \(reference), turns: chatml, system: none}"
      #expect(try space.exec(training).exitCode == 0)
      return try #require(try space.log(of: "train dpo").first)
    }
    let random =
      "{random: {layers: 1, width: 16, heads: 2, key-value-heads: 1, feed-forward: 32, context: 256, seed: 7}}"
    let (own, other) = (try first("{same-as: policy}"), try first(random))
    #expect(own["chosen-log-ratio"] as? Double == 0 && own["rejected-log-ratio"] as? Double == 0)
    let ratio = try #require(other["chosen-log-ratio"] as? Double)
    #expect(ratio != 0 && ratio != other["rejected-log-ratio"] as? Double, "\(other)")
  }
}
