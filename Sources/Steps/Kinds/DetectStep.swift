// How well CUT's detection ratio tells tokens inside of errors from the others.
// Knows scores and characters; whose judgments they were is the business of the steps before.

import Execution
import Planning
package import Records

package enum DetectStep {
  static func run(_ work: DetectWork, _ task: StepTask, models: ModelCache) throws -> [ProducedOutput] {
    let feedback = try RecordFile.records(FeedbackRecord.self, from: task.input("feedback"), file: "feedback")
    let errors = try RecordFile.records(ErrorSpans.self, from: task.input("errors"), file: "errors")
    let scores = try RecordFile.records(Scores.self, from: task.input("scores"), file: "scores")
    let encoder = ResponseEncoder(work.model, try models.tokenizer(work.model, for: task))
    let found = try outcomes(feedback, errors, scores, encoder, label: task.step.label)
    return [
      ProducedOutput("outcomes", RecordFile.bytes(found.pooled), records: found.pooled.count),
      ProducedOutput("within", RecordFile.bytes(found.within), records: found.within.count),
    ]
  }

  /// The outcomes of the area over all tokens, and of the area within each response.
  ///
  /// - Parameters:
  ///   - feedback: One judged response a record with its judged prompt, or the leftover that says why there is none.
  ///   - errors: Where the errors of each response stand.
  ///   - scores: Each response behind its prompt, then behind its judged prompt.
  ///   - encoder: Tells which token stands for which characters.
  ///   - label: The step, for messages.
  /// - Returns: Outcomes of every record; those that say nothing have no weight.
  /// - Throws: ``StepError/recordsDiffer(step:record:)``.
  package static func outcomes(
    _ feedback: [FeedbackRecord], _ errors: [ErrorSpans], _ scores: [Scores], _ encoder: ResponseEncoder, label: String
  ) throws(StepError) -> (pooled: [Outcomes], within: [Outcomes]) {
    try Alignment.check(feedback.map(\.id), errors.map(\.id), step: label)
    try Alignment.check(feedback.map(\.id), scores.map(\.id), step: label)
    let found = zip(zip(feedback, errors), scores).map { known, scores in
      tokens(of: known.0, known.1.spans, scores.scores, encoder)
    }
    let area = AreaUnderCurve(over: found.compactMap { if case .scores(let scores) = $0 { scores } else { nil } })
    var shares = area.shares[...]
    var pooled: [Outcomes] = []
    var within: [Outcomes] = []
    for (index, (record, tokens)) in zip(feedback, found).enumerated() {
      switch tokens {
      case .scores(let scores):
        guard let share = shares.popFirst() else { preconditionFailure("one share a response") }
        let reason = "\(scores.inside.count) of \(scores.inside.count + scores.outside.count) tokens inside of errors"
        pooled.append(Outcomes(id: record.id, outcomes: AreaUnderCurve.outcomes(share, scores, reason: reason)))
        within.append(Outcomes(id: record.id, outcomes: [own(scores, reason: reason)]))
      case .none(let outcome):
        pooled.append(Outcomes(id: record.id, outcomes: [outcome]))
        within.append(Outcomes(id: record.id, outcomes: [outcome]))
      case .differ: throw .recordsDiffer(step: label, record: index + 1)
      }
    }
    return (pooled, within)
  }

  private static func own(_ scores: ClassifiedScores, reason: String) -> Outcome {
    guard let area = AreaUnderCurve(of: scores).value else {
      return Outcome(kind: "one-sided", value: 0, weight: 0, reason: reason)
    }
    return Outcome(kind: "measured", value: area, reason: reason)
  }

  /// What there is to say of a response's tokens.
  private enum Tokens {
    case scores(ClassifiedScores)
    /// Nothing, and why.
    case none(Outcome)
    /// The scores are of another response.
    case differ
  }

  /// The detection ratio of each token of a response's text, as ln p(judged) - ln p(plain), by whether it stands in an error.
  ///
  /// The end of the turn is no text, so that no error can stand there: it is left out. Behind an empty prompt the first
  /// token has no probability; it is left out, too.
  private static func tokens(
    of record: FeedbackRecord, _ spans: [Range<Int>], _ scores: [Score], _ encoder: ResponseEncoder
  ) -> Tokens {
    guard let response = record.items.first?.responses.first else {
      let leftover = record.leftovers.first
      return .none(Outcome(kind: leftover?.kind ?? "empty", value: 0, weight: 0, reason: leftover?.reason ?? ""))
    }
    guard scores.count == 2 else { return .differ }
    if let step = scores.lazy.compactMap(\.divergedAt).first { return .none(Outcome(divergedAt: step, weight: 0)) }
    if let failure = scores.lazy.compactMap(\.failure).first {
      return .none(Outcome(kind: "error", value: 0, weight: 0, reason: failure))
    }
    guard encoder.text(of: response) != nil else {
      let reason = "the tokenizer changes the text, so that its tokens stand for no characters of it"
      return .none(Outcome(kind: "unmapped", value: 0, weight: 0, reason: reason))
    }
    guard let tokens = TokenRatio.all(of: response, plain: scores[0], judged: scores[1], encoder) else {
      return .differ
    }
    let marked = MarkedText(response.text, spans)
    var inside: [Double] = []
    var outside: [Double] = []
    for token in tokens {
      if marked.isInside(token.bytes) { inside.append(token.ratio) } else { outside.append(token.ratio) }
    }
    return .scores(ClassifiedScores(inside: inside, outside: outside))
  }
}

/// Which bytes of a text stand in errors.
private struct MarkedText {
  private let isMarked: [Bool]
  private let isSpace: [Bool]

  init(_ text: String, _ spans: [Range<Int>]) {
    var isMarked: [Bool] = []
    var isSpace: [Bool] = []
    for (index, scalar) in text.unicodeScalars.enumerated() {
      let marked = spans.contains { $0.contains(index) }
      for _ in 0..<UTF8.width(scalar) {
        isMarked.append(marked)
        isSpace.append(scalar.properties.isWhitespace)
      }
    }
    (self.isMarked, self.isSpace) = (isMarked, isSpace)
  }

  /// Whether a token stands in an error: a character of it does that is no white space, or any does if it has no others.
  ///
  /// The white space at the front of a byte-level token belongs to the words before it as much as to its own.
  func isInside(_ bytes: Range<Int>) -> Bool {
    let isBlank = bytes.allSatisfy { isSpace[$0] }
    return bytes.contains { isMarked[$0] && (isBlank || !isSpace[$0]) }
  }
}
