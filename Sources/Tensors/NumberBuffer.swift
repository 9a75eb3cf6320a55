// A fixed stretch of floats on a cache line's boundary.
// Knows nothing of shapes.

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Memory for floats that never moves; starts at zero.
///
/// Whoever holds it decides who writes where; threads share it only over disjoint parts.
public final class NumberBuffer: @unchecked Sendable {
  /// The first float, on a boundary of 64 bytes.
  public let base: UnsafeMutablePointer<Float>
  /// How many floats there are.
  public let count: Int

  /// Takes memory; pages that are never touched cost nothing, unless an earlier buffer of this size had them.
  ///
  /// - Parameter count: How many floats.
  /// - Throws: When there is not so much memory.
  public init(count: Int) throws(ArithmeticError) {
    let bytes = max(count, 16) * MemoryLayout<Float>.stride
    mappedBytes = bytes >= Self.worthMapping ? bytes : 0
    let memory = mappedBytes > 0 ? MappedMemory.take(bytes) : Self.allocated(bytes)
    guard let memory else { throw .outOfMemory(bytes: bytes) }
    base = memory.bindMemory(to: Float.self, capacity: max(count, 16))
    self.count = count
  }

  /// From this many bytes on, memory is a mapping of its own.
  private static let worthMapping = 1 << 20

  private let mappedBytes: Int

  private static func allocated(_ bytes: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, bytes) == 0, let memory else { return nil }
    memset(memory, 0, bytes)
    return memory
  }

  deinit {
    if mappedBytes > 0 { MappedMemory.giveBack(base, mappedBytes) } else { free(base) }
  }

  /// The floats as a collection.
  public var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}
