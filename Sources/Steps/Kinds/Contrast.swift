// The best and the worst candidate of a record, by whatever number says how good each is.
// Knows the rule of choosing; where the numbers come from is said here for the data and for replies.

import Diagnostics
import JSON
import Records
import Specification
import Verification

enum Contrast {
  /// How good a candidate is, or why nobody knows.
  enum Grade {
    case value(ExactNumber)
    case leftover(Leftover)
  }

  /// The first of the best over the first of the worst.
  ///
  /// Candidates that are neither are leftovers, and so are all if none is better than another.
  static func pair(_ record: FeedbackRecord, values: [Grade]) -> FeedbackRecord {
    var graded: [(response: Response, value: ExactNumber)] = []
    var leftovers = record.leftovers
    for (item, value) in zip(record.items, values) {
      switch value {
      case .value(let value): graded.append((item.responses[0], value))
      case .leftover(let leftover): leftovers.append(leftover)
      }
    }
    var items: [FeedbackItem] = []
    if let best = graded.map(\.value).max(), let worst = graded.map(\.value).min(), worst < best,
      let chosen = graded.first(where: { $0.value == best }),
      let rejected = graded.first(where: { $0.value == worst })
    {
      items = [.pair(chosen: chosen.response, rejected: rejected.response)]
      leftovers += graded.dropFirst(2).map { _ in Leftover(.unpaired) }
    } else {
      leftovers += graded.map { _ in
        Leftover(.noContrast, graded.count == 1 ? "the only candidate" : "as good as the others")
      }
    }
    return FeedbackRecord(id: record.id, turns: record.turns, items: items, leftovers: leftovers)
  }

  /// The first number that a model's reply says.
  static func grade(_ reply: Response) -> Grade {
    if reply.finish == .error { return .leftover(Leftover(.error, reply.text)) }
    guard let value = NumberReading.firstNumber(in: reply.text) else {
      return .leftover(Leftover(.unparsed, "the reply says no number"))
    }
    // Of a reply that was cut off within its number, such as "72" of "72.5", nobody knows the number: more text changes it.
    if reply.finish == .length, NumberReading.firstNumber(in: reply.text + "0") != value {
      return .leftover(Leftover(.unparsed, "the reply was cut off within its number"))
    }
    return .value(value)
  }
}

/// Scores that stand in the data.
struct RecordedScores {
  let label: String
  let places: [String: SourcePlace]

  /// One number for each response.
  func values(
    _ templates: [Template], _ fields: JSONObject, responses: Int, number: Int
  ) throws(StepError) -> [ExactNumber] {
    guard templates.count == responses else {
      throw .scoreCount(
        step: label, scores: templates.count, responses: responses, record: number, place: places["scores/count"])
    }
    var values: [ExactNumber] = []
    for (index, template) in templates.enumerated() {
      let place = places["scores/\(index)"] ?? places["scores/count"]
      let text: String
      do {
        text = try template.render { FieldText.text($0, of: fields) }
      } catch {
        throw .missingField(step: label, field: error.name, record: number, fields: fields, place: place)
      }
      guard let value = Double(text).flatMap({ ExactNumber($0) }) else {
        throw .notANumber(step: label, text: text, record: number, place: place)
      }
      values.append(value)
    }
    return values
  }
}
