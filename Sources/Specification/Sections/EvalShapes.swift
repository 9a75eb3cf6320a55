// How evals are written in a spec.
// Knows nothing of how anything is measured.

import YAML

extension Eval {
  static var shape: Shape<Eval> {
    .choice(
      "eval",
      [
        Alternative("accuracy", AccuracyEval.shape, "Generate, then verify.") { .accuracy($0) },
        Alternative("choice", ChoiceEval.shape, "Which option is likeliest.") { .choice($0) },
        Alternative("perplexity", PerplexityEval.shape, "How likely text is.") { .perplexity($0) },
        Alternative("preference", PreferenceEval.shape, "How often the better response scores higher.") {
          .preference($0)
        },
        Alternative("reward", RewardEval.shape, "The mean score of a reward model.") { .reward($0) },
        Alternative("win-rate", WinRateEval.shape, "How often the response beats another's.") { .winRate($0) },
        Alternative("drift", DriftEval.shape, "How far the model has moved from the reference.") { .drift($0) },
        Alternative("pair-statistics", PairStatisticsEval.shape, "How much pairs differ.") { .pairStatistics($0) },
        Alternative("likelihood-trace", LikelihoodTraceEval.shape, "Log-probabilities as training goes.") {
          .likelihoodTrace($0)
        },
        Alternative("error-detection", ErrorDetectionEval.shape, "How well a judgment tells where errors stand.") {
          .errorDetection($0)
        },
      ])
  }
}

extension AccuracyEval {
  fileprivate static var shape: Shape<AccuracyEval> {
    .record("accuracy") { fields in
      let on = fields.on()
      let model = fields.model()
      let decoding = Decoding.read(&fields, temperature: 0)
      let samples = fields.optional(
        "samples", .integer(.within(1...100_000)), default: 1, "Responses for each prompt.")
      let by = fields.by()
      let variables = fields.variables()
      let prompt = fields.prompt()
      guard let on else { return nil }
      fields.reading.needsVerifier(of: on.parts.map(\.dataset), in: "accuracy", fields.place("on"))
      return AccuracyEval(
        on: on, model: model, decoding: decoding, samples: samples, by: by, variables: variables, prompt: prompt)
    }
  }
}

extension ChoiceEval {
  fileprivate static var shape: Shape<ChoiceEval> {
    .record("choice") { fields in
      let on = fields.on()
      let model = fields.model()
      let normalize = fields.optional(
        "normalize", Shape<Normalization>.word, default: .none, "What a log-probability is divided by.")
      let continuation = fields.optional(
        "continuation", Shape<Continuation>.word, default: .text, "What stands after the prompt.")
      let by = fields.by()
      let variables = fields.variables()
      let prompt = fields.prompt()
      guard let on else { return nil }
      fields.reading.needsOptions(
        of: on.parts.map(\.dataset), letters: continuation == .letter ? fields.place("continuation") : nil,
        fields.place("on"))
      return ChoiceEval(
        on: on, model: model, normalize: normalize, continuation: continuation, by: by, variables: variables,
        prompt: prompt)
    }
  }
}

extension PerplexityEval {
  fileprivate static var shape: Shape<PerplexityEval> {
    .record("perplexity") { fields in
      let on = fields.on()
      let model = fields.model()
      let text = fields.optional("text", .template, "Plain text to score, without turns.")
      let response = fields.optional("response", .template, "A response to score after the prompt.")
      let prompt = fields.prompt()
      let by = fields.by()
      let variables = fields.variables()
      if fields.has("text") == fields.has("response"), let place = fields.place("response"), !fields.reading.isPartial {
        fields.reading.note(
          .exactlyOne(of: ["text", "response"], in: "perplexity", found: fields.has("text") ? 2 : 0), place)
      }
      if fields.has("text"), fields.has("prompt"), let place = fields.place("prompt") {
        fields.reading.note(.goesOnlyWith(key: "prompt", other: "response"), place)
      }
      guard let on, let scored = text.map(Scored.text) ?? response.map({ .response($0, prompt: prompt) }) else {
        return nil
      }
      return PerplexityEval(on: on, model: model, scored: scored, by: by, variables: variables)
    }
  }
}

extension PreferenceEval {
  fileprivate static var shape: Shape<PreferenceEval> {
    .record("preference") { fields in
      let on = fields.on()
      let model = fields.model()
      let score = fields.optional(
        "score", Shape<Score>.word,
        "What a response's score is; unless set, `reward` where the objective is bradley-terry, and else `sum`.")
      let by = fields.by()
      return on.map { PreferenceEval(on: $0, model: model, score: score, by: by) }
    }
  }
}

extension RewardEval {
  fileprivate static var shape: Shape<RewardEval> {
    .record("reward") { fields in
      let on = fields.on()
      let model = fields.required("model", .modelName, "The reward model.")
      let decoding = Decoding.read(&fields, temperature: 0)
      let by = fields.by()
      guard let on, let model else { return nil }
      return RewardEval(on: on, model: model, decoding: decoding, by: by)
    }
  }
}

extension WinRateEval {
  fileprivate static var shape: Shape<WinRateEval> {
    .record("win-rate") { fields in
      let on = fields.on()
      let against = fields.required("against", .modelName, "The model whose responses it must beat.")
      if against == "policy", let place = fields.place("against") { fields.reading.note(.againstItself, place) }
      let by = fields.required("by", Assessor.written([.verifier, .rewardModel, .model]), "Who decides.")
      let prompt = fields.optional(
        "prompt", Prompt.shape, default: .comparison,
        "What a model that decides is asked; knows {first}, {second} and {asked}.")
      let decoding = Decoding.read(&fields, temperature: 0)
      // Here `by` says who decides.
      let results = fields.by("results-by")
      guard let on, let against, let by else { return nil }
      if by == .verifier {
        fields.reading.needsVerifier(of: on.parts.map(\.dataset), in: "win-rate", fields.place("by"))
      }
      let assessor: Assessor
      switch by {
      case .verifier: assessor = .verifier
      case .rewardModel(let name): assessor = .rewardModel(name)
      case .model(let name):
        // Its reply is a digit, however the responses are written.
        let decoding = Decoding(maxNewTokens: 8, temperature: 0, topP: 1, topK: nil, stop: [])
        assessor = .model(ModelCall(model: name, prompt: prompt, decoding: decoding))
      case .recorded: return nil
      }
      if case .model = by {} else { fields.refuse("prompt", without: "by: {model: …}") }
      return WinRateEval(on: on, against: against, by: assessor, decoding: decoding, results: results)
    }
  }
}

extension DriftEval {
  fileprivate static var shape: Shape<DriftEval> {
    .record("drift") { fields in
      let on = fields.on()
      // The mean log-ratio of texts that the model draws is KL(model, reference); of other texts it is not.
      let decoding = Decoding.read(&fields, temperature: 1)
      let by = fields.by()
      return on.map { DriftEval(on: $0, decoding: decoding, by: by) }
    }
  }
}

extension PairStatisticsEval {
  fileprivate static var shape: Shape<PairStatisticsEval> {
    .record("pair-statistics") { fields in
      PairStatisticsEval(
        tokens: fields.optional(
          "tokens", Shape<Tokens>.word, default: .words,
          "What Jaccard's sets are of: words between white space, or the policy's tokens."))
    }
  }
}

extension LikelihoodTraceEval {
  fileprivate static var shape: Shape<LikelihoodTraceEval> {
    .record("likelihood-trace") { fields in
      let on = fields.optional("on", .evalData, "Which records; the pairs that are trained on by default.")
      let every = fields.optional(
        "every", BestCheckpoint.Interval.shape, default: .epochs(1), "How often it is measured.")
      return LikelihoodTraceEval(on: on, every: every)
    }
  }
}

extension ErrorDetectionEval {
  fileprivate static var shape: Shape<ErrorDetectionEval> {
    .record("error-detection") { fields in
      let on = fields.on()
      let model = fields.model()
      let response = fields.required("response", .template, "The response that has errors, or gets them.")
      let errors = fields.required("errors", ErrorSource.shape, "Where the errors stand.")
      let error = fields.optional(
        "error", .template, default: .standard("“{wrong}” is wrong."),
        "What is said of one error; knows {wrong}, its own members, and {right} of a planted one.")
      let judgment = fields.optional(
        "judgment", .template, default: .standard("{errors}"),
        "The judgment; knows {errors}, what is said of all, and {response}.")
      let prompt = fields.judgedPrompt()
      let by = fields.by()
      guard let on, let response, let errors else { return nil }
      return ErrorDetectionEval(
        on: on, model: model, response: response, errors: errors, error: error, judgment: judgment,
        judgedPrompt: prompt, by: by)
    }
  }
}

extension ErrorSource {
  fileprivate static var shape: Shape<ErrorSource> {
    .choice(
      "source of errors", id: "errors",
      [
        Alternative("recorded", RecordedErrors.shape, "The data give their characters.") { .recorded($0) },
        Alternative("planted", PlantedErrors.shape, alone: true, "Words are replaced by others.") { .planted($0) },
      ])
  }
}

extension RecordedErrors {
  fileprivate static var shape: Shape<RecordedErrors> {
    .record("recorded-errors") { fields in
      let at = fields.required(
        "at", .oneOrMore(of: .nonEmptyText(), atLeast: 1), "The field, or the members within members, of their list.")
      let start = fields.optional(
        "start", .nonEmptyText(), default: "start", "An error's member for its first character, counted from 0.")
      let end = fields.optional(
        "end", .nonEmptyText(), default: "end", "An error's member for the character after its last one.")
      return at.map { RecordedErrors(at: $0, start: start, end: end) }
    }
  }
}

extension PlantedErrors {
  fileprivate static var shape: Shape<PlantedErrors> {
    .record("planted-errors") { fields in
      let words = fields.optional(
        "words", .integer(.within(1...1_000)), default: 1, "How many words of a response are replaced.")
      let seed = fields.optional("seed", .integer(), default: 1, "Decides which words, and by what.")
      return PlantedErrors(words: words, seed: seed)
    }
  }
}

extension Fields {
  fileprivate mutating func on() -> EvalData? {
    required("on", .evalData, "Which records: `name/part`, or a part of every data set that is trained on.")
  }

  fileprivate mutating func model() -> String {
    optional("model", .modelName, default: "policy", "The model that is looked at.")
  }

  fileprivate mutating func by(_ key: String = "by") -> EvalGrouping {
    optional(key, Shape<EvalGrouping>.word, default: .all, "How results are divided.")
  }

  fileprivate mutating func variables() -> Named<String> {
    optional("variables", .named(.text()), default: Named(), "Variables bound for this eval.")
  }

  fileprivate mutating func prompt() -> Prompt? {
    optional("prompt", Prompt.shape, "Another prompt than the data set's.")
  }
}
