// Gradients of matrices: sums over tokens, in order, of what goes in times what comes back.
// Knows nothing of which matrix; each element's chain goes on from unit to unit until the step is taken.

import CKernels
import Tensors

/// One sum gradient[m][n] += Σ over rows t, in order, of left[t][m] · right[t][n].
struct GradientProduct {
  /// Columns of `left` that are packed together; a multiple of a tile, so that few tiles are uneven.
  static let leftGrain = 16 * Int(CK_TILE)

  let left: UnsafePointer<Float>
  let leftStride: Int
  let leftColumns: Int
  let right: UnsafePointer<Float>
  let rightStride: Int
  let rightColumns: Int
  /// Where the columns of a panel of `right` begin, and the floats from one row to the next.
  let target: Target

  /// Where the gradient stands.
  enum Target {
    /// Row-major, [leftColumns, rightColumns].
    case rows(UnsafeMutablePointer<Float>)
    /// As packed weights of `rightColumns` rows and `leftColumns` columns.
    case panels(UnsafeMutablePointer<Float>)
  }

  /// How many panels `right` has.
  var panels: Int { (rightColumns + Matrix.panelRows - 1) / Matrix.panelRows }

  /// How many floats packing `left` and `right` of so many rows takes.
  func packedCounts(rows: Int) -> (left: Int, right: Int) {
    (rows * leftColumns, rows * panels * Matrix.panelRows)
  }

  /// Packs a group of columns of `left`.
  func packLeft(_ group: Int, rows: Int, into packed: UnsafeMutablePointer<Float>) {
    let first = group * Self.leftGrain
    let count = min(leftColumns, first + Self.leftGrain) - first
    ck_pack_column_tiles(left + first, leftStride, count, rows, packed + first * rows)
  }

  /// How many groups of columns `left` has.
  var leftGroups: Int { (leftColumns + Self.leftGrain - 1) / Self.leftGrain }

  /// Adds the products of one panel of `right` with all of `left`.
  func add(
    panel: Int, rows: Int, left packedLeft: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>, code: Int32
  ) {
    let width = Matrix.panelRows
    let first = panel * width
    let count = min(rightColumns, first + width) - first
    let packedRight = scratch + first * rows
    ck_pack_columns(right + first, rightStride, count, rows, packedRight)
    for group in 0..<leftGroups {
      let start = group * Self.leftGrain
      let columns = min(leftColumns, start + Self.leftGrain) - start
      let (place, stride): (UnsafeMutablePointer<Float>, Int) =
        switch target {
        case .rows(let base): (base + start * rightColumns + first, rightColumns)
        case .panels(let base): (base + (panel * leftColumns + start) * width, width)
        }
      ck_product(
        code, packedLeft + start * rows, columns, rows, packedRight, width * rows, 0, 1, count, place, stride,
        ProductMode.continue.rawValue)
    }
  }
}

/// Room to pack what gradient products read.
///
/// `@unchecked Sendable` because pieces write disjoint parts of it.
final class GradientScratch: @unchecked Sendable {
  private var left: NumberBuffer
  private var right: NumberBuffer

  init() throws(ArithmeticError) {
    left = try NumberBuffer(count: 16)
    right = try NumberBuffer(count: 16)
  }

  /// Adds several products, all of `rows` rows, dealing their panels to the pool.
  func add(
    _ products: [GradientProduct], rows: Int, _ pool: WorkerPool, _ variant: KernelVariant
  ) throws(ArithmeticError) {
    var lefts: [Int] = []
    var rights: [Int] = []
    var (leftCount, rightCount) = (0, 0)
    for product in products {
      lefts.append(leftCount)
      rights.append(rightCount)
      let counts = product.packedCounts(rows: rows)
      leftCount += counts.left
      rightCount += counts.right
    }
    if left.count < leftCount { left = try NumberBuffer(count: leftCount) }
    if right.count < rightCount { right = try NumberBuffer(count: rightCount) }
    let (left, right) = (left, right)
    let packing = products.indices.flatMap { index in (0..<products[index].leftGroups).map { (index, $0) } }
    pool.run(packing.count) { piece in
      let (index, group) = packing[piece]
      products[index].packLeft(group, rows: rows, into: left.base + lefts[index])
    }
    let adding = products.indices.flatMap { index in (0..<products[index].panels).map { (index, $0) } }
    pool.run(adding.count) { piece in
      let (index, panel) = adding[piece]
      products[index].add(
        panel: panel, rows: rows, left: left.base + lefts[index], scratch: right.base + rights[index],
        code: variant.rawValue)
    }
  }
}
