// The cells of a grid: every combination of arms, each a tree with the arms' patches laid over it.
// Knows nothing of what a cell means.

import YAML

/// The axes of a spec and the trees of its cells.
struct Grid {
  /// An axis with its arms.
  struct Axis {
    let name: String
    let arms: [(name: String, patch: Node)]
  }

  /// A cell: the arm on each axis, and the tree.
  struct CellTree {
    let arms: Named<String>
    let tree: Node
  }

  let axes: [Axis]
  let cells: [CellTree]

  /// The axes' names and those of their arms.
  var names: [(name: String, arms: [String])] { axes.map { ($0.name, $0.arms.map(\.name)) } }

  /// Finds the axes of a tree and makes its cells.
  init(_ tree: Node, _ inheritance: Inheritance) {
    axes = (tree["ablations"]?.entries ?? []).map { entry in
      Axis(name: entry.key.text, arms: (entry.value.entries ?? []).map { ($0.key.text, $0.value) })
    }.filter { !$0.arms.isEmpty }
    Self.checkNames(tree, inheritance.reading)
    Self.checkClashes(axes, inheritance.reading)
    // Too many to multiply is too many to have.
    let count = axes.reduce(1) { $0 > SpecificationReader.mostCells ? $0 : $0 * $1.arms.count }
    guard count <= SpecificationReader.mostCells else {
      let fault = SpecFault.tooManyCells(count, most: SpecificationReader.mostCells)
      inheritance.reading.note(fault, tree["ablations"] ?? tree)
      cells = []
      return
    }
    let start = CellTree(arms: Named(), tree: tree.without("ablations"))
    cells = axes.reduce([start]) { cells, axis in
      cells.flatMap { cell in axis.arms.map { Self.lay($0, of: axis, over: cell) } }
    }
  }

  private static func lay(_ arm: (name: String, patch: Node), of axis: Axis, over cell: CellTree) -> CellTree {
    CellTree(
      arms: Named(cell.arms.entries + [.init(axis.name, arm.name)]),
      // An arm that is no mapping is a fault found with the axes; its cell is as if it changed nothing.
      tree: arm.patch.entries == nil
        ? cell.tree : Merge.lay(arm.patch, over: cell.tree, ReadDocument.form).at(cell.tree.location))
  }

  /// Names of axes and arms are joined with `/`, and some axes are built in.
  private static func checkNames(_ tree: Node, _ reading: Reading) {
    for axis in tree["ablations"]?.entries ?? [] {
      if !axis.key.text.canBeAName { reading.note(.badName(axis.key.text), axis.key.place) }
      if Table.builtInAxes.contains(axis.key.text) { reading.note(.builtInAxis(axis.key.text), axis.key.place) }
      for arm in axis.value.entries ?? [] {
        if !arm.key.text.canBeAName { reading.note(.badName(arm.key.text), arm.key.place) }
        for forbidden in ["ablations", "extends", "table", "version"] {
          if let entry = arm.value.entry(forbidden) {
            reading.note(.notInArms(forbidden), entry.key.place)
          }
        }
      }
    }
  }

  /// Two axes that set one key would hide one of them.
  private static func checkClashes(_ axes: [Axis], _ reading: Reading) {
    for (index, second) in axes.enumerated() {
      for first in axes[..<index] {
        for arm in second.arms {
          guard let found = first.arms.lazy.compactMap({ Merge.clash(arm.patch, $0.patch, ReadDocument.form) }).first
          else { continue }
          let path = found.path.joined(separator: ".")
          reading.note(.axesClash(path: path, first: first.name, second: second.name), found.node)
          break
        }
      }
    }
  }
}

extension String {
  /// Whether it can name an axis, an arm, an eval or a data set: one line without the slash that joins names.
  var canBeAName: Bool { !isEmpty && !contains { $0 == "/" || $0.isNewline } }
}
