// Generates responses record by record; each is stored as it is finished.

import Digests
import Execution
import JSON
import LanguageModel
import Planning
import Randomness
import Records
import Specification

enum GenerateStep {
  static func run(
    _ work: GenerateWork, _ task: StepTask, models: ModelCache, batch: Int
  ) throws -> ([ProducedOutput], WorkCount) {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let identities = PromptIdentity.all(of: prompts)
    let slots = prompts.indices.flatMap { prompt in (0..<work.samples).map { (prompt: prompt, sample: $0) } }
    let keys = slots.map { RecordKey.key(identity: identities[$0.prompt].key, sample: $0.sample) }
    let (results, count) = try task.results(of: keys) { missing, finished in
      if let step = try models.divergence(work.model, for: task) {
        return try task.give(Response(divergedAt: step).json.canonicalBytes, for: missing, finished)
      }
      let writer = ResponseWriter(work, model: try models.model(work.model, for: task))
      var requests: [GenerationRequest] = []
      var positions: [Int] = []
      for position in missing {
        let (prompt, sample) = slots[position]
        let address = identities[prompt].address(seed: work.seed ?? 0, sample: sample)
        let request = writer.request(prompts[prompt], address: address)
        if let refusal = writer.refusal(of: request) {
          if try !finished(position, refusal.json.canonicalBytes) { return }
        } else {
          requests.append(request)
          positions.append(position)
        }
      }
      try writer.model.decoder.generate(requests, batch: batch) { index, generation in
        try finished(positions[index], writer.response(generation).json.canonicalBytes)
      }
    }
    var records: [Responses] = []
    for (index, prompt) in prompts.enumerated() {
      var responses: [Response] = []
      for bytes in results[(index * work.samples)..<((index + 1) * work.samples)] {
        let response = try Response(json: JSONValue(parsing: bytes))
        if !work.distinct || !responses.contains(where: { $0.text.utf8.elementsEqual(response.text.utf8) }) {
          responses.append(response)
        }
      }
      records.append(
        Responses(id: prompt.id, responses: responses, duplicates: work.samples - responses.count))
    }
    return ([ProducedOutput("responses", RecordFile.bytes(records), records: records.count)], count)
  }
}

extension StepTask {
  /// Finishes each missing record with the same result: what is asked of a model that diverged is known beforehand.
  func give(_ result: [UInt8], for missing: [Int], _ finished: (Int, [UInt8]) throws -> Bool) throws {
    for position in missing where try !finished(position, result) { return }
  }
}

/// From prompts to requests and from tokens to responses.
private struct ResponseWriter {
  let model: LoadedModel
  private let work: GenerateWork
  private let endTokens: [TokenID]
  private let stops: [String]

  init(_ work: GenerateWork, model: LoadedModel) {
    self.work = work
    self.model = model
    endTokens = work.model.chatFormat.endTokens(for: model.tokenizer)
    stops = work.decoding.stop + work.model.chatFormat.stopTexts(for: model.tokenizer)
  }

  func request(_ prompt: RenderedPrompt, address: RandomAddress) -> GenerationRequest {
    let decoding = work.decoding
    var shouldStop: (@Sendable ([TokenID]) -> Bool)?
    if !stops.isEmpty {
      let check = StopCheck(model.tokenizer, stops)
      shouldStop = { check($0) }
    }
    return GenerationRequest(
      prompt: model.tokenizer.encode(work.model.segments(of: prompt)), maxNewTokens: decoding.maxNewTokens,
      endTokens: endTokens,
      sampling: Sampling(
        temperature: decoding.temperature, topK: decoding.topK, topP: decoding.topP < 1 ? decoding.topP : nil,
        minP: nil),
      random: address, shouldStop: shouldStop)
  }

  /// A response that says why there is none: a prompt that leaves no room is a counted outcome, not a failed run.
  func refusal(of request: GenerationRequest) -> Response? {
    let context = model.configuration.context
    if request.prompt.isEmpty {
      return Response(text: "the prompt is empty", finish: .error, tokens: 0)
    }
    guard request.prompt.count >= context else { return nil }
    return Response(
      text: "the prompt has \(request.prompt.count) tokens and the model reads \(context)", finish: .error, tokens: 0)
  }

  func response(_ generation: Generation) -> Response {
    var text = model.tokenizer.decode(generation.tokens, skippingSpecial: true)
    let lead = work.model.chatFormat.responseLead
    if text.hasPrefix(lead) { text = String(text.dropFirst(lead.count)) }
    var matcher = StopMatcher(stops)
    let stopped = matcher.append(text)
    return Response(
      text: matcher.text, finish: stopped || generation.finish == .stop ? .stop : .length,
      tokens: generation.logProbs.count)
  }
}
