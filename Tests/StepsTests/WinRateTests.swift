// Which of two responses wins: by verdicts, by scores, by a model's replies in both orders.

import Records
import Steps
import Testing

@Suite struct WinRates {
  private func kind(_ own: String, _ other: String) -> String {
    func verdict(_ kind: String) -> Outcome { Outcome(kind: kind, value: kind == "right" ? 1 : 0) }
    return WinRateStep.outcome(verdict(own), verdict(other)).kind
  }

  @Test func theBetterVerdictWins() {
    #expect(kind("right", "wrong") == "win" && kind("unparsed", "right") == "loss")
    #expect(kind("right", "right") == "tie" && kind("wrong", "unparsed") == "tie")
    #expect(kind("right", "error") == "error" && kind("error", "wrong") == "error")
  }

  @Test func theHigherScoreWins() {
    func outcome(_ own: Double, _ other: Double) -> Outcome {
      WinRateStep.outcome(Score(reward: own, byteCount: 1), Score(reward: other, byteCount: 1))
    }
    #expect(outcome(-1, -2).value == 1 && outcome(-2, -1).value == 0 && outcome(3, 3).value == 0.5)
    #expect(outcome(-1, -2).weight == 1 && outcome(3, 3).kind == "tie")
  }

  /// The first reply is to the policy's response as number 1, the second to it as number 2.
  @Test(arguments: [
    ("1", "2", "win", 1), ("2", "1", "loss", 0), ("1", "1", "tie", 0.5), ("2", "2", "tie", 0.5),
    ("Answer 1 is better.", "The second, 2.", "win", 1),
  ])
  func aJudgeIsAskedInBothOrders(first: String, second: String, kind: String, value: Double) {
    let outcome = WinRateStep.outcome(replies: said(first), said(second))
    #expect(outcome.kind == kind && outcome.value == value && outcome.weight == 1)
  }

  @Test func whatCannotBeReadDoesNotCount() {
    for (first, second) in [("3", "2"), ("1", "neither"), ("", ""), ("1.5", "2"), ("-1", "2")] {
      let outcome = WinRateStep.outcome(replies: said(first), said(second))
      #expect(outcome.kind == "unparsed" && outcome.weight == 0, "\(first) \(second)")
    }
    // More text could make 12 of a 1 that was cut off.
    #expect(WinRateStep.outcome(replies: said("1", .length), said("2")).kind == "unparsed")
    #expect(WinRateStep.outcome(replies: said("1", .error), said("2")).kind == "unparsed")
    #expect(WinRateStep.outcome(replies: nil, nil).kind == "error")
  }

  @Test func aDivergedTrainingDecidesNothing() {
    let diverged = Score(divergedAt: 3, byteCount: 1)
    let outcome = WinRateStep.outcome(diverged, Score(reward: 1, byteCount: 1))
    #expect(outcome.kind == "diverged" && outcome.weight == 0 && outcome.divergedAt == 3)
  }
}
