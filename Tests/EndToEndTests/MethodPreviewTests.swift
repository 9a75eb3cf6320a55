// What each method's objective sees of two prompts, token by token, every label and weight worked out by hand: judged
// responses, relabeled ones, rankings. The responses stand in the data and a token is a byte, so no model runs.

import Foundation
import Testing

@Suite struct MethodPreviews {
  /// What one sequence of tokens is expected to be.
  struct Tokens: Sendable, Equatable {
    let text: String
    /// The weight of every token; nil: none is trained.
    var weight: Double?
    var spread: Double?
    var entropy: Double?
    /// The tokens that are trained, where that is a part.
    var part: Range<Int>?
    /// Whether the end of turn comes after the text.
    var endsTurn = true

    /// The text's bytes and the end of turn after them.
    var tokens: [String] { text.map(String.init) + (endsTurn ? ["<|im_end|>"] : []) }

    /// The part alone: behind another prompt the rest of the response is that prompt's, or is not there.
    var trained: Tokens {
      guard let part else { return self }
      let ends = part.upperBound == tokens.count
      return Tokens(
        text: tokens[part].dropLast(ends ? 1 : 0).joined(), weight: weight, spread: spread, entropy: entropy,
        endsTurn: ends)
    }
  }

  /// A response with what is read beside it.
  struct Seen: Sendable {
    let label: String
    let own: Tokens
    var score: Double?
    /// What is read, the turn before it without the format's marks, and the tokens.
    var beside: [(kind: String, user: String, tokens: Tokens)] = []
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let spec: MethodPreview
    /// The user's turn of each prompt, with what is seen behind it.
    let prompts: [(user: String, seen: [Seen])]
    var testDescription: String { name }
  }

  private static let judgedPrompt = #"judged-prompt: "{question} ({judgment})""#

  // Both prompts are in one batch: n = 2. "7" has N = 2 tokens with the end of turn, "12" has 3, the judgment "No." has 4.
  // A model to which all tokens are equally likely says ln p = -ln V, V = 259: 256 bytes and three marks.
  //
  // cut, paper: Align-P and Align-N -1/(nN): -1/4 and -1/6. Behind both prompts p = q, so q > 1.1 p nowhere: no token is in
  //   U, and Misalign, too, raises by -1/(nN) = -1/6.
  // cut, code: Align-P and Align-N have 2 + 3 tokens, Misalign 3: -1/2 · 1/5 = -1/10 and -1/2 · 1/3 = -1/6.
  // cut, code, in groups of one example as the authors' scripts have them: each has a half of the loss; the good one's is Align-P
  //   alone, 1/2 · 1/2, the bad one's the mean of its two terms, 1/2 · 1/2 · 1/3 = 1/12.
  // cut, paper, without marks of turns: nothing ends a response, so N is 1 and 2: -1/2, and -1/4 behind both prompts.
  // cut without detection: all of "12" is in U: α q^γ p/(1-p)/(nN) = 1/V · 1/(V-1) / 6 = 1/(259 · 258 · 6), upwards.
  // cut with λ = 0.9: q = p > 0.9 p, so all of "12" is detected. paper, α = 1/2, γ = 1/2: q^γ = 259^(-1/2), so
  //   α q^γ p/(1-p)/(nN) = 1/(2 √259 · 258 · 6), upwards. code, α = 1/2: 1/2 · 1/3 · α p/(1-p) = 1/(2 · 258 · 6).
  // forward prediction: -1/(nN), and the judgment -1/(2·4) = -1/8.
  private static let sixth: Double = 1.0 / 6
  static let judged = [
    Case(
      name: "cut-paper",
      spec: .judged("{cut: {form: paper-v4, lambda: 1.1, alpha: 1, gamma: 1, \(judgedPrompt)}}"),
      prompts: cut(good: -0.25, plain: -sixth, judged: -sixth)),
    Case(
      name: "cut-code", spec: .judged("{cut: {form: code, lambda: 1.1, alpha: 1, \(judgedPrompt)}}"),
      prompts: cut(good: -0.1, plain: -sixth, judged: -0.1)),
    Case(
      name: "cut-code-alone",
      spec: .judged("{cut: {form: code, lambda: 1.1, alpha: 1, \(judgedPrompt)}}", batch: "{examples: 2, group: 1}"),
      prompts: cut(good: -0.25, plain: -sixth / 2, judged: -sixth / 2)),
    Case(
      name: "cut-raw",
      spec: .judged("{cut: {form: paper-v4, lambda: 1.1, alpha: 1, gamma: 1, \(judgedPrompt)}}", turns: "raw"),
      prompts: cut(good: -0.5, plain: -0.25, judged: -0.25, endsTurn: false)),
    Case(
      name: "cut-without-detection",
      spec: .judged("{cut: {form: paper-v4, lambda: 1.1, alpha: 1, gamma: 1, without: [detection], \(judgedPrompt)}}"),
      prompts: cut(good: -0.25, plain: 1.0 / (259 * 258 * 6), judged: -sixth)),
    Case(
      name: "cut-paper-detected",
      spec: .judged("{cut: {form: paper-v4, lambda: 0.9, alpha: 0.5, gamma: 0.5, \(judgedPrompt)}}"),
      prompts: cut(good: -0.25, plain: sixth / (2 * Double(259).squareRoot() * 258), judged: -sixth)),
    Case(
      name: "cut-code-detected", spec: .judged("{cut: {form: code, lambda: 0.9, alpha: 0.5, \(judgedPrompt)}}"),
      prompts: cut(good: -0.1, plain: sixth / (2 * 258), judged: -0.1)),
    Case(
      name: "forward-prediction", spec: .judged(#"{forward-prediction: {judgment-prompt: "Right?"}}"#),
      prompts: [
        ("3+4", [Seen(label: "good", own: Tokens(text: "7", weight: -0.25))]),
        (
          "6+5",
          [
            Seen(
              label: "bad", own: Tokens(text: "12", weight: -sixth),
              beside: [("question", "Right?", Tokens(text: "No.", weight: -0.125))])
          ]
        ),
      ]),
  ]

  private static func cut(
    good: Double, plain: Double, judged: Double, endsTurn: Bool = true
  ) -> [(user: String, seen: [Seen])] {
    func tokens(_ text: String, _ weight: Double) -> Tokens { Tokens(text: text, weight: weight, endsTurn: endsTurn) }
    return [
      ("3+4", [Seen(label: "good", own: tokens("7", good))]),
      (
        "6+5",
        [
          Seen(
            label: "bad", own: tokens("12", plain),
            beside: [("judged prompt", "6+5 (No.)", tokens("12", judged))])
        ]
      ),
    ]
  }

  // sft: 2 + 3 tokens in the batch: -1/5; each response stands behind the instruction that it fits, which for "12" is the
  //   wrong one, and nothing is read beside it.
  // hir, code, e = 0.2, a = 1, b = 0.001: P = N, so σ = 1/2 and its derivative 1/4: with f = 1e-8
  //   slope = 1/4 (0.2/(1/2 + f) - 0.8/(1/2 + f)) = -0.15/(1/2 + f), shared by n = 2 and N tokens.
  //   own -0.8/(nN) + slope/(nN), behind the contrasting prompt -slope/(nN), vocabulary -0.2/(nN), entropy -0.001/(nN).
  // hir of parts: the same, with N the length of a part and what stands before it the prompt's. The draws are "2" of "7127", which is
  //   wrong since "712" is no 7, and the last "2" of "12212": one token each, so that 1/(nN) = 1/2.
  // hir, paper, the same e, a and b: behind both prompts of the batch a response is equally likely, Σ_k e^P_ik = 2 e^P_ii, so
  //   each prompt has 1/2 of it: own -0.8/n + (1/2 - 1)/n = -0.65 a token, behind the other prompt 1/2/n = 0.25; sums over
  //   tokens, so no N: vocabulary -0.2/n = -0.1, entropy -0.001/n = -0.0005.
  static let relabeled = [
    Case(
      name: "hir-paper",
      spec: .relabeled("{hir: {form: paper, label-smoothing: 0.2, contrast: 1, entropy: 0.001}}"),
      prompts: [
        ("Be right. 3+4", [amongOthers("7")]), ("Be wrong. 6+5", [amongOthers("12")]),
      ]),
    Case(
      name: "sft-relabeled", spec: .relabeled("{sft: {}}"),
      prompts: [
        ("Be right. 3+4", [Seen(label: "response", own: Tokens(text: "7", weight: -0.2))]),
        ("Be wrong. 6+5", [Seen(label: "response", own: Tokens(text: "12", weight: -0.2))]),
      ]),
    Case(
      name: "hir-code",
      spec: .relabeled("{hir: {form: code, label-smoothing: 0.2, contrast: 1, entropy: 0.001}}"),
      prompts: [
        ("Be right. 3+4", [hindsight("7", contrast: "Be wrong. 3+4", share: 0.25)]),
        ("Be wrong. 6+5", [hindsight("12", contrast: "Be right. 6+5", share: sixth)]),
      ]),
    Case(
      name: "hir-spans",
      spec: MethodPreview(
        prompt: "{instruction} {question}", responses: #"["{a}{b}{a}"]"#, reviser: MethodPreview.relabeled,
        objective:
          "{hir: {form: code, label-smoothing: 0.2, contrast: 1, entropy: 0.001, spans: {draw: once, minimum: 1}}}"),
      prompts: [
        ("Be wrong. 3+4", [hindsight("7127", contrast: "Be right. 3+4", share: 0.5, part: 2..<3)]),
        ("Be wrong. 6+5", [hindsight("12212", contrast: "Be right. 6+5", share: 0.5, part: 4..<5)]),
      ]),
  ]

  private static func amongOthers(_ text: String) -> Seen {
    Seen(
      label: "response", own: Tokens(text: text, weight: -0.65, spread: -0.1, entropy: -0.0005),
      beside: [("prompt of another example", "", Tokens(text: text, weight: 0.25))])
  }

  private static func hindsight(
    _ text: String, contrast: String, share: Double, part: Range<Int>? = nil
  ) -> Seen {
    let slope = -0.15 / (0.5 + 1e-8)
    return Seen(
      label: "response",
      own: Tokens(
        text: text, weight: (slope - 0.8) * share, spread: -0.2 * share, entropy: -0.001 * share, part: part),
      beside: [("contrasting prompt", contrast, Tokens(text: text, weight: -slope * share, part: part))])
  }

  // Rewards 2, 0, -1 of "7" (2 tokens), "12" (3) and "no" (3); rewards 1, 1, -3 of "12" (3), "2" (2) and "?" (2). All mean
  // log-probabilities are s = -ln 259.
  // rrhf: worse responses are taken to be a little likelier, so every hinge is on; the best ones are learned: -1/n = -1/2.
  //   First prompt, pairs (1,2), (1,3), (2,3): -2/2, (1 - 1)/2 and 2/2 on the means: -1/2 - 1/2, 0, 1/3 a token. Second, (1,3)
  //   and (2,3), as equal rewards are not ranked: -1/2 / 3 - 1/2, -1/2 / 2, 2/2 / 2.
  // pro, weight 0.05: the best ones are learned with 0.05 (3-1)²/2 = 0.1 a token; and with E(x) = e^(sx):
  //   first prompt   k=1: T = 3, Z = E(3) + E(2) + E(3) + 1e-10; k=2: T = 1, Z = E(1) + E(1) + 1e-10
  //   second prompt  k=1: T = 4, Z = E(4) + 1 + E(4) + 1e-10;    k=2: T = 4, Z = E(4) + E(4) + 1e-10
  //   each k: -T (Z - E(T))/Z / n on k, + gap E(gap)/Z / n on each worse one; then divided by the response's tokens.
  // clha, margin 3, gap 1, weight 0.05, gate 0: all hinges are on, since the means are equal. Left are of the first prompt
  //   (1,2) at distance 1, whose rewards are 2 apart, not (2,3), 1 apart, and (1,3) at distance 2; of the second (2,3) at
  //   distance 1 and (1,3) at distance 2, not (1,2), whose rewards are equal. Two a distance: 1/2 each, on a mean.
  //   Both best rewards are above 0, so 0.1 a token as in pro: (-1/2 - 1/2)/2 - 0.1, 1/2 / 3, 1/2 / 3; -1/2 / 3 - 0.1,
  //   -1/2 / 2, (1/2 + 1/2)/2.
  // bradley-terry: a pull of σ(0) = 1/2 for each comparison, divided by their number (3 and 2) and by n.
  static let ranked = [
    Case(
      name: "rrhf", spec: .ranked("{rrhf: {}}"),
      prompts: ranking([-1, 0, 1.0 / 3], [-sixth - 0.5, -0.25, 0.5])),
    Case(name: "pro", spec: .ranked("{pro: {sft-weight: 0.05}}"), prompts: ranking(pro.0, pro.1)),
    Case(
      name: "clha", spec: .ranked("{clha: {margin: 3, gap: 1, sft-weight: 0.05, gate: 0}}"),
      prompts: ranking([-0.6, sixth, sixth], [-sixth - 0.1, -0.25, 0.5])),
    Case(
      name: "bradley-terry", spec: .ranked("bradley-terry"),
      prompts: ranking(
        [nil, nil, nil], [nil, nil, nil], scores: ([-sixth, 0, sixth], [-0.125, -0.125, 0.25]))),
  ]

  private static let pro: ([Double], [Double]) = {
    func power(_ x: Double) -> Double { pow(259, -x) }
    func slopes(_ rewards: [Double], _ tokens: [Double]) -> [Double] {
      var slopes: [Double] = [0, 0, 0]
      for better in 0..<2 {
        let gaps = rewards[(better + 1)...].map { rewards[better] - $0 }
        let widest = gaps[gaps.count - 1]
        let sum: Double = gaps.map(power).reduce(power(widest) + 1e-10, +)
        slopes[better] -= widest * (sum - power(widest)) / sum / 2
        for (place, gap) in gaps.enumerated() { slopes[better + 1 + place] += gap * power(gap) / sum / 2 }
      }
      return slopes.indices.map { (place: Int) -> Double in
        slopes[place] / tokens[place] - (place == 0 ? 0.1 : 0)
      }
    }
    return (slopes([2, 0, -1], [2, 3, 3]), slopes([1, 1, -3], [3, 2, 2]))
  }()

  private static func ranking(
    _ first: [Double?], _ second: [Double?], scores: ([Double], [Double])? = nil
  ) -> [(user: String, seen: [Seen])] {
    func seen(_ texts: [String], _ weights: [Double?], _ scores: [Double]?) -> [Seen] {
      texts.indices.map { place in
        Seen(label: "response", own: Tokens(text: texts[place], weight: weights[place]), score: scores?[place])
      }
    }
    return [
      ("3+4", seen(["7", "12", "no"], first, scores?.0)), ("6+5", seen(["12", "2", "?"], second, scores?.1)),
    ]
  }

  @Test(arguments: judged + relabeled + ranked)
  func everyTokenHasTheWeightThatIsWorkedOutByHand(_ expected: Case) throws {
    let outcome = try expected.spec.preview(["2", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let examples = try outcome.output.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }.filter { $0["example"] != nil }
    #expect(examples.count == 2)
    let isRaw = expected.spec.turns == "raw"
    for (user, seen) in expected.prompts {
      let prompt = isRaw ? user : "<|im_start|>user\n\(user)<|im_end|>\n<|im_start|>assistant\n"
      let example = try #require(examples.first { $0["prompt"] as? String == prompt }, "\(prompt) in \(outcome.output)")
      // A mark is one token and everything else a byte.
      let count = isRaw ? user.utf8.count : "user\n\(user)\nassistant\n".utf8.count + 3
      #expect(example["prompt-tokens"] as? Int == count)
      let responses = try #require(example["responses"] as? [[String: Any]])
      #expect(responses.count == seen.count)
      for (response, expected) in zip(responses, seen) { try check(response, expected, isRaw: isRaw) }
    }
  }

  private func check(_ response: [String: Any], _ expected: Seen, isRaw: Bool) throws {
    #expect(response["label"] as? String == expected.label && response["trained"] as? Bool == true)
    try check(response["tokens"], expected.own)
    let score = response["score-weight"] as? Double
    #expect((score == nil) == (expected.score == nil))
    if let score, let other = expected.score { #expect(abs(score - other) < 1e-15, "\(score)") }
    let contexts = response["contexts"] as? [[String: Any]] ?? []
    #expect(contexts.count == expected.beside.count)
    for (context, beside) in zip(contexts, expected.beside) {
      #expect(context["kind"] as? String == beside.kind)
      let prompt = try #require(context["prompt"] as? String)
      // Another example's prompt is shown with that example.
      guard !beside.user.isEmpty else {
        #expect(prompt.isEmpty)
        try check(context["tokens"], beside.tokens.trained)
        continue
      }
      guard !isRaw else {
        #expect(prompt == beside.user)
        try check(context["tokens"], beside.tokens)
        continue
      }
      #expect(
        prompt.hasSuffix("<|im_start|>user\n\(beside.user)<|im_end|>\n<|im_start|>assistant\n"), "\(prompt)")
      #expect(beside.kind == "question" || prompt.hasPrefix("<|im_start|>user\n\(beside.user)"))
      try check(context["tokens"], beside.tokens.trained)
    }
  }

  private func check(_ found: Any?, _ expected: Tokens) throws {
    let tokens = try #require(found as? [[String: Any]])
    #expect(tokens.map { $0["text"] as? String } == expected.tokens)
    // Nothing but the last token ends the turn.
    #expect(tokens.map { $0["end-of-turn"] as? Bool == true } == expected.tokens.map { $0 == "<|im_end|>" })
    for (index, token) in tokens.enumerated() {
      let isTrained = expected.part?.contains(index) ?? true
      for (name, value) in [
        ("weight", expected.weight), ("vocabulary-weight", expected.spread), ("entropy-weight", expected.entropy),
      ] {
        let wanted = isTrained ? value : nil
        let found = token[name] as? Double
        #expect((found == nil) == (wanted == nil), "\(name) is \(found ?? .nan)")
        // Log-probabilities are in single precision: -ln 259 to 3e-8, which PRO multiplies by differences of rewards.
        if let found, let wanted {
          #expect(abs(found - wanted) < 3e-7 * max(abs(wanted), 1e-6), "\(found), not \(wanted)")
        }
      }
    }
  }

  @Test(arguments: judged + relabeled + ranked)
  func thePreviewIsTheOneThatWasChecked(_ expected: Case) throws {
    let outcome = try expected.spec.preview()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/preview-\(expected.name).txt")
    if (try? String(contentsOf: file, encoding: .utf8)) == outcome.output { return }
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try outcome.output.write(to: file, atomically: true, encoding: .utf8)
      Issue.record("recorded \(expected.name); check every label and weight, then run without RECORD_GOLDENS")
    } else {
      Issue.record("preview-\(expected.name).txt is not what the preview is now:\n\(outcome.output)")
    }
  }

  /// A judgment in the data says which instruction a response fits, as the verifier does where both agree.
  @Test func aRecordedJudgmentSaysWhichInstructionFits() throws {
    func preview(_ by: String) throws -> String {
      var spec = MethodPreview.relabeled("{sft: {}}")
      spec.reviser = spec.reviser.replacing("by: verifier", with: by)
      let outcome = try spec.preview()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return outcome.output
    }
    #expect(try preview(#"by: recorded, judgment: "{note}""#) == preview("by: verifier"))
    // Something is said of both.
    let wrong = try preview(#"by: recorded, judgment: "{x}""#)
    #expect(wrong.contains("Be wrong. 3+4") && wrong.contains("Be wrong. 6+5") && !wrong.contains("Be right."))
  }

  /// Of a part of a response only the part is trained; what comes before it stands there, and what comes after does not run.
  @Test func ofAPartOnlyThePartIsTrained() throws {
    var spec = MethodPreview.relabeled(
      "{hir: {form: code, contrast: 0, entropy: 0, label-smoothing: 0, spans: {draw: once, minimum: 1}}}")
    spec.responses = #"["{question} is 7, or is it 12?"]"#
    let outcome = try spec.preview(["2", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    var trained: [Int] = []
    for line in outcome.output.split(separator: "\n").dropFirst() {
      let example = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      guard let responses = example["responses"] as? [[String: Any]] else { continue }
      let weights = try #require(responses[0]["tokens"] as? [[String: Any]]).map { $0["weight"] as? Double }
      let part = weights.indices.filter { weights[$0] != nil }
      #expect(part == Array((part.first ?? 0)...(part.last ?? 0)) && !part.isEmpty)
      // Two examples, each a mean over its part.
      for index in part { #expect(abs((weights[index] ?? 0) + 0.5 / Double(part.count)) < 1e-12) }
      trained.append(part.count)
    }
    #expect(trained.count == 2 && trained.contains { $0 < 28 }, "\(trained)")
  }
}
