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

  /// Takes memory; pages that are never touched cost nothing.
  ///
  /// - Parameter count: How many floats.
  /// - Throws: When there is not so much memory.
  public init(count: Int) throws(ArithmeticError) {
    let bytes = max(count, 16) * MemoryLayout<Float>.stride
    let large = bytes >= 1 << 20
    // Large stretches as mappings of their own, in large pages where the system has them: they are zero already.
    if large {
      let map = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let map, map != MAP_FAILED else { throw .outOfMemory(bytes: bytes) }
      madvise(map, bytes, MADV_HUGEPAGE)
      base = map.bindMemory(to: Float.self, capacity: max(count, 16))
    } else {
      var memory: UnsafeMutableRawPointer?
      guard posix_memalign(&memory, 64, bytes) == 0, let memory else { throw .outOfMemory(bytes: bytes) }
      memset(memory, 0, bytes)
      base = memory.bindMemory(to: Float.self, capacity: max(count, 16))
    }
    mappedBytes = large ? bytes : 0
    self.count = count
  }

  private let mappedBytes: Int

  deinit {
    if mappedBytes > 0 { munmap(base, mappedBytes) } else { free(base) }
  }

  /// The floats as a collection.
  public var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}
