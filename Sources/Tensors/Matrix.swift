// A weight matrix in the form that its class of arithmetic multiplies by, and the products by it.
// Knows nothing of where the numbers come from; whoever makes one supplies them row by row.

import CKernels

/// What a product does with what its target held before.
public enum ProductMode: Int32, Hashable, Sendable {
  /// The target becomes the product.
  case store = 0
  /// Each chain of the product goes on from what the target holds (ordered class only).
  case `continue` = 1
  /// The finished product is added to what the target holds.
  case add = 2
}

/// Weights W of `rows` outputs by `columns` inputs, for products A · Wᵀ.
public final class Matrix: Sendable {
  /// Rows in one packed panel: the grain by which a product can be split over threads.
  public static let panelRows = Int(CK_PANEL)

  /// How many outputs.
  public let rows: Int
  /// How many inputs.
  public let columns: Int
  /// Which arithmetic multiplies by it.
  public let arithmetic: ArithmeticClass
  /// Packed panels (ordered), or plain rows (openblas).
  private let numbers: NumberBuffer
  private let blas: OpenBLAS?

  /// How many panels the rows make.
  public var panels: Int { (rows + Self.panelRows - 1) / Self.panelRows }

  /// Makes a matrix, asking for its rows in groups, on the pool's threads.
  ///
  /// - Parameters:
  ///   - rows: How many outputs, at least 1.
  ///   - columns: How many inputs, at least 1.
  ///   - arithmetic: The class that will multiply by it.
  ///   - pool: Who does the work.
  ///   - fill: Writes the given rows, one after the other; called from several threads at once.
  /// - Throws: What `fill` throws, or that memory or OpenBLAS is missing.
  public init(
    rows: Int, columns: Int, arithmetic: ArithmeticClass, pool: WorkerPool,
    fill: (Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    self.rows = rows
    self.columns = columns
    self.arithmetic = arithmetic
    blas = arithmetic == .openblas ? try OpenBLAS.load() : nil
    let numbers = try NumberBuffer(count: ck_packed_size(rows, columns))
    self.numbers = numbers
    let group = Self.panelRows * max(1, 65536 / (Self.panelRows * columns))
    try pool.runThrowing((rows + group - 1) / group) { piece in
      let range = piece * group..<min(rows, (piece + 1) * group)
      if arithmetic == .openblas {
        let place = numbers.base + range.lowerBound * columns
        try fill(range, UnsafeMutableBufferPointer(start: place, count: range.count * columns))
      } else {
        let plain = try NumberBuffer(count: range.count * columns)
        try fill(range, UnsafeMutableBufferPointer(start: plain.base, count: range.count * columns))
        ck_pack_weights(plain.base, range.lowerBound, range.count, columns, numbers.base)
      }
    }
  }

  /// Makes a matrix of zeros in the ordered class, for a training to fill.
  ///
  /// - Parameters:
  ///   - rows: How many outputs, at least 1.
  ///   - columns: How many inputs, at least 1.
  /// - Throws: When there is no memory.
  public init(zeros rows: Int, columns: Int) throws(ArithmeticError) {
    self.rows = rows
    self.columns = columns
    arithmetic = .ordered
    blas = nil
    numbers = try NumberBuffer(count: ck_packed_size(rows, columns))
  }

  /// The packed panels of the ordered class, ``packedCount`` floats.
  ///
  /// Panel p holds, for each column, the numbers of rows 32p..<32p + 32 side by side. Whoever writes sees to it that no product runs meanwhile, and that rows
  /// beyond the last stay zero.
  public var packed: UnsafeMutablePointer<Float> {
    precondition(arithmetic == .ordered, "only the ordered class packs")
    return numbers.base
  }

  /// How many floats the packed panels have.
  public var packedCount: Int { ck_packed_size(rows, columns) }

  /// Copies one row out.
  ///
  /// - Parameters:
  ///   - row: Which, in `0..<rows`.
  ///   - destination: Room for `columns` floats.
  public func copyRow(_ row: Int, to destination: UnsafeMutablePointer<Float>) {
    precondition(row >= 0 && row < rows, "callers check token numbers before they get here")
    if arithmetic == .openblas {
      destination.update(from: numbers.base + row * columns, count: columns)
    } else {
      ck_unpack_row(numbers.base, row, columns, destination)
    }
  }

  /// C = A · Wᵀ for a range of panels of W's rows, which are columns of C.
  ///
  /// - Parameters:
  ///   - operand: The rows of A.
  ///   - panels: Which panels; other columns of C stay as they are.
  ///   - target: Row 0 of C, at the first panel's first column.
  ///   - stride: Floats from one row of C to the next.
  ///   - mode: What becomes of what C held.
  ///   - variant: Which instructions (ordered class).
  public func multiply(
    _ operand: Operand, panels: Range<Int>, into target: UnsafeMutablePointer<Float>, stride: Int,
    mode: ProductMode = .store, variant: KernelVariant
  ) {
    let first = panels.lowerBound * Self.panelRows
    let count = min(rows, panels.upperBound * Self.panelRows) - first
    guard count > 0, operand.rows > 0 else { return }
    if let blas {
      blas.multiply(
        operand.plain, aStride: operand.stride, m: operand.rows, k: columns, numbers.base + first * columns, n: count,
        into: target, cStride: stride, adding: mode == .add)
    } else {
      ck_product(
        variant.rawValue, operand.packed, operand.rows, columns, numbers.base + first * columns,
        Self.panelRows * columns, 0, panels.count, count, target, stride, mode.rawValue)
    }
  }
}

extension Matrix {
  /// C = A · Wᵀ over a stretch of the summed dimension and all rows of W (ordered class).
  ///
  /// - Parameters:
  ///   - operand: Rows of A that hold this stretch alone.
  ///   - inner: Which of W's columns.
  ///   - target: Row 0 of C.
  ///   - stride: Floats from one row of C to the next.
  ///   - mode: What becomes of what C held.
  ///   - variant: Which instructions.
  public func multiply(
    _ operand: Operand, inner: Range<Int>, into target: UnsafeMutablePointer<Float>, stride: Int, mode: ProductMode,
    variant: KernelVariant
  ) {
    ck_product(
      variant.rawValue, operand.packed, operand.rows, inner.count, packed + inner.lowerBound * Self.panelRows,
      Self.panelRows * columns, 0, panels, rows, target, stride, mode.rawValue)
  }
}

/// Rows of A as a product wants them: plain, and packed into tiles.
///
/// `@unchecked Sendable` because it only points: the pieces of one product read the same rows at once.
public struct Operand: @unchecked Sendable {
  let plain: UnsafePointer<Float>
  let packed: UnsafePointer<Float>
  let stride: Int
  let rows: Int

  /// Packs rows for the ordered class; the openblas class reads them where they are.
  ///
  /// - Parameters:
  ///   - plain: Row-major rows; must stay as they are while the operand is used.
  ///   - stride: Floats from one row to the next.
  ///   - rows: How many.
  ///   - columns: How many numbers each has.
  ///   - scratch: Room for `rows × columns` floats, used while the operand is.
  ///   - arithmetic: Who will multiply.
  ///   - variant: Which instructions.
  public init(
    _ plain: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int, scratch: UnsafeMutablePointer<Float>,
    arithmetic: ArithmeticClass, variant: KernelVariant
  ) {
    self.plain = plain
    self.stride = stride
    self.rows = rows
    packed = UnsafePointer(scratch)
    if arithmetic == .ordered { ck_pack_rows(variant.rawValue, plain, stride, rows, columns, scratch) }
  }
}
