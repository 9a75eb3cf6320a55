// The first examples of a training as JSON lines: one for the training, one for each example.

import JSON
import LanguageModel
import Planning
import Records
import Steps

enum TrainingPreviewJSON {
  /// The lines.
  static func lines(_ training: ShownTraining, spec: String) -> [JSONValue] {
    var head = JSONObject([
      JSONMember("training", .string(training.label)),
      JSONMember("cells", .array(training.cells.map { .string($0) })),
    ])
    switch training.content {
    case .blocked(let step):
      head["blocked"] = .string(step)
      return [.object(head)]
    case .waiting(let steps):
      head["waiting"] = .array(steps.map { .string($0) })
      head["remedy"] = .string(TrainingPreviewText.remedy(spec))
      return [.object(head)]
    case .examples(let preview, let fate):
      head["examples"] = .integer(Int64(preview.count))
      head["counts"] = fate.counts.json
      head["reasons"] = .object(
        JSONObject(fate.reasons.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }))
      head["responses"] = .integer(Int64(preview.retokenized.of))
      head["retokenized"] = .integer(Int64(preview.retokenized.count))
      head["starts-at-reference"] = .bool(!training.startsElsewhere)
      return [.object(head)] + preview.examples.map { value(of: $0, in: training) }
    }
  }

  private static func value(of example: PreviewedExample, in training: ShownTraining) -> JSONValue {
    .members([
      "training": .string(training.label), "example": .integer(Int64(example.number)),
      "id": .string(example.id.description), "step": .integer(Int64(example.step.number)),
      "reached": .bool(example.step.isReached),
      "batch": .members([
        "examples": .integer(Int64(example.batch.examples)), "responses": .integer(Int64(example.batch.responses)),
        "tokens": .integer(Int64(example.batch.tokens)),
      ]),
      "prompt": .string(example.prompt.map(\.text).joined()), "prompt-tokens": .integer(Int64(example.promptTokens)),
      "responses": .array(example.responses.map(value)),
    ])
  }

  private static func value(of response: PreviewedResponse) -> JSONValue {
    var object = JSONObject([
      JSONMember("label", .string(response.label.rawValue)), JSONMember("trained", .bool(response.isTrained)),
      JSONMember("finish", .string(response.finish.rawValue)),
      JSONMember("tokens", .array(response.tokens.map(value))),
    ])
    if !response.contexts.isEmpty { object["contexts"] = .array(response.contexts.map(value)) }
    object["reward"] = response.reward.map { .number($0) }
    object["score-weight"] = response.scoreWeight.map { .number($0) }
    if let written = response.written { object["written-tokens"] = .integer(Int64(written)) }
    return .object(object)
  }

  private static func value(of context: PreviewedContext) -> JSONValue {
    .members([
      "kind": .string(context.kind.rawValue), "prompt": .string(context.prompt.map(\.text).joined()),
      "prompt-tokens": .integer(Int64(context.promptTokens)), "tokens": .array(context.tokens.map(value)),
    ])
  }

  private static func value(of token: PreviewedToken) -> JSONValue {
    var object = JSONObject([
      JSONMember("id", .integer(Int64(token.id.rawValue))), JSONMember("text", .string(token.text)),
    ])
    if token.isSpecial { object["special"] = .bool(true) }
    if token.endsTurn { object["end-of-turn"] = .bool(true) }
    object["weight"] = token.weight.map { .number($0) }
    object["vocabulary-weight"] = token.vocabularyWeight.map { .number($0) }
    object["entropy-weight"] = token.entropyWeight.map { .number($0) }
    object["reference"] = token.reference.map { .number(Double($0)) }
    return .object(object)
  }
}
