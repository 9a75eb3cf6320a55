// Where a step's options stand in a spec, looked up only when somebody asks: most plans ask for few of their steps.

import Diagnostics
import Specification
import YAML

/// The places of a step's options, by leaf of its manifest.
struct LeafPlaces: Sendable {
  /// The tree of a spec, which all steps of a cell have in common.
  final class Tree: Sendable {
    let root: Node

    init(_ experiment: Experiment) { root = experiment.tree }
  }

  /// The path in the spec of each leaf.
  private let paths: [String: String]
  private let tree: Tree?

  /// Takes paths as ``Experiment/place(of:)`` does.
  init(_ paths: [String: String] = [:], in tree: Tree? = nil) {
    self.paths = paths
    self.tree = tree
  }

  /// The place of each leaf, or of the nearest thing around it that was written.
  var places: [String: SourcePlace] {
    guard let tree else { return [:] }
    return paths.mapValues { tree.root.nearestPlace(of: $0) }
  }

  /// The places of those leaves that were written.
  var written: [String: SourcePlace] {
    guard let tree else { return [:] }
    return paths.compactMapValues { tree.root.place(of: $0) }
  }

  /// The first place of a leaf that was written; where none was, the first of what would hold them.
  ///
  /// A default stands nowhere: what encloses it may be the whole spec, whose place is its first line.
  var firstWritten: SourcePlace? {
    guard let tree else { return nil }
    let written = paths.values.compactMap { tree.root.place(of: $0) }
    let places = written.isEmpty ? paths.values.map { tree.root.nearestPlace(of: $0) } : written
    return places.min { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
  }

  /// The place of a leaf; nil if it has no path.
  func place(of leaf: String) -> SourcePlace? {
    paths[leaf].flatMap { path in tree?.root.nearestPlace(of: path) }
  }

  /// Whether nothing stands at a leaf's path: a default, whose place is that of what encloses it.
  func isUnwritten(_ leaf: String) -> Bool {
    guard let path = paths[leaf], let tree else { return false }
    return tree.root.place(of: path) == nil
  }

  /// The first of the leaves in a group that have a path.
  func first(in group: String) -> String? { paths.keys.filter { $0.hasPrefix(group + "/") }.min() }
}
