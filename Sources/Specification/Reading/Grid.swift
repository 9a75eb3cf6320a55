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

    /// The arms' names, joined.
    var name: String { arms.entries.map(\.value).joined(separator: "/") }

    /// A patch that is no mapping is a fault found with its place; its cell is as if it changed nothing.
    func laid(under patch: Node) -> CellTree {
      guard patch.entries != nil else { return self }
      return CellTree(arms: arms, tree: Merge.lay(patch, over: tree, ReadDocument.form).at(tree.location))
    }
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
    let start = CellTree(arms: Named(), tree: tree.without("ablations").without("cells"))
    let arranged = axes.reduce([start]) { cells, axis in
      cells.flatMap { cell in axis.arms.map { Self.lay($0, of: axis, over: cell) } }
    }
    Self.checkCells(tree, arranged, inheritance.reading)
    let patches = tree["cells"]?.entries ?? []
    cells =
      patches.isEmpty
      ? arranged
      : arranged.map { cell in
        // A name that stands twice is a fault of the YAML, already told.
        let patch = patches.first { $0.key.text.utf8.elementsEqual(cell.name.utf8) }?.value
        return patch.map { cell.laid(under: $0) } ?? cell
      }
  }

  private static func lay(_ arm: (name: String, patch: Node), of axis: Axis, over cell: CellTree) -> CellTree {
    CellTree(arms: Named(cell.arms.entries + [.init(axis.name, arm.name)]), tree: cell.tree).laid(under: arm.patch)
  }

  /// Names of axes and arms are joined with `/`, and some axes are built in.
  private static func checkNames(_ tree: Node, _ reading: Reading) {
    for axis in tree["ablations"]?.entries ?? [] {
      if !axis.key.text.canBeAName { reading.note(.badName(axis.key.text), axis.key.place) }
      if (Table.builtInAxes + ["cells"]).contains(axis.key.text) {
        reading.note(.builtInAxis(axis.key.text), axis.key.place)
      }
      for arm in axis.value.entries ?? [] {
        if !arm.key.text.canBeAName { reading.note(.badName(arm.key.text), arm.key.place) }
        checkPatch(arm.value, reading)
      }
    }
  }

  /// What holds for the whole grid cannot differ within it.
  private static func checkPatch(_ patch: Node, _ reading: Reading) {
    for forbidden in ["ablations", "cells", "extends", "table", "version"] {
      if let entry = patch.entry(forbidden) { reading.note(.notInArms(forbidden), entry.key.place) }
    }
  }

  /// What `cells:` names must be there.
  private static func checkCells(_ tree: Node, _ cells: [CellTree], _ reading: Reading) {
    guard let entry = tree.entry("cells"), !Reading.isAbsent(entry.value) else { return }
    guard tree["ablations"]?.entries?.isEmpty == false else {
      reading.note(.goesOnlyWith(key: "cells", other: "ablations"), entry.key.place)
      return
    }
    for cell in entry.value.entries ?? [] {
      checkPatch(cell.value, reading)
      if !cells.contains(where: { $0.name.utf8.elementsEqual(cell.key.text.utf8) }) {
        reading.note(.unknownCell(cell.key.text, known: cells.map(\.name)), cell.key.place)
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
