// Large stretches of memory from the system, kept for the next one of the same size.
// Knows nothing of what stands in them.

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif
import Synchronization

/// Takes memory from the system once for many users in turn.
///
/// A step's model and activations are as large as the next step's, and a page's first touch costs more than to fill it: much
/// more on a virtual machine, whose host has to find the page, too. What is kept and what is in use are together never more
/// than what was in use at one time before.
package enum MappedMemory {
  /// A stretch that is kept, by its address.
  package struct Stretch: Equatable {
    package let address: UInt
    package let bytes: Int

    package init(address: UInt, bytes: Int) {
      self.address = address
      self.bytes = bytes
    }
  }

  /// What is kept and how much is in use; takes and gives nothing itself.
  package struct Account {
    /// The newest last.
    package private(set) var kept: [Stretch] = []
    private var keptBytes = 0
    private var used = 0
    private var mostUsed = 0

    package init() {}

    /// One of that size that is kept; the newest is the likeliest to be near the processor.
    package mutating func reuse(_ bytes: Int) -> UInt? {
      guard let place = kept.lastIndex(where: { $0.bytes == bytes }) else { return nil }
      keptBytes -= bytes
      used += bytes
      return kept.remove(at: place).address
    }

    /// Counts new memory in, and takes out what may no longer be kept beside it, the oldest first.
    package mutating func grow(_ bytes: Int) -> [Stretch] {
      used += bytes
      mostUsed = max(mostUsed, used)
      var surplus = 0
      while surplus < kept.count, used + keptBytes > mostUsed {
        keptBytes -= kept[surplus].bytes
        surplus += 1
      }
      defer { kept.removeFirst(surplus) }
      return Array(kept[..<surplus])
    }

    /// Takes back what ``grow(_:)`` counted, because there is not so much.
    package mutating func shrink(_ bytes: Int) { used -= bytes }

    /// Keeps what nobody uses any more.
    package mutating func keep(_ stretch: Stretch) {
      used -= stretch.bytes
      keptBytes += stretch.bytes
      kept.append(stretch)
    }
  }

  private static let account = Mutex(Account())

  /// Memory at zero, in large pages where the system has them; nil if there is not so much.
  static func take(_ bytes: Int) -> UnsafeMutableRawPointer? {
    if let address = account.withLock({ $0.reuse(bytes) }), let memory = UnsafeMutableRawPointer(bitPattern: address) {
      memset(memory, 0, bytes)
      return memory
    }
    // Before the new memory is there, what it takes the place of is gone.
    for old in account.withLock({ $0.grow(bytes) }) {
      munmap(UnsafeMutableRawPointer(bitPattern: old.address), old.bytes)
    }
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      account.withLock { $0.shrink(bytes) }
      return nil
    }
    madvise(memory, bytes, MADV_HUGEPAGE)
    return memory
  }

  /// Keeps memory that nobody uses any more.
  static func giveBack(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
    account.withLock { $0.keep(Stretch(address: UInt(bitPattern: memory), bytes: bytes)) }
  }
}
