// Why an experiment whose spec can be read cannot be planned.
// Knows nothing of how plans are made.

public import Diagnostics

/// Why an experiment cannot be planned although its spec can be read.
public enum PlanningError: DiagnosableError, Hashable {
  /// Something asks for a verdict on a data set that has no verifier.
  case noVerifier(dataset: String, asker: String, place: SourcePlace?)
  /// No stage of the generator is for a data set.
  case noCandidates(dataset: String, place: SourcePlace?)
  /// An eval looks at pairs, and the experiment makes none.
  case noPairs(eval: String, kind: String, place: SourcePlace?)
  /// Weights are measured every so many steps of a training whose length depends on how many examples there are.
  case unknownLength(asker: String, place: SourcePlace?)
  /// The best weights are to be chosen by an eval that gives no number, or several.
  case notOneNumber(eval: String, numbers: Int, place: SourcePlace?)
  /// Weights are to be kept at more points of a training than is sensible.
  case tooManyPoints(asker: String, most: Int, place: SourcePlace?)
  /// The best weights are to be chosen on data that is no validation part.
  case notValidation(eval: String, part: String, place: SourcePlace?)
  /// A search would choose on held-out records.
  case searchesHeldOut(part: String, place: SourcePlace?)
  /// A search would choose on a data set that its eval does not look at.
  case searchesElsewhere(eval: String, part: String, known: [String], place: SourcePlace?)
  /// Values of a search make a training another kind of training.
  case searchChangesKind(values: String, place: SourcePlace?)
  /// Experiments whose weights come from one another.
  case circle([String], place: SourcePlace?)
  /// Another experiment has no such cell, or several.
  case noCell(spec: String, wanted: [String], cells: [String], place: SourcePlace?)
  /// Another experiment does not train.
  case trainsNothing(spec: String, place: SourcePlace?)
  /// Another experiment has no such seed.
  case noSeed(spec: String, seed: Int, known: [Int], place: SourcePlace?)
  /// Another experiment has no such round.
  case noRound(spec: String, round: Int, count: Int, place: SourcePlace?)

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    let told = self.told
    return [
      Diagnosis(
        "plan.\(told.code)", told.message, place: place, notes: told.notes, remedy: told.remedy, exit: .badSpec)
    ]
  }

  private var place: SourcePlace? {
    switch self {
    case .noVerifier(_, _, let place), .noPairs(_, _, let place), .noCandidates(_, let place),
      .unknownLength(_, let place), .notOneNumber(_, _, let place), .tooManyPoints(_, _, let place),
      .notValidation(_, _, let place), .searchesHeldOut(_, let place), .searchesElsewhere(_, _, _, let place),
      .searchChangesKind(_, let place), .circle(_, let place), .noCell(_, _, _, let place),
      .trainsNothing(_, let place),
      .noSeed(_, _, _, let place), .noRound(_, _, _, let place):
      place
    }
  }

  private struct Told {
    let code: String
    let message: String
    var notes: [String] = []
    let remedy: String

    init(_ code: String, _ message: String, notes: [String] = [], _ remedy: String) {
      self.code = code
      self.message = message
      self.notes = notes
      self.remedy = remedy
    }
  }

  private var told: Told {
    switch self {
    case .noVerifier(let dataset, let asker, _):
      Told(
        "no-verifier", "`\(asker)` asks whether a response is right, and data set `\(dataset)` has no verifier",
        "Give `\(dataset)` an `answer:` with a verifier, or look at another data set.")
    case .noCandidates(let dataset, _):
      Told(
        "no-candidates", "no stage of the generator is for the data set `\(dataset)`",
        "Add one, or leave `of` out of one.")
    case .noPairs(let eval, let kind, _):
      Told(
        "no-pairs", "the eval `\(eval)` (\(kind)) looks at pairs, and this experiment makes none",
        "Add `generator:` and a `reviser:` that makes pairs (minimal-revision, judge or stronger), or remove the eval.")
    case .unknownLength(let asker, _):
      Told(
        "unknown-length",
        "`\(asker)` is measured every so many steps, and how many steps the training has is not known beforehand",
        "Write `every: {epochs: …}`, or say how many examples are trained on with `hyperparameters.examples`.")
    case .notOneNumber(let eval, let numbers, _):
      Told(
        "not-one-number",
        "the best weights are to be chosen by `\(eval)`, which gives \(numbers == 0 ? "no number" : "\(numbers) numbers") for them",
        "Choose by an eval of the trained model on one data set, such as accuracy or perplexity.")
    case .tooManyPoints(let asker, let most, _):
      Told(
        "too-many-points", "`\(asker)` looks at the weights at more than \(most) points of the training",
        "Write a larger `every:`.")
    case .notValidation(let eval, let part, _):
      Told(
        "not-validation", "the best weights are to be chosen by `\(eval)`, which looks at `\(part)`",
        notes: ["What chooses weights is no longer held out: its numbers would be too good."],
        "Choose by an eval on a part named `validation`.")
    case .searchesHeldOut(let part, _):
      Told(
        "search-held-out", "`search` would choose values on `\(part)`, which holds held-out records",
        notes: ["What chooses values is no longer held out: its numbers would be too good."],
        "Choose on a part named `validation`.")
    case .searchesElsewhere(let eval, let part, let known, _):
      Told(
        "search-elsewhere",
        "`search` would choose on `\(part)`, and `\(eval)` looks at \(known.map { "`\($0)`" }.joined(separator: ", ")) alone",
        "Choose on a validation part of \(known.map { "`\($0)`" }.joined(separator: " or ")), or by an eval of that data set."
      )
    case .searchChangesKind(let values, _):
      Told(
        "search-changes-kind", "`search` with \(values) makes the training another one than the spec says",
        notes: ["It would have another objective, or train all weights in the place of an adapter."],
        "Search over options of what is trained, and make other kinds an axis of `ablations:`.")
    default: toldOfChains
    }
  }

  /// What can be wrong with weights that another experiment trains.
  private var toldOfChains: Told {
    switch self {
    case .circle(let specs, _):
      Told(
        "circle", "the weights of these experiments come from one another: \(specs.joined(separator: " → "))",
        "Let one of them start from weights of its own.")
    case .noCell(let spec, let wanted, let cells, _):
      Told(
        "no-cell",
        wanted.isEmpty
          ? "`\(spec)` has \(cells.count) cells, and `arms:` does not say which is meant"
          : "`arms: {\(wanted.joined(separator: ", "))}` names no single cell of `\(spec)`",
        notes: ["Its cells: \(cells.joined(separator: "; "))."], "Name an arm of each of its axes under `arms:`.")
    case .trainsNothing(let spec, _):
      Told("trains-nothing", "`\(spec)` trains nothing", "Name the weights themselves instead of the experiment.")
    case .noSeed(let spec, let seed, let known, _):
      Told(
        "no-seed", "`\(spec)` has no training with the seed \(seed)",
        notes: ["Its seeds: \(known.map(String.init).joined(separator: ", "))."],
        "Take one of its seeds, or leave `seed:` out.")
    case .noRound(let spec, let round, let count, _):
      Told(
        "no-round", "`\(spec)` has \(count == 1 ? "one round" : "\(count) rounds"), and round \(round) is asked for",
        "Take one of its rounds, or leave `round:` out for the last.")
    default: fatalError("told elsewhere: our own bug")
    }
  }
}
