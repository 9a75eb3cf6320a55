// Mark and detect: responses whose errors are known, and how well a judgment tells them (CUT).

import Digests
public import Specification

/// Gives each response the places of its errors and a judgment that tells of them.
///
/// Inputs: `prompts`, `records`. Outputs: `feedback`, one judged response a record, or a leftover where there is no error;
/// and `errors`, their characters.
public struct MarkWork: Work, Hashable {
  static let kind = StepKind.mark
  static let version = 1
  /// The response that has errors, or that errors are planted in.
  public let response: Template
  /// Where the errors stand.
  public let errors: ErrorSource
  /// What is said of one error.
  public let error: Template
  /// The judgment.
  public let judgment: Template

  var recipe: RecordRecipe? { RecordRecipe(options: options, inputs: [], samples: 1, identities: nil) }

  var options: Manifest {
    var options = Manifest()
    options.set("response", .text(response.source))
    options.set("error", .text(error.source))
    options.set("judgment", .text(judgment.source))
    switch errors {
    case .recorded(let recorded):
      options.set("errors", .text("recorded"))
      options.set("errors/at", texts: recorded.at)
      options.set("errors/start", .text(recorded.start))
      options.set("errors/end", .text(recorded.end))
    case .planted(let planted):
      options.set("errors", .text("planted"))
      options.set("errors/words", .integer(planted.words))
      options.set("errors/seed", .integer(planted.seed))
    }
    return options
  }
}

/// Says how well the detection ratio of CUT, p(token | judged prompt) / p(token | prompt), tells tokens inside of errors
/// from the others.
///
/// Inputs: `feedback` (judged responses with their judged prompts), `errors`, `scores` (each response behind its prompt,
/// then behind its judged prompt), and the model's for its tokenizer, without adapters. Outputs: `outcomes`, whose mean over
/// all tokens is the area under the ROC curve, and `within`, the area within each response.
public struct DetectWork: Work, Hashable {
  static let kind = StepKind.detect
  static let version = 1
  /// The model whose tokens are told apart.
  public let model: ModelUse

  var options: Manifest {
    var options = Manifest()
    model.describeTurns(into: &options)
    model.describeSource(into: &options)
    return options
  }
}
