// What a number was made of, step by step: its outcomes and responses, the weights, what these were learned from, the data.
// Knows the graph alone.

import Planning

/// The steps behind an output, in four groups, each from the output backward.
struct TraceChain {
  /// A part of the way from a number to the data.
  enum Section: String, CaseIterable {
    /// Outcomes, responses or scores, and the prompts before them.
    case number
    /// Trainings, and the choice between their results.
    case weights
    /// Examples, feedback, candidates, reference.
    case learned
    /// Files, records and parts.
    case data

    /// What the section is called.
    var title: String {
      switch self {
      case .number: "What was measured"
      case .weights: "The weights that were measured"
      case .learned: "What they learned from"
      case .data: "The data"
      }
    }
  }

  /// The steps of each section that has any.
  let sections: [(section: Section, steps: [Step])]

  /// Sorts everything that an output is made from.
  init(to output: OutputReference, in graph: StepGraph) {
    let whole = graph.restricted(to: [output.step])
    // What was tried and not chosen is no part of it; what chose is shown.
    let origins = whole.origins(of: [output.step])
    let choices = Set(whole.steps.filter { origins.contains($0.id) }.compactMap(\.choice?.step))
    let steps = whole.steps.filter { origins.contains($0.id) || choices.contains($0.id) }
    var section: [StepID: Section] = [:]
    // From the output backward: a step is of the number unless it leads there through a training only.
    var isMeasured: Set<StepID> = [output.step]
    for step in steps.reversed() {
      if Self.makesWeights(step) {
        section[step.id] = .weights
      } else if Self.isData(step) {
        section[step.id] = .data
      } else {
        section[step.id] = isMeasured.contains(step.id) ? .number : .learned
      }
      if isMeasured.contains(step.id), section[step.id] != .weights {
        for input in step.inputs { isMeasured.insert(input.source.step) }
      }
    }
    sections = Section.allCases.compactMap { wanted in
      let own = steps.reversed().filter { section[$0.id] == wanted }
      return own.isEmpty ? nil : (wanted, own)
    }
  }

  private static func makesWeights(_ step: Step) -> Bool {
    if case .select(let work) = step.work { return work.output == "weights" }
    return [.train, .choose, .adapt].contains(step.kind)
  }

  private static func isData(_ step: Step) -> Bool { [.fetch, .ingest, .split, .take].contains(step.kind) }
}
