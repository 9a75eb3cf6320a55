// How a whole experiment is written: the top keys, and what must fit together among them.
// Knows nothing of inheritance; it reads a tree in which everything inherited is in place.

import Diagnostics
import YAML

/// What one tree says.
struct ReadDocument {
  let experiment: Experiment
  let table: Table?
}

extension ReadDocument {
  /// The whole of a spec.
  static func shape(of tree: Node) -> Shape<ReadDocument> {
    .record("experiment") { fields in
      let sections = Sections(&fields)
      if !fields.isDescribing, !fields.reading.isPartial { sections.check(fields) }
      guard let models = sections.models, models["policy"] != nil else { return nil }
      return ReadDocument(experiment: sections.experiment(models, tree), table: sections.table)
    }
  }

  /// What a spec looks like.
  ///
  /// Made once; merging, schemas and `--set` walk it.
  static let form: Form = {
    let nothing = Node(.mapping([]), location: Location(SourceText([], file: ""), 0..<0))
    return shape(of: nothing).form
  }()
}

/// The top keys of a spec.
private struct Sections {
  let version: Int?
  let description: String?
  let arithmetic: ArithmeticClass
  let seeds: Seeds
  let models: Named<Model>?
  let datasets: Named<Dataset>
  let data: DataSelection?
  let variables: Named<String>
  let generator: [Generator]
  let reviser: [Reviser]
  let objective: Objective?
  let hyperparameters: Hyperparameters?
  let rounds: Rounds
  let evals: Named<Eval>
  let search: Search?
  let table: Table?
  let expect: Expectations

  init(_ fields: inout Fields) {
    version = fields.required("version", .version, "The version of the spec language: 1.")
    _ = fields.optional("extends", .path, "Another spec that this one changes, relative to this file.")
    description = fields.optional("description", .text(), "What the experiment is about.")
    arithmetic = fields.optional(
      "arithmetic", Shape<ArithmeticClass>.word, default: .ordered, "In which arithmetic numbers are computed.")
    seeds = fields.optional("seeds", Seeds.shape, default: Seeds(values: [1], vary: []), "What varies, and how often.")
    models = fields.required("models", .named(Model.shape, atLeast: 1), "Models by name; `policy` is the one trained.")
    datasets = fields.optional("datasets", .named(Dataset.shape), default: Named(), "Data sets by name.")
    data = fields.optional("data", DataSelection.shape, "What is trained on.")
    variables = fields.optional("variables", .named(.text()), default: Named(), "Variables of templates.")
    generator = fields.optional(
      "generator", Shape<[Generator]>.oneOrMore(of: Generator.shape), default: [], "Where candidates come from.")
    reviser = fields.optional(
      "reviser", Shape<[Reviser]>.oneOrMore(of: Reviser.shape), default: [], "What is done with them.")
    objective = fields.optional("objective", Objective.shape, "What training minimizes.")
    hyperparameters = fields.optional("hyperparameters", Hyperparameters.shape, "How training runs.")
    rounds = fields.optional("rounds", Rounds.shape, default: .one, "Generate, revise, train, again and again.")
    evals = fields.optional("evals", .named(Eval.shape), default: Named(), "What is measured, by name.")
    search = fields.optional("search", Search.shape, "Values tried for every cell.")
    _ = fields.optional("ablations", Self.axes, "Axes of a grid; each arm is a patch of this spec.")
    _ = fields.optional(
      "cells", .named(Self.patch), "Changes to single cells, by the names of their arms joined with `/`.")
    table = fields.optional("table", Table.shape, "How the numbers are laid out.")
    expect = fields.optional("expect", Expectations.shape, default: .none, "What a plan may assume.")
  }

  /// Axes of named arms; what the arms say is checked in the cells that they make.
  private static var axes: Shape<Named<Named<Bool>>> { .named(.named(patch, atLeast: 1)) }

  /// What an arm or `cells:` changes.
  private static var patch: Shape<Bool> {
    Shape<Bool>(.patch) { node, reading in
      if node.entries == nil, !Reading.isAbsent(node) {
        reading.note(
          .wrongType(key: reading.key, expected: "a mapping of keys to change", found: reading.found(node)), node)
      }
      return true
    }
  }

  func experiment(_ models: Named<Model>, _ tree: Node) -> Experiment {
    let training = objective.flatMap { objective in
      hyperparameters.map { Training(objective: objective, hyperparameters: $0) }
    }
    return Experiment(
      version: version ?? 1, description: description, arithmetic: arithmetic, seeds: seeds, models: models,
      datasets: datasets, data: data, variables: variables, generator: generator, reviser: reviser,
      training: training, rounds: rounds, evals: evals, search: search, expect: expect, tree: tree)
  }

  // MARK: - What must fit together

  func check(_ fields: Fields) {
    checkPolicy(fields)
    checkCompanions(fields)
    checkFeedback(fields)
    checkSameAs(fields)
    checkNames(fields)
    checkTrainedOn(fields)
  }

  private func checkPolicy(_ fields: Fields) {
    guard let written = fields.node(at: "models")?.entries, let key = fields.key("models"),
      !written.contains(where: { $0.key.text == "policy" })
    else { return }
    fields.reading.note(.missingKey("policy", in: "`models`"), key.place)
  }

  /// Keys that mean nothing without another.
  private func checkCompanions(_ fields: Fields) {
    func need(_ key: String, for other: String) {
      if fields.has(other), !fields.has(key), let written = fields.key(other) {
        fields.reading.note(.neededWith(key: key, other: other), written.place)
      }
    }
    func idle(_ key: String, without other: String) {
      if fields.has(key), !fields.has(other), let written = fields.key(key) {
        fields.reading.note(.goesOnlyWith(key: key, other: other), written.place)
      }
    }
    need("data", for: "generator")
    need("generator", for: "objective")
    need("hyperparameters", for: "objective")
    idle("hyperparameters", without: "objective")
    idle("rounds", without: "objective")
    idle("search", without: "objective")
    if let partner = fields.node(at: "objective", "kto", "partner"), partner.scalar?.text == "rotation",
      fields.node(at: "hyperparameters", "batch", "examples")?.scalar?.value == .integer(1)
    {
      fields.reading.note(.rotationOfOne, partner.place)
    }
    if let partner = fields.node(at: "objective", "kto", "partner"), partner.scalar?.text == "rotation",
      let group = fields.node(at: "hyperparameters", "batch", "group"), !Reading.isAbsent(group),
      group.scalar?.value != fields.node(at: "hyperparameters", "batch", "examples")?.scalar?.value
    {
      fields.reading.note(.rotationInGroups, group.place)
    }
    if !reviser.isEmpty { need("generator", for: "reviser") }
  }

  /// Every stage must be able to read what the one before gives.
  private func checkFeedback(_ fields: Fields) {
    guard let written = fields.node(at: "reviser") ?? fields.node(at: "objective") else { return }
    var feedback = Feedback.responses
    let stages = fields.node(at: "reviser")?.elements
    // Stages that could not be read leave open what flows.
    guard stages.map({ $0.count == reviser.count }) ?? true else { return }
    for (index, stage) in reviser.enumerated() {
      if !stage.reads.contains(feedback) {
        let remedies = stage.reads.flatMap { Self.stages(giving: $0) }
        fields.reading.note(
          .feedbackMismatch(reader: stage.name, gets: feedback, reads: stage.reads, remedies: Self.unique(remedies)),
          stages?[index].place ?? written.place)
        return
      }
      feedback = stage.gives(feedback)
    }
    guard let objective, let place = fields.node(at: "objective")?.place, !objective.reads.contains(feedback) else {
      return
    }
    let remedies = objective.reads.flatMap { Self.stages(giving: $0) }
    fields.reading.note(
      .feedbackMismatch(
        reader: objective.name, gets: feedback, reads: objective.reads, remedies: Self.unique(remedies)), place)
  }

  private static func stages(giving feedback: Feedback) -> [String] {
    switch feedback {
    case .responses: []
    case .judgments: ["judgment"]
    case .pairs: ["minimal-revision", "judge", "stronger"]
    case .rankings: ["rescore", "ranked"]
    case .relabeled: ["hindsight"]
    }
  }

  private static func unique(_ words: [String]) -> [String] {
    words.enumerated().filter { !words[..<$0.offset].contains($0.element) }.map(\.element)
  }

  /// Weights that are one another's.
  private func checkSameAs(_ fields: Fields) {
    guard let models else { return }
    for entry in models.entries {
      var seen = [entry.name]
      var weights = entry.value.weights
      while let next = weights.below, let model = models[next] {
        seen.append(next)
        if next.utf8.elementsEqual(entry.name.utf8) {
          let node = fields.node(at: "models", entry.name, "weights")
          if let place = node?.place { fields.reading.note(.sameAsCycle(seen), place) }
          break
        }
        if seen.count > models.entries.count + 1 { break }
        weights = model.weights
      }
    }
  }

  /// Names of evals head columns and stand in paths; those of data sets stand before the slash of `counting/heldout`.
  private func checkNames(_ fields: Fields) {
    for section in ["evals", "datasets"] {
      for entry in fields.node(at: section)?.entries ?? [] where !entry.key.text.canBeAName {
        fields.reading.note(.badName(entry.key.text), entry.key.place)
      }
    }
  }

  /// Numbers on records that were trained on mean little; sometimes that is what one wants to see.
  private func checkTrainedOn(_ fields: Fields) {
    guard objective != nil, let data else { return }
    let trained = data.parts.map(\.reference)
    for entry in evals.entries {
      for part in entry.value.on?.parts ?? [] where trained.contains(part) {
        guard let place = fields.node(at: "evals", entry.name)?.place else { continue }
        fields.reading.warn(.trainsOnEvaluated(part.text, eval: entry.name), place)
      }
    }
    if let search, trained.contains(search.on), let place = fields.node(at: "search")?.place {
      fields.reading.warn(.searchOnTrained(search.on.text), place)
    }
  }
}
