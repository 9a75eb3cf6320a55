// What is done with candidates before training: each stage a step whose arrow is typed.
// Knows nothing of how a stage works.

/// What flows between the stages.
public enum Feedback: String, Hashable, Sendable, CaseIterable {
  /// Candidates, nothing said about them.
  case responses
  /// Responses with a judgment each, or none if acceptable.
  case judgments
  /// A better and a worse response.
  case pairs
  /// Candidates in order, best first, with scores where there are any.
  case rankings
  /// Responses under an instruction that fits them.
  case relabeled
}

/// A stage that turns one kind of feedback into another.
public enum Reviser: Hashable, Sendable {
  /// The smallest edit that makes a response right (CLAIR): responses → pairs.
  case minimalRevision(MinimalRevision)
  /// Best and worst candidate: responses → pairs.
  case judge(Judge)
  /// A stronger response against the candidate: responses → pairs.
  case stronger(Stronger)
  /// What is wrong with a response, in words (CUT): responses → judgments.
  case judgment(JudgmentSource)
  /// A better response written with the judgment at hand (ILF): judgments → pairs.
  case refinement(Refinement)
  /// The instruction that a response fits (HIR): responses → relabeled.
  case hindsight(Hindsight)
  /// Scores, and the order they give (CLHA): responses or rankings → rankings.
  case rescore(Assessor)
  /// The order in which the data give the candidates: responses → rankings.
  case ranked
  /// Some of what comes in: unchanged kind.
  case select(Selection)
  /// Noise: some records' order or verdict turned around: unchanged kind.
  case flip(Flip)

  /// The stage's name in a spec.
  public var name: String {
    switch self {
    case .minimalRevision: "minimal-revision"
    case .judge: "judge"
    case .stronger: "stronger"
    case .judgment: "judgment"
    case .refinement: "refinement"
    case .hindsight: "hindsight"
    case .rescore: "rescore"
    case .ranked: "ranked"
    case .select: "select"
    case .flip: "flip"
    }
  }

  /// The kinds of feedback that it reads.
  public var reads: [Feedback] {
    switch self {
    case .minimalRevision, .judge, .stronger, .judgment, .hindsight, .ranked: [.responses]
    case .refinement: [.judgments]
    // Numbers in the data, and replies, belong to candidates as they came.
    case .rescore(.recorded), .rescore(.model): [.responses]
    case .rescore(.verifier), .rescore(.rewardModel): [.responses, .rankings]
    case .select(let selection):
      selection.acceptablePerRejected == nil ? [.responses, .judgments, .pairs, .relabeled] : [.judgments]
    case .flip: [.responses, .judgments, .pairs, .rankings]
    }
  }

  /// The kind of feedback that it gives, after reading `input`.
  public func gives(_ input: Feedback) -> Feedback {
    switch self {
    case .minimalRevision, .judge, .stronger, .refinement: .pairs
    case .judgment: .judgments
    case .hindsight: .relabeled
    case .rescore, .ranked: .rankings
    case .select, .flip: input
    }
  }
}

/// A model that is asked, with its prompt.
public struct ModelCall: Hashable, Sendable {
  /// The model's name.
  public let model: String
  /// What it is asked; knows the record's fields, {response}, and what the stage binds besides.
  public let prompt: Prompt
  /// How it writes.
  public let decoding: Decoding
}

/// Who says how good a response is.
public enum Assessor: Hashable, Sendable {
  /// The data set's verifier: 1 if right, 0 if wrong.
  case verifier
  /// A model that is asked.
  case model(ModelCall)
  /// The score of a reward model, by its name.
  case rewardModel(String)
  /// A number in the data for each candidate.
  case recorded([Template])
}

/// The smallest edit that makes a response right.
public struct MinimalRevision: Hashable, Sendable {
  /// Who edits.
  public enum Editor: Hashable, Sendable {
    /// The verifier puts the right answer where the wrong one stands.
    case verifier
    /// A model that is asked.
    case model(ModelCall)
    /// The edited responses stand in the data: one template for each candidate, in order; not empty.
    case recorded([Template])
  }

  /// Who edits.
  public let by: Editor
  /// Which pairs stay.
  public let keep: KeptPairs
}

/// Which pairs stay.
public enum KeptPairs: String, Hashable, Sendable, CaseIterable {
  /// All.
  case all
  /// Those whose better response the data set's verifier calls right.
  case verdictRight = "verdict-right"
}

/// Best and worst candidate.
public struct Judge: Hashable, Sendable {
  /// Who says how good a candidate is.
  public let by: Assessor
}

/// A stronger response, written without knowledge of the candidate, against the candidate.
public struct Stronger: Hashable, Sendable {
  /// Where the stronger response comes from.
  public enum Source: Hashable, Sendable {
    /// It is an accepted answer by itself, which the verifier calls right.
    case verifier
    /// A model, by its name, writes it.
    case model(String, Decoding)
    /// It stands in the data.
    case recorded(Template)
  }

  /// Where the stronger response comes from.
  public let source: Source
  /// Which pairs stay.
  public let keep: KeptPairs
}

/// Where judgments in words come from.
public enum JudgmentSource: Hashable, Sendable {
  /// Written around the verifier's verdict; `{reason}` says what is wrong. No `right` text means acceptable.
  case verifier(wrong: Template, right: Template?)
  /// In the data; absent, null or empty means acceptable.
  case recorded(Template)
  /// A model is asked; a reply equal to `acceptable` means acceptable.
  case model(ModelCall, acceptable: String)
}

/// A better response written with the judgment at hand.
public struct Refinement: Hashable, Sendable {
  /// Where it comes from.
  public enum Origin: Hashable, Sendable {
    /// A model writes it, asked with {response} and {judgment}.
    case model(ModelCall)
    /// It stands in the data, one for each response.
    case recorded([Template])
  }

  /// Where it comes from.
  public let by: Origin
  /// Which pairs stay.
  public let keep: KeptPairs
}

/// The instruction that a response fits.
public struct Hindsight: Hashable, Sendable {
  /// Who says which instruction a response fits.
  public enum Source: Hashable, Sendable {
    /// The data set's verifier.
    case verifier
    /// A judgment: what is acceptable fits the instruction for right responses.
    case judgment(JudgmentSource)
  }

  /// Who says which instruction a response fits.
  public let by: Source
  /// The variable of the prompt that is bound.
  public let bind: String
  /// What it is bound to for a right response.
  public let right: String
  /// What it is bound to for a wrong response.
  public let wrong: String
}

/// Which of what comes in stays.
///
/// At least one is set.
public struct Selection: Hashable, Sendable {
  /// A verifier's verdict.
  public enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// The response is right.
    case right
    /// The response is wrong.
    case wrong
  }

  /// The most acceptable responses for each rejected one; at least 0.
  public let acceptablePerRejected: Double?
  /// Only responses with this verdict of the data set's verifier (of pairs: the better one).
  public let verdict: Verdict?
}

/// Noise in the labels.
public struct Flip: Hashable, Sendable {
  /// The share of records to turn around; 0...1.
  public let rate: Double
}
