// What an experiment means, however it is written: the typed values behind its words.
// Knows nothing of places and of layouts of tables.

import YAML

/// Two experiments with equal meanings plan the same steps.
struct ExperimentMeaning: Hashable {
  private let arithmetic: ArithmeticClass
  private let seeds: Seeds
  /// With `same-as` followed; the reference is there whether or not it is written.
  private let models: [String: Model]
  private let datasets: [String: Dataset]
  private let data: DataSelection?
  private let variables: [String: String]
  private let generator: [Generator]
  private let reviser: [Reviser]
  private let training: Training?
  private let rounds: Rounds
  private let evals: [String: Eval]
  private let search: Search?
  private let expect: Expectations

  init(_ experiment: Experiment) {
    func named<Value>(_ values: Named<Value>) -> [String: Value] {
      Dictionary(values.entries.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    arithmetic = experiment.arithmetic
    seeds = experiment.seeds
    models = Dictionary(
      (experiment.models.names + ["reference"]).compactMap { name in experiment.model(name).map { (name, $0) } },
      uniquingKeysWith: { first, _ in first })
    datasets = named(experiment.datasets)
    data = experiment.data
    variables = named(experiment.variables)
    generator = experiment.generator
    reviser = experiment.reviser
    training = experiment.training
    rounds = experiment.rounds
    evals = named(experiment.evals)
    search = experiment.search
    expect = experiment.expect
  }

  /// Whether a tree with another setting in one place means the same as before.
  ///
  /// - Parameters:
  ///   - experiment: Has the tree.
  ///   - difference: The place, and what the second spec says there.
  /// - Returns: False, too, where the tree cannot be read with the setting changed by itself.
  static func isUnchanged(_ experiment: Experiment, by difference: RawDifference) -> Bool {
    guard let tree = experiment.tree.replacing(at: difference.path[...], with: difference.second?.node) else {
      return false
    }
    // Which axes a table may name is known to the whole spec alone.
    let bare = tree.without("table").without("ablations")
    let reading = Reading(names: NameTable(bare))
    guard let document = ReadDocument.shape(of: bare).read(bare, reading), reading.errors.isEmpty else { return false }
    return ExperimentMeaning(document.experiment) == ExperimentMeaning(experiment)
  }
}
