// What can go wrong in a step whose inputs were well, as facts with their sentences.

package import Diagnostics
import Execution
package import JSON
package import Records

/// Why a step failed.
package enum StepError: InputFault, Hashable {
  /// A part of a split asks for more than there is.
  case tooFewRecords(step: String, part: String, asked: Int, left: Int, total: Int, place: SourcePlace?)
  /// A part of a split is so small a share that it has no records.
  case emptyPart(step: String, part: String, fraction: Double, total: Int, place: SourcePlace?)
  /// A template names a field that a record lacks.
  case missingField(step: String, field: String, record: Int, fields: JSONObject, place: SourcePlace?)
  /// A field that a template names holds a list or a mapping.
  case notText(step: String, field: String, kind: String, record: Int, fields: JSONObject, place: SourcePlace?)
  /// Nothing says what the right answer of a record is.
  case noAnswer(step: String, record: Int, place: SourcePlace? = nil)
  /// The field that the spec names for the right answers of a record holds an empty list.
  case emptyAnswer(step: String, field: String, record: Int, fields: JSONObject, place: SourcePlace?)
  /// The verifier cannot use a record's answer.
  case unusableAnswer(step: String, record: Int, reason: String, prompt: String, place: SourcePlace?)
  /// A record has no options to choose from.
  case noOptions(step: String, record: Int, place: SourcePlace? = nil)
  /// None of a record's options is the right one.
  case noRightOption(step: String, record: Int, fields: JSONObject, place: SourcePlace?)
  /// A record's options cannot be lettered as the spec asks.
  case badOptions(step: String, record: Int, reason: String, remedy: String?, fields: JSONObject, place: SourcePlace?)
  /// A dialogue is not written as the spec says.
  case badConversation(step: String, record: Int, reason: String, place: SourcePlace?)
  /// A pattern is not a regular expression.
  case badPattern(pattern: String, reason: String, place: SourcePlace?)
  /// Two inputs do not speak of the same records.
  case recordsDiffer(step: String, record: Int)
  /// The reference reads a response as another number of tokens than the policy.
  case referenceTokens(step: String, record: Int, policy: Int, reference: Int)
  /// The model's vocabulary lacks control tokens of its turn format.
  case missingTokens(step: String, tokens: [String])
  /// There is nothing to work on.
  case noRecords(step: String, place: SourcePlace? = nil)
  /// A number that the data give for a response is none.
  case notANumber(step: String, text: String, record: Int, place: SourcePlace?)
  /// The data give more or fewer numbers than there are responses.
  case scoreCount(step: String, scores: Int, responses: Int, record: Int, place: SourcePlace?)
  /// There are more or fewer revisions in the data than responses.
  case revisionCount(step: String, revisions: Int, responses: Int, record: Int, place: SourcePlace?)
  /// The data do not say where a response's errors stand.
  case badErrors(step: String, record: Int, reason: String, fields: JSONObject, place: SourcePlace?)
  /// One judgment stands in the data, and there are several responses.
  case judgmentCount(step: String, responses: Int, record: Int, place: SourcePlace?)
  /// An optimizer's memory is of another training.
  case foreignOptimizer(step: String)
  /// A round is to work on records that are not there.
  case roundBeyondRecords(step: String, wanted: Range<Int>, records: Int, place: SourcePlace?)
  /// Fewer examples came out than asked for.
  case tooFewExamples(step: String, asked: Int, counts: FeedbackCounts, place: SourcePlace?)
  /// Nothing came out that could be learned from.
  case noExamples(step: String, counts: FeedbackCounts, place: SourcePlace?)
  /// There are examples, and the objective can learn from none of them.
  case nothingRead(step: String, objective: String, examples: Int)
  /// A response to another prompt is wanted where all examples are of one.
  case noPartner(step: String)
  /// There are no pairs to compare.
  case noPairs(step: String)
  /// A response with its prompt is longer than what the model that scores it reads.
  case exceedsContext(step: String, response: String, tokens: Int, context: Int)
  /// A model is to say how good responses are, and has no scalar head.
  case noScalarHead(step: String, model: String)
  /// A model's log-probabilities are no numbers.
  case notFinite(step: String)

  package var diagnoses: [Diagnosis] { [diagnosis] }

  /// What records lack is shown at their prompts where nothing nearer is known.
  package var input: String? {
    switch self {
    case .noAnswer, .noOptions: "prompts"
    default: nil
    }
  }

  /// What is wrong with a model is shown where the spec names it.
  package var option: String? {
    switch self {
    case .missingTokens: "model/turns"
    case .noScalarHead, .exceedsContext, .notFinite: "model/weights"
    default: nil
    }
  }

  /// What an objective does not read.
  static let unreadExamples =
    "Not read are rankings whose rewards are all equal, or too close for `gap`, and judged responses whose part of the loss is left out."

  /// A note that shows a record.
  private static func note(_ fields: JSONObject) -> [String] {
    ["The record: \(excerpt(of: fields))", "It is counted in the order of its part of the data, not of the file."]
  }

  /// The beginning of a record, by which it can be found in the data whatever its place was there.
  private static func excerpt(of fields: JSONObject) -> String { excerpt(of: JSONValue.object(fields).canonical) }

  private static func excerpt(of text: String) -> String {
    let text = text.replacing("\n", with: "\\n")
    return text.count > 100 ? text.prefix(100) + "…" : text
  }

  private var diagnosis: Diagnosis {
    switch self {
    case .tooFewRecords(let step, let part, let asked, let left, let total, let place):
      Diagnosis(
        "step.too-few-records", "\(step): `\(part)` asks for \(asked) records and \(left) are left", place: place,
        notes: ["The data has \(total) records; parts are taken in the order of the spec, `train` last."],
        remedy: "Ask for fewer, or add data.", exit: .badSpec)
    case .emptyPart(let step, let part, let fraction, let total, let place):
      Diagnosis(
        "step.empty-part", "\(step): `\(part)` gets no record: \(fraction) of \(total) is less than one", place: place,
        remedy: "Ask for a larger share or for a number of records, or add data.", exit: .badSpec)
    case .missingField(let step, let field, let record, let fields, let place):
      Diagnosis(
        "step.missing-field",
        fields[field] == .null
          ? "\(step): field `\(field)` of record \(record) is null"
          : fields[field] != nil
            ? "\(step): field `\(field)` of record \(record) is neither text nor a number"
            : "\(step): record \(record) has no field `\(field)`",
        place: place, notes: Self.note(fields),
        remedy: "Name a field that every record has, or write {#\(field)}…{/\(field)} for text that may be absent.",
        exit: .badSpec)
    case .notText(let step, let field, let kind, let record, let fields, let place):
      Diagnosis(
        "step.not-text", "\(step): field `\(field)` of record \(record) is \(kind), which a template cannot show",
        place: place, notes: Self.note(fields),
        remedy: field == "options"
          ? "Say in the data set how options are written, such as `options: {letters: \"(A)\"}`."
          : "Name a field that holds text or a number.",
        exit: .badSpec)
    case .noAnswer(let step, let record, let place):
      Diagnosis(
        "step.no-answer", "\(step): record \(record) does not say what the right answer is", place: place,
        remedy: "Say `answer: {from: \"{field}\", verifier: …}` with a field that every record has.", exit: .badSpec)
    case .emptyAnswer(let step, let field, let record, let fields, let place):
      Diagnosis(
        "step.empty-answer", "\(step): field `\(field)` of record \(record), its right answers, is an empty list",
        place: place, notes: Self.note(fields), remedy: "Give the record at least one answer, or leave it out.",
        exit: .badSpec)
    case .unusableAnswer(let step, let record, let reason, let prompt, let place):
      Diagnosis(
        "step.unusable-answer", "\(step): the verifier cannot use the answer of record \(record): \(reason)",
        place: place, notes: ["The record's prompt: \(Self.excerpt(of: prompt))"],
        remedy: "Correct `answer:`, or choose another verifier.", exit: .badSpec)
    case .noOptions(let step, let record, let place):
      Diagnosis(
        "step.no-options", "\(step): record \(record) has no options to choose from", place: place,
        remedy: "Use data whose records have a list `options`, such as a multiple-choice task of BIG-bench.",
        exit: .badSpec)
    case .noRightOption(let step, let record, let fields, let place):
      Diagnosis(
        "step.no-right-option", "\(step): none of the options of record \(record) is its right answer", place: place,
        notes: Self.note(fields), remedy: "Check `answer:`; an option must have the same bytes as the answer.",
        exit: .badSpec)
    case .badOptions(let step, let record, let reason, let remedy, let fields, let place):
      Diagnosis(
        "step.bad-options", "\(step): record \(record): \(reason)", place: place, notes: Self.note(fields),
        remedy: remedy, exit: .badSpec)
    case .badConversation(let step, let record, let reason, let place):
      Diagnosis(
        "step.bad-conversation", "\(step): the dialogue of record \(record) \(reason)", place: place,
        remedy: "Check `conversation: {field, format}`.", exit: .badSpec)
    case .badPattern(let pattern, let reason, let place):
      Diagnosis(
        "step.bad-pattern", "the pattern \(pattern) is no regular expression: \(reason)", place: place,
        remedy: "Correct the pattern.", exit: .badSpec)
    case .recordsDiffer(let step, let record):
      Diagnosis(
        "step.records-differ", "\(step): record \(record) is not the same in both inputs",
        remedy: "A stored result is damaged: run `runner store verify`.", exit: .inputOutput)
    case .referenceTokens(let step, let record, let policy, let reference):
      Diagnosis(
        "step.reference-tokens",
        "\(step): a response of record \(record) has \(policy) tokens for the policy and \(reference) for the reference",
        notes: ["A log-ratio compares the same tokens under both models."],
        remedy: "Give `reference` the policy's tokenizer and `turns:`, or leave `reference` out.", exit: .badSpec)
    case .missingTokens(let step, let tokens):
      Diagnosis(
        "step.missing-tokens", "\(step): the model's vocabulary has no \(tokens.joined(separator: ", "))",
        remedy: "Say the `turns:` that the model was trained with.", exit: .badSpec)
    case .noRecords(let step, let place):
      Diagnosis(
        "step.no-records", "\(step): there are no records", place: place, remedy: "Check the split and the data.",
        exit: .badSpec)
    case .exceedsContext(let step, let response, let tokens, let context):
      Diagnosis(
        "step.exceeds-context",
        "\(step): a response with its prompt has \(tokens) tokens, and the model that scores it reads \(context)",
        notes: ["The response: \(Self.excerpt(of: response))"],
        remedy: "Set `max-length` to \(context) or less, or use a model that reads more.", exit: .badSpec)
    case .notANumber(let step, let text, let record, let place):
      Diagnosis(
        "step.not-a-number", "\(step): the score \"\(text.prefix(40))\" of record \(record) is not a number",
        place: place, remedy: "Name fields that hold one number for each response.", exit: .badSpec)
    case .scoreCount(let step, let scores, let responses, let record, let place):
      Diagnosis(
        "step.score-count", "\(step): record \(record) has \(responses) responses and \(scores) scores",
        place: place, remedy: "Give one score for each response, in the same order.", exit: .badSpec)
    case .revisionCount(let step, let revisions, let responses, let record, let place):
      Diagnosis(
        "step.revision-count", "\(step): record \(record) has \(responses) responses and \(revisions) revisions",
        place: place, remedy: "Give one revision for each response, in the same order.", exit: .badSpec)
    case .noScalarHead(let step, let model):
      Diagnosis(
        "step.no-scalar-head", "\(step): \(model) is no reward model",
        remedy: "Name a model whose weights an experiment with `objective: bradley-terry` trains.", exit: .badSpec)
    case .roundBeyondRecords(let step, let wanted, let records, let place):
      Diagnosis(
        "step.too-few-records",
        "\(step): the round takes the records \(wanted.lowerBound + 1) to \(wanted.upperBound), and there are \(records)",
        place: place, remedy: "Take fewer records a round, run fewer rounds, or give the part more records.",
        exit: .badSpec)
    case .foreignOptimizer(let step):
      Diagnosis(
        "step.foreign-optimizer", "\(step): the last round's optimizer does not fit this training",
        remedy: "A stored result is damaged: run `runner store verify`.", exit: .inputOutput)
    case .badErrors(let step, let record, let reason, let fields, let place):
      Diagnosis(
        "step.bad-errors", "\(step): the errors of record \(record) \(reason)", place: place, notes: Self.note(fields),
        remedy: "Check `errors: {recorded: {at, start, end}}`; characters are Unicode scalars, counted from 0.",
        exit: .badSpec)
    case .judgmentCount(let step, let responses, let record, let place):
      Diagnosis(
        "step.judgment-count", "\(step): record \(record) has one judgment and \(responses) responses", place: place,
        remedy: "Generate one response a record where judgments stand in the data.", exit: .badSpec)
    case .tooFewExamples(let step, let asked, let counts, let place):
      Diagnosis(
        "step.too-few-examples", "\(step): \(asked) examples are asked for and there are \(counts.items)",
        place: place, notes: [counts.sentence],
        remedy: "Ask for fewer, or take more records or more samples.", exit: .badSpec)
    case .noExamples(let step, let counts, let place):
      Diagnosis(
        "step.no-examples", "\(step): there are no examples, so nothing can be learned or compared",
        place: place, notes: [counts.sentence],
        remedy: "Look at what the responses became, then change generator, reviser or length.",
        exit: .badSpec)
    case .nothingRead(let step, let objective, let examples):
      Diagnosis(
        "step.nothing-read", "\(step): `\(objective)` can learn from none of the \(examples) examples",
        notes: [Self.unreadExamples],
        remedy: "Look at them with `runner preview`, then change reviser or objective.", exit: .badSpec)
    case .noPartner(let step):
      Diagnosis(
        "step.no-partner", "\(step): all examples belong to one record, so no response answers another prompt",
        remedy: "Train on at least two records.", exit: .badSpec)
    case .noPairs(let step):
      Diagnosis(
        "step.no-pairs", "\(step): there are no pairs of a better and a worse response",
        remedy: "Use data whose reviser gives pairs, and look at the counts of what came to nothing.", exit: .badSpec)
    case .notFinite(let step):
      Diagnosis(
        "step.not-finite", "\(step): the model gives log-probabilities that are not finite",
        notes: ["Its weights are so large that their products leave the range of numbers."],
        remedy: "If they were trained, lower the learning rate; else use other weights.", exit: .stepFailed)
    }
  }
}
