// What is measured.
// Knows nothing of how.

/// What is measured.
///
/// Every eval names the model it looks at; by default the one that is trained.
public enum Eval: Hashable, Sendable {
  /// Generate, then verify.
  case accuracy(AccuracyEval)
  /// Which option is likeliest.
  case choice(ChoiceEval)
  /// How likely text is.
  case perplexity(PerplexityEval)
  /// How often the better of two recorded responses scores higher.
  case preference(PreferenceEval)
  /// The mean score of a reward model.
  case reward(RewardEval)
  /// How often the model's response beats another.
  case winRate(WinRateEval)
  /// How far the model has moved from the reference: KL, and length.
  case drift(DriftEval)
  /// How much the two responses of a pair differ; no training.
  case pairStatistics(PairStatisticsEval)
  /// Log-probabilities of better and worse responses as training goes.
  case likelihoodTrace(LikelihoodTraceEval)
  /// How well a judgment tells tokens inside of errors from the others (CUT).
  case errorDetection(ErrorDetectionEval)

  /// The kind's name in a spec.
  public var kind: String {
    switch self {
    case .accuracy: "accuracy"
    case .choice: "choice"
    case .perplexity: "perplexity"
    case .preference: "preference"
    case .reward: "reward"
    case .winRate: "win-rate"
    case .drift: "drift"
    case .pairStatistics: "pair-statistics"
    case .likelihoodTrace: "likelihood-trace"
    case .errorDetection: "error-detection"
    }
  }

  /// Whether numbers of a kind of eval are shares of records, which people read and print in percent.
  ///
  /// - Parameter kind: The kind's name in a spec.
  /// - Returns: Whether they are; false of a name that is no kind.
  public static func isShare(_ kind: String) -> Bool {
    ["accuracy", "choice", "preference", "win-rate"].contains(kind)
  }

  /// The words that tell the numbers of a kind of eval apart; an empty one for the number that has the eval's own name.
  ///
  /// - Parameter kind: The kind's name in a spec.
  /// - Returns: At least one word; of a name that is no kind an empty one.
  static func members(ofKind kind: String) -> [String] {
    switch kind {
    case "drift": ["", "tokens"]
    case "pair-statistics": ["Jaccard", "Levenshtein", "length"]
    case "likelihood-trace": ["chosen", "rejected"]
    case "error-detection": ["", "within"]
    default: [""]
    }
  }

  /// What tables call the numbers of an eval: `drift` and `drift tokens`, or `pairs Jaccard`.
  ///
  /// - Parameters:
  ///   - name: The eval's name.
  ///   - kind: Its kind's name in a spec.
  /// - Returns: At least one name.
  static func numbers(of name: String, kind: String) -> [String] {
    members(ofKind: kind).map { $0.isEmpty ? name : "\(name) \($0)" }
  }

  /// What it looks at; nil for evals of the training data.
  public var on: EvalData? {
    switch self {
    case .accuracy(let eval): eval.on
    case .choice(let eval): eval.on
    case .perplexity(let eval): eval.on
    case .preference(let eval): eval.on
    case .reward(let eval): eval.on
    case .winRate(let eval): eval.on
    case .drift(let eval): eval.on
    case .pairStatistics: nil
    case .likelihoodTrace(let eval): eval.on
    case .errorDetection(let eval): eval.on
    }
  }

  /// The same eval of other records; nil for evals of the training data.
  ///
  /// - Parameter part: The records.
  /// - Returns: The eval.
  public func looking(at part: DataReference) -> Eval? {
    let on = EvalData(written: part.text, parts: [part])
    switch self {
    case .accuracy(var eval):
      eval.on = on
      return .accuracy(eval)
    case .choice(var eval):
      eval.on = on
      return .choice(eval)
    case .perplexity(var eval):
      eval.on = on
      return .perplexity(eval)
    case .preference(var eval):
      eval.on = on
      return .preference(eval)
    case .reward(var eval):
      eval.on = on
      return .reward(eval)
    case .winRate(var eval):
      eval.on = on
      return .winRate(eval)
    case .drift(var eval):
      eval.on = on
      return .drift(eval)
    case .pairStatistics: return nil
    case .likelihoodTrace(var eval):
      if eval.on == nil { return nil }
      eval.on = on
      return .likelihoodTrace(eval)
    case .errorDetection(var eval):
      eval.on = on
      return .errorDetection(eval)
    }
  }
}

extension Named where Value == Eval {
  /// What tables call the numbers of these evals, in order.
  public var numbers: [String] { entries.flatMap { Eval.numbers(of: $0.name, kind: $0.value.kind) } }

  /// The eval that gives a number of that name.
  func eval(ofNumber name: String) -> Eval? {
    entries.first { entry in
      Eval.numbers(of: entry.name, kind: entry.value.kind).contains { $0.utf8.elementsEqual(name.utf8) }
    }?.value
  }
}

/// How results are divided.
public enum EvalGrouping: String, Hashable, Sendable, CaseIterable {
  /// One number over all records.
  case all
  /// One number for each data set.
  case dataset
}

/// Generate, then verify.
public struct AccuracyEval: Hashable, Sendable {
  /// What it looks at.
  public internal(set) var on: EvalData
  /// The model's name.
  public let model: String
  /// How it writes; greedy unless a temperature is set.
  public let decoding: Decoding
  /// Responses for each prompt; at least 1; the score of a record is their mean.
  public let samples: Int
  /// How results are divided.
  public let by: EvalGrouping
  /// Variables bound for this eval, before those of the experiment.
  public let variables: Named<String>
  /// Another prompt than the data set's.
  public let prompt: Prompt?
}

/// Which option is likeliest.
public struct ChoiceEval: Hashable, Sendable {
  /// What an option's log-probability is divided by.
  public enum Normalization: String, Hashable, Sendable, CaseIterable {
    /// Nothing: the sum.
    case none
    /// Its tokens.
    case tokens
    /// Its bytes in UTF-8.
    case bytes
    /// Its characters, counted as Unicode scalars: lm-evaluation-harness's `acc_norm`.
    case characters
  }

  /// What stands after the prompt.
  public enum Continuation: String, Hashable, Sendable, CaseIterable {
    /// The option's text.
    case text
    /// The option's letter, as `options.letters` writes it.
    case letter
  }

  /// What it looks at.
  public internal(set) var on: EvalData
  /// The model's name.
  public let model: String
  /// What an option's log-probability is divided by.
  public let normalize: Normalization
  /// What stands after the prompt.
  public let continuation: Continuation
  /// How results are divided.
  public let by: EvalGrouping
  /// Variables bound for this eval, before those of the experiment.
  public let variables: Named<String>
  /// Another prompt than the data set's.
  public let prompt: Prompt?
}

/// How likely text is.
public struct PerplexityEval: Hashable, Sendable {
  /// What is scored.
  public enum Scored: Hashable, Sendable {
    /// Plain text, without turns.
    case text(Template)
    /// A response after the data set's prompt (or another).
    case response(Template, prompt: Prompt?)
  }

  /// What it looks at.
  public internal(set) var on: EvalData
  /// The model's name.
  public let model: String
  /// What is scored.
  public let scored: Scored
  /// How results are divided.
  public let by: EvalGrouping
  /// Variables bound for this eval, before those of the experiment.
  public let variables: Named<String>
}

/// How often the better of two recorded responses scores higher.
public struct PreferenceEval: Hashable, Sendable {
  /// What a response's score is.
  public enum Score: String, Hashable, Sendable, CaseIterable {
    /// The model's reward head.
    case reward
    /// The sum of its log-probabilities.
    case sum
    /// The mean of its log-probabilities.
    case mean
    /// Its length.
    case length
  }

  /// What it looks at; the pairs are those that the generator and the reviser make of it, without noise in the labels.
  public internal(set) var on: EvalData
  /// The model's name.
  public let model: String
  /// What a response's score is; nil: the reward where a reward model is trained, and else the sum.
  public let score: Score?
  /// How results are divided.
  public let by: EvalGrouping
}

/// The mean score of a reward model.
public struct RewardEval: Hashable, Sendable {
  /// What it looks at.
  public internal(set) var on: EvalData
  /// The reward model's name.
  public let model: String
  /// How the policy writes what is scored.
  public let decoding: Decoding
  /// How results are divided.
  public let by: EvalGrouping
}

/// How often the model's response beats another.
public struct WinRateEval: Hashable, Sendable {
  /// What it looks at.
  public internal(set) var on: EvalData
  /// The name of the model whose responses it must beat.
  public let against: String
  /// Who decides.
  public let by: Assessor
  /// How both write.
  public let decoding: Decoding
  /// How results are divided.
  public let results: EvalGrouping
}

/// How far the model has moved from the reference.
public struct DriftEval: Hashable, Sendable {
  /// What it looks at.
  public internal(set) var on: EvalData
  /// How the model writes the responses along which the distance is taken.
  public let decoding: Decoding
  /// How results are divided.
  public let by: EvalGrouping
}

/// How much the two responses of a pair differ.
public struct PairStatisticsEval: Hashable, Sendable {
  /// What Jaccard's sets are of.
  public enum Tokens: String, Hashable, Sendable, CaseIterable {
    /// Words between white space, as written.
    case words
    /// Tokens of the policy.
    case model
  }

  /// What Jaccard's sets are of.
  public let tokens: Tokens
}

/// Log-probabilities of better and worse responses as training goes.
public struct LikelihoodTraceEval: Hashable, Sendable {
  /// What it looks at; nil: the pairs that are trained on.
  public internal(set) var on: EvalData?
  /// How often.
  public let every: BestCheckpoint.Interval
}

/// How well a judgment tells tokens inside of errors from the others: the area under the ROC curve of CUT's detection ratio.
public struct ErrorDetectionEval: Hashable, Sendable {
  /// What it looks at.
  public internal(set) var on: EvalData
  /// The model's name.
  public let model: String
  /// The response that has errors, or that errors are planted in.
  public let response: Template
  /// Where the errors stand.
  public let errors: ErrorSource
  /// What a judgment says of one error; knows `{wrong}`, the words that are in error, and what the source gives besides.
  public let error: Template
  /// The judgment; knows the record's fields, `{response}`, and `{errors}`, what is said of all errors.
  public let judgment: Template
  /// The prompt with the judgment.
  public let judgedPrompt: Prompt
  /// How results are divided.
  public let by: EvalGrouping
}

/// Where the errors of a response stand.
public enum ErrorSource: Hashable, Sendable {
  /// The data give their characters.
  case recorded(RecordedErrors)
  /// Words of the response are replaced by others.
  case planted(PlantedErrors)
}

/// Errors whose characters the data give.
public struct RecordedErrors: Hashable, Sendable {
  /// The names of the members, the outermost first, that lead to the list of errors; not empty.
  public let at: [String]
  /// The member of an error that holds its first character, counted from 0 in Unicode scalars.
  public let start: String
  /// The member of an error that holds the character after its last one.
  public let end: String
}

/// Errors that are planted.
public struct PlantedErrors: Hashable, Sendable {
  /// How many words of a response are replaced; at least 1.
  public let words: Int
  /// Decides which words, and by what.
  public let seed: Int
}
