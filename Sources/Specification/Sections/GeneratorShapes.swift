// How generator stages are written in a spec.
// Knows nothing of decoding.

import YAML

extension Generator {
  static var shape: Shape<Generator> {
    .choice(
      "generator",
      [
        Alternative("sample", SampleOptions.shape, alone: true, "A model writes candidates.") { .sample($0) },
        Alternative("recorded", RecordedResponses.shape, "Candidates stand in the data.") { .recorded($0) },
      ])
  }
}

extension Decoding {
  /// The keys of decoding.
  static let keys = ["max-new-tokens", "temperature", "top-p", "top-k", "stop"]

  private static let mostNewTokens = 1_048_576

  /// The keys of decoding, for records that hold more than them.
  ///
  /// - Parameters:
  ///   - fields: The record's keys.
  ///   - temperature: The temperature where none is given.
  /// - Returns: The decoding.
  static func read(_ fields: inout Fields, temperature: Double) -> Decoding {
    let maxNewTokens = fields.optional(
      "max-new-tokens", .integer(.within(1...Double(mostNewTokens))).orUnknown(mostNewTokens), default: 64,
      "The most tokens of a response.")
    let temperature = fields.optional(
      "temperature", .number(.atLeast(0)).orUnknown(1), default: temperature, "0 takes the likeliest token.")
    let topP = fields.optional(
      "top-p", .number(Limits(above: 0, atMost: 1)), default: 1, "Keep the likeliest tokens up to this probability.")
    let topK = fields.optional("top-k", .count(), "Keep so many of the likeliest tokens.")
    let stop = fields.optional(
      "stop", .list(of: .nonEmptyText()), default: [], "Texts that end a response.")
    return Decoding(maxNewTokens: maxNewTokens, temperature: temperature, topP: topP, topK: topK, stop: stop)
  }
}

extension SampleOptions {
  fileprivate static var shape: Shape<SampleOptions> {
    .record("sample") { fields in
      let model = fields.optional("model", .modelName, default: "policy", "The model that writes.")
      let samples = fields.optional(
        "samples", .integer(.within(1...100_000)), default: 1, "Candidates for each prompt.")
      let distinct = fields.optional(
        "distinct", .flag, default: false, "Whether equal candidates of a prompt count once.")
      let decoding = Decoding.read(&fields, temperature: 1)
      return SampleOptions(model: model, samples: samples, distinct: distinct, decoding: decoding)
    }
  }
}

extension RecordedResponses {
  fileprivate static var shape: Shape<RecordedResponses> {
    .record("recorded") { fields in
      let responses = fields.required(
        "responses", .list(of: .template, atLeast: 1),
        "One template for each candidate; a field with a list gives several.")
      let take = fields.optional("take", Shape<Take>.word, default: .whole, "What of the text is the response.")
      let dataset = fields.optional("of", .datasetName, "The data set whose records have them; unless set, all.")
      return responses.map { RecordedResponses(responses: $0, take: take, dataset: dataset) }
    }
  }
}
