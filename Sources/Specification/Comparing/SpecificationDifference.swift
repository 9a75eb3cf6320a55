// Two specs by meaning: settings after inheritance, `same-as`, ablations and defaults, each with its places; cells and axes.
// Knows nothing of plans. What is only said otherwise, such as 1e-3 and 0.001 or a default that is written, is no difference.

public import Diagnostics
public import JSON
import YAML

/// How two experiments differ as their specs say it.
public struct SpecificationDifference: Sendable {
  /// What one spec says of a setting.
  public struct Side: Hashable, Sendable {
    /// The value as a spec would write it.
    public let value: JSONValue
    /// Where it is written; nil of a default.
    public let place: SourcePlace?
  }

  /// A setting that differs.
  public struct Setting: Hashable, Sendable {
    /// The key, with dots between its steps and elements of lists counted from 0: `hyperparameters.epochs`.
    public let path: String
    /// What the first spec says; nil: nothing.
    public let first: Side?
    /// What the second spec says; nil: nothing.
    public let second: Side?
    /// The cells in which it differs so, in the order of the second spec; empty: all that were compared.
    public let cells: [String]
  }

  /// An axis of ablations that only one spec has, or whose arms differ.
  public struct Axis: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// The arms that only the first has.
    public let onlyFirst: [String]
    /// The arms that only the second has.
    public let onlySecond: [String]
    /// Whether both have the axis.
    public let isShared: Bool
  }

  /// What was compared with what.
  public enum Basis: Hashable, Sendable {
    /// So many cells that both have.
    case cells(Int)
    /// No cell is common: the specs without their ablations.
    case withoutAblations
    /// No cell is common, and without its ablations one of them is no whole spec: their first cells.
    case firstCells(String, String)
  }

  /// What was compared.
  public let basis: Basis
  /// The settings that differ, in the order of the language; what only the second has comes last in its mapping.
  public let settings: [Setting]
  /// The axes that differ.
  public let axes: [Axis]
  /// Cells that only the first has.
  public let onlyFirst: [String]
  /// Cells that only the second has.
  public let onlySecond: [String]

  /// Whether the specs mean the same.
  public var isEmpty: Bool { settings.isEmpty && axes.isEmpty && onlyFirst.isEmpty && onlySecond.isEmpty }

  /// Compares.
  ///
  /// - Parameters:
  ///   - first: The first spec.
  ///   - second: The second spec.
  public init(_ first: ResolvedExperiment, _ second: ResolvedExperiment) {
    let pairs = CellPairs(first, second)
    axes = Self.axes(first.axes, second.axes)
    onlyFirst = pairs.onlyFirst
    onlySecond = pairs.onlySecond
    basis = pairs.basis
    var found = FoundSettings()
    for pair in pairs.compared { found.add(pair.first, pair.second, cell: pair.name) }
    settings = found.settings(of: pairs.compared.count)
  }

  private static func axes(_ first: [AblationAxis], _ second: [AblationAxis]) -> [Axis] {
    let names = first.map(\.name) + second.map(\.name).filter { name in !first.contains { $0.name == name } }
    return names.compactMap { name in
      let (one, other) = (first.first { $0.name == name }, second.first { $0.name == name })
      let (left, right) = (one?.arms ?? [], other?.arms ?? [])
      let axis = Axis(
        name: name, onlyFirst: left.filter { !right.contains($0) }, onlySecond: right.filter { !left.contains($0) },
        isShared: one != nil && other != nil)
      return axis.isShared && axis.onlyFirst.isEmpty && axis.onlySecond.isEmpty ? nil : axis
    }
  }
}

/// The experiments of two specs that are compared with one another.
private struct CellPairs {
  struct Pair {
    let name: String
    let first: Experiment
    let second: Experiment
  }

  private(set) var compared: [Pair] = []
  let basis: SpecificationDifference.Basis
  var onlyFirst: [String] = []
  var onlySecond: [String] = []

  init(_ first: ResolvedExperiment, _ second: ResolvedExperiment) {
    let known = Dictionary(first.cells.map { (Self.arms($0), $0) }, uniquingKeysWith: { first, _ in first })
    let others = Set(second.cells.map(Self.arms))
    compared = second.cells.compactMap { cell in
      known[Self.arms(cell)].map { Pair(name: cell.name, first: $0.experiment, second: cell.experiment) }
    }
    if !compared.isEmpty {
      basis = .cells(compared.count)
      onlyFirst = first.cells.filter { !others.contains(Self.arms($0)) }.map(\.name)
      onlySecond = second.cells.filter { known[Self.arms($0)] == nil }.map(\.name)
    } else if let one = first.base, let other = second.base {
      basis = .withoutAblations
      compared = [Pair(name: "", first: one, second: other)]
    } else if let one = first.cells.first, let other = second.cells.first {
      basis = .firstCells(one.name, other.name)
      compared = [Pair(name: "", first: one.experiment, second: other.experiment)]
    } else {
      // No spec is read without a cell.
      basis = .cells(0)
    }
  }

  /// What makes two cells the same one: the arms, whatever the order of the axes.
  private static func arms(_ cell: Cell) -> Set<[String]> { Set(cell.arms.entries.map { [$0.name, $0.value] }) }
}

/// Settings that differ, gathered cell by cell.
private struct FoundSettings {
  private struct Key: Hashable {
    let path: [SettingStep]
    let first: JSONValue?
    let second: JSONValue?
  }

  private var order: [Key] = []
  private var found: [Key: (first: SpecificationDifference.Side?, second: SpecificationDifference.Side?)] = [:]
  private var cells: [Key: [String]] = [:]
  /// Whether a difference turned out to mean something, where it was met first.
  private var isReal: [Key: Bool] = [:]

  /// Keys of a spec that say nothing of what is computed or shown.
  private static let silent = ["version", "extends", "description", "ablations"]
  /// Keys that a typed experiment does not hold: what differs in them is taken as it is written.
  private static let untyped = ["table"]

  mutating func add(_ first: Experiment, _ second: Experiment, cell: String) {
    for difference in Self.differences(first, second) {
      let key = Key(path: difference.path, first: difference.first?.json, second: difference.second?.json)
      let isReal = self.isReal[key] ?? !Self.isInert(difference, first, second)
      self.isReal[key] = isReal
      if !isReal { continue }
      if found[key] == nil {
        order.append(key)
        found[key] = (Self.side(difference.first), Self.side(difference.second))
      }
      cells[key, default: []].append(cell)
    }
  }

  private static func differences(_ first: Experiment, _ second: Experiment) -> [RawDifference] {
    let trees = [first, second].map { SettingTree($0.tree, ReadDocument.form) }
    return RawDifference.all(trees[0], trees[1]).filter { difference in
      if case .key(let top)? = difference.path.first { !silent.contains(top) } else { true }
    }
  }

  /// Whether a difference is of words alone: both ways of saying it mean the same in either spec.
  private static func isInert(_ difference: RawDifference, _ first: Experiment, _ second: Experiment) -> Bool {
    if case .key(let top)? = difference.path.first, untyped.contains(top) { return false }
    let back = RawDifference(path: difference.path, first: difference.second, second: difference.first)
    return ExperimentMeaning.isUnchanged(first, by: difference) || ExperimentMeaning.isUnchanged(second, by: back)
  }

  private static func side(_ tree: SettingTree?) -> SpecificationDifference.Side? {
    tree.map { .init(value: $0.json, place: $0.node?.place) }
  }

  /// The settings; those of all cells name none.
  func settings(of compared: Int) -> [SpecificationDifference.Setting] {
    order.map { key in
      let (cells, sides) = (self.cells[key] ?? [], found[key])
      return .init(
        path: Self.text(key.path), first: sides?.first, second: sides?.second,
        cells: cells.count == compared ? [] : cells)
    }
  }

  private static func text(_ path: [SettingStep]) -> String {
    path.map { step in
      switch step {
      case .key(let name): name
      case .index(let index): String(index)
      }
    }.joined(separator: ".")
  }
}
