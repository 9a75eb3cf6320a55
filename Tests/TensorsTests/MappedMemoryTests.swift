// Large memory that is used again: at zero, and never more of it at once than was in use before.

import Randomness
import Tensors
import Testing

@Suite("Mapped memory")
struct MappedMemoryTests {
  @Test("What is used again is at zero, and other sizes have memory of their own")
  func zeros() throws {
    let counts = [1 << 18, (1 << 18) + 16, 3 << 20]
    for round in 0..<3 {
      let buffers = try counts.map { try NumberBuffer(count: $0) }
      for buffer in buffers {
        #expect(buffer.floats.allSatisfy { $0.bitPattern == 0 }, "round \(round), \(buffer.count) floats")
        #expect(UInt(bitPattern: buffer.base) % 64 == 0)
        buffer.floats.update(repeating: .nan)
      }
      for (one, other) in zip(buffers, buffers.dropFirst()) { #expect(one.base != other.base) }
    }
  }

  @Test("Kept and used together are never more than was used at one time")
  func bounds() {
    var account = MappedMemory.Account()
    var held: [MappedMemory.Stretch] = []
    let address = RandomAddress(seed: 7, purpose: .sampling)
    var (next, used, most, reused) = (UInt(1), 0, 0, 0)
    for step in 0..<5000 {
      let draw = address.words(at: UInt64(step)).0
      if draw % 5 < 2, !held.isEmpty {
        let gone = held.remove(at: Int(draw >> 8) % held.count)
        used -= gone.bytes
        account.keep(gone)
      } else {
        let bytes = [1 << 20, 3 << 20, 10 << 20, 64 << 20][Int(draw >> 16) % 4]
        let before = account.kept
        if let address = account.reuse(bytes) {
          // The newest of the size.
          #expect(address == before.last { $0.bytes == bytes }?.address)
          held.append(MappedMemory.Stretch(address: address, bytes: bytes))
          reused += 1
        } else {
          let gone = account.grow(bytes)
          // The oldest go first, and no more of them than must.
          #expect(gone == Array(before.prefix(gone.count)) && account.kept == Array(before.dropFirst(gone.count)))
          held.append(MappedMemory.Stretch(address: next, bytes: bytes))
          next += 1
        }
        used += bytes
        most = max(most, used)
        if held.count > 40 { held.giveHalfBack(&account, &used) }
      }
      #expect(used + account.kept.reduce(0) { $0 + $1.bytes } <= most)
      #expect(Set(held.map(\.address)).isDisjoint(with: account.kept.map(\.address)))
    }
    #expect(reused > 500)
  }
}

extension [MappedMemory.Stretch] {
  /// Gives half of everything back.
  fileprivate mutating func giveHalfBack(_ account: inout MappedMemory.Account, _ used: inout Int) {
    for stretch in prefix(count / 2) {
      account.keep(stretch)
      used -= stretch.bytes
    }
    removeFirst(count / 2)
  }
}
