// An experiment as a value: everything a spec says, checked, with the place of every word.
// Knows nothing of plans; a value of this type holds no unresolved name.

public import Diagnostics
public import YAML

/// An experiment without open choices: one cell of a grid, or the whole of a spec that has no ablations.
public struct Experiment: Sendable {
  /// The language's version; 1.
  public let version: Int
  /// What the experiment is about.
  public let description: String?
  /// In which arithmetic numbers are computed.
  public let arithmetic: ArithmeticClass
  /// The seeds and what varies with them.
  public let seeds: Seeds
  /// Models by name; `policy` is always there.
  public let models: Named<Model>
  /// Data sets by name.
  public let datasets: Named<Dataset>
  /// What is trained on (or, without training, generated for); nil if the spec only evaluates.
  public let data: DataSelection?
  /// Variables of templates, bound unless a method binds them.
  public let variables: Named<String>
  /// Stages that add candidates; empty if the spec only evaluates.
  public let generator: [Generator]
  /// Stages that follow, in order.
  public let reviser: [Reviser]
  /// What is trained and how; nil if nothing is trained.
  ///
  /// If set, `data` is and `generator` is not empty.
  public let training: Training?
  /// How often generate, revise and train repeat.
  public let rounds: Rounds
  /// Evals by name.
  public let evals: Named<Eval>
  /// What is tried for every cell.
  public let search: Search?
  /// What a plan may assume.
  public let expect: Expectations
  /// The tree that this was read from, patches applied; every node knows its place.
  public let tree: Node

  /// The paths of the settings of a training that are `unknown`, joined with dots.
  public var unknownSettings: [String] {
    ["hyperparameters", "objective"].flatMap { section in
      (tree[section]?.paths(of: "unknown") ?? []).map { ([section] + $0).joined(separator: ".") }
    }
  }

  /// Whether the spec says `unknown` at a path, as for ``place(of:)``.
  public func isUnknown(_ path: String) -> Bool { tree.node(at: path)?.scalar?.text == Shape<Int>.unknown }

  /// The kind of feedback that the last reviser stage gives.
  public var feedback: Feedback { reviser.reduce(.responses) { $1.gives($0) } }

  /// A model with `same-as` followed: the weights are somebody's own, and turns and system are inherited with them, as they
  /// are by an adapter from its base.
  ///
  /// - Parameter name: The model's name; `reference` is the policy's start where the spec names no other.
  /// - Returns: The model, or nil if the spec names none of that name.
  public func model(_ name: String) -> Model? {
    let isImplied = name == "reference" && models[name] == nil
    guard let model = models[isImplied ? "policy" : name] else { return nil }
    // Circles are refused when a spec is read.
    guard let other = model.weights.below, let below = self.model(other) else { return model }
    let weights = if case .sameAs = model.weights { below.weights } else { model.weights }
    return Model(weights: weights, turns: model.turns ?? below.turns, system: model.system ?? below.system)
  }

  /// The place of a key's value, such as `evals/accuracy/accuracy/temperature`; list elements by number from 0.
  ///
  /// - Parameter path: Keys joined by `/`; a key that holds `/` is written with `~1`, `~` with `~0`.
  /// - Returns: The place, or nil if nothing stands there (a default).
  public func place(of path: String) -> SourcePlace? { tree.place(of: path) }

  /// The place of a key's value, or of the nearest enclosing thing that was written.
  ///
  /// - Parameter path: As for ``place(of:)``.
  /// - Returns: The place.
  public func nearestPlace(of path: String) -> SourcePlace { tree.nearestPlace(of: path) }
}

/// In which arithmetic numbers are computed.
public enum ArithmeticClass: String, Hashable, Sendable, CaseIterable {
  /// One chain of fused multiply-adds for each sum; the same bits on every host.
  case ordered
  /// Products through OpenBLAS.
  case openblas
}

/// The seeds and what varies with them.
public struct Seeds: Hashable, Sendable {
  /// What may vary with the seed.
  public enum Purpose: String, Hashable, Sendable, CaseIterable {
    /// Sampling of candidates.
    case generation
    /// Order of examples, dropout, initial adapters.
    case training
  }

  /// The seeds, each once; not empty.
  public let values: [Int]
  /// What varies, each once, in the order of the kinds above.
  public let vary: [Purpose]
}

/// An axis of a grid.
public struct AblationAxis: Hashable, Sendable {
  /// Its name.
  public let name: String
  /// The names of its arms, in order; not empty.
  public let arms: [String]
}

/// One cell of a grid.
public struct Cell: Sendable {
  /// The arm taken on each axis, in the order of the axes; empty without ablations.
  public let arms: Named<String>
  /// The experiment with the arms' patches applied.
  public let experiment: Experiment
  /// What `search:` tries in this cell: values by key, and the experiment with them; empty without `search:`.
  public let candidates: [Candidate]

  /// The arms' names joined by `/`; empty without ablations.
  public var name: String { arms.entries.map(\.value).joined(separator: "/") }
}

/// One combination of values that `search:` tries.
public struct Candidate: Sendable {
  /// The values as text, by key with dots.
  public let values: Named<String>
  /// The experiment with them.
  public let experiment: Experiment
}

/// A file that was read.
public struct ReadFile: Hashable, Sendable {
  /// Its path, as it was opened.
  public let path: String
  /// Its bytes.
  public let bytes: [UInt8]
}

/// A spec with everything it inherits and all its cells.
public struct ResolvedExperiment: Sendable {
  /// The spec's path as the user gave it.
  public let path: String
  /// What the experiment is about.
  public let description: String?
  /// The spec without its ablations; nil if that alone is no whole experiment (an axis gives what it lacks).
  public let base: Experiment?
  /// The axes, in order; empty without ablations.
  public let axes: [AblationAxis]
  /// The cells: the first axis varies slowest; one cell without ablations.
  public let cells: [Cell]
  /// How the numbers are laid out; nil: one row for each cell, every eval a column.
  public let table: Table?
  /// The paper's numbers; nil if the table names no file, or one that is not there.
  public let publishedNumbers: PublishedNumbers?
  /// What the user should know.
  public let warnings: [Diagnosis]
  /// The files read, the spec first; that of published numbers among them.
  public let files: [ReadFile]
}

extension Node {
  /// The keys that lead to each scalar of a text.
  fileprivate func paths(of text: String) -> [[String]] {
    switch content {
    case .scalar(let scalar): scalar.text == text ? [[]] : []
    case .mapping(let entries):
      entries.flatMap { entry in entry.value.paths(of: text).map { [entry.key.text] + $0 } }
    case .sequence(let elements):
      elements.enumerated().flatMap { index, element in element.paths(of: text).map { [String(index)] + $0 } }
    }
  }
}
