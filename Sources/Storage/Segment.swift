// A segment's bytes: blocks of values, then an index that proves itself. Knows nothing of files and folders.

import Compression
package import Digests

/// Where a value stands.
struct SegmentEntry: Hashable, Sendable {
  let block: Int
  let offset: Int
  let byteCount: Int
}

/// A run of values that is compressed and proved as one.
struct SegmentBlock: Hashable, Sendable {
  let offset: Int
  let frameByteCount: Int
  let contentByteCount: Int
  let digest: [UInt8]
}

/// The form of a segment.
package enum Segment {
  /// The beginning of a segment that does not say of which recipe it is; only read, never written.
  static let namelessHeader = skippable(0x184D_2A50, Array("runner-segment 1\n".utf8))
  /// How many bytes tell which header a file has.
  static let headerMaximum = 57
  static let footerByteCount = 80
  package static let blockByteCount = 48
  package static let entryByteCount = 44
  /// Writers fill blocks to about this size: small enough to fetch one value, large enough to compress well.
  static let blockTarget = 256 << 10
  static let blockMaximum = 1 << 30
  package static let mark = Array("RUNNERIX".utf8)

  /// The beginning of a segment of a recipe: keys of records are the same under all, so a segment must say whose it is.
  package static func header(_ recipe: Digest) -> [UInt8] {
    skippable(0x184D_2A50, Array("runner-segment 2\n".utf8) + recipe.bytes)
  }

  /// How long the header is with which a file begins.
  ///
  /// - Throws: What departs from the format.
  static func headerByteCount(_ beginning: [UInt8], of recipe: Digest) throws(Malformed) -> Int {
    let own = header(recipe)
    if beginning.starts(with: own) { return own.count }
    if beginning.starts(with: namelessHeader) { return namelessHeader.count }
    let isOthers = beginning.starts(with: own.dropLast(Digest.byteCount))
    throw Malformed(isOthers ? "it is a segment of another recipe" : "it does not begin as a segment does")
  }

  static func skippable(_ magic: UInt32, _ content: [UInt8]) -> [UInt8] {
    little(magic) + little(UInt32(content.count)) + content
  }

  package static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// A whole segment's bytes.
  ///
  /// - Parameters:
  ///   - records: Keys and values; of equal keys the first counts.
  ///   - recipe: What they are results of.
  /// - Returns: The bytes of the file.
  /// - Throws: ``CompressionError`` if memory is short.
  static func bytes(
    of records: [(key: Digest, value: [UInt8])], recipe: Digest
  ) throws(CompressionError) -> [UInt8] {
    var writer = SegmentWriter(recipe: recipe)
    for (key, value) in records { try writer.add(key, value) }
    try writer.finish()
    return writer.take()
  }
}

/// The proved index of a segment: where every key's value stands.
struct SegmentIndex: Sendable {
  let blocks: [SegmentBlock]
  let count: Int
  /// The footer, by which a segment is recognized.
  let footer: [UInt8]
  private let entries: [UInt8]

  /// How many bytes before the end of the file belong to the index; nil if the footer is none.
  static func byteCount(footer: [UInt8]) -> Int? {
    guard footer.count == Segment.footerByteCount, footer[8..<16].elementsEqual(Segment.mark) else { return nil }
    // Both counts have 32 bits, so nothing overflows.
    let blocks = Segment.number(footer[0..<4])
    let records = Segment.number(footer[4..<8])
    return 8 + Segment.blockByteCount * blocks + Segment.entryByteCount * records + Segment.footerByteCount
  }

  /// How many records a footer says there are; nil if it is none.
  static func recordCount(footer: [UInt8]) -> Int? {
    byteCount(footer: footer) == nil ? nil : Segment.number(footer[4..<8])
  }

  /// Reads the index.
  ///
  /// - Parameters:
  ///   - bytes: The index frame, from its magic number to the end of the file.
  ///   - header: How many bytes stand before the first block.
  ///   - fileByteCount: The file's size.
  /// - Throws: What departs from the format.
  init(_ bytes: [UInt8], header: Int, fileByteCount: Int) throws(Malformed) {
    let footer = Array(bytes.suffix(Segment.footerByteCount))
    guard let byteCount = Self.byteCount(footer: footer), byteCount == bytes.count,
      bytes.starts(with: Segment.little(UInt32(0x184D_2A5E)) + Segment.little(UInt32(byteCount - 8)))
    else { throw Malformed("it does not end with a segment's index") }
    let proved = bytes[8..<(bytes.count - 2 * Digest.byteCount)]
    guard Digest.sha256(proved).bytes.elementsEqual(footer[16..<48]) else {
      throw Malformed("its index has another digest than it says")
    }
    self.footer = footer
    count = Segment.number(footer[4..<8])
    var blocks: [SegmentBlock] = []
    var end = header
    for start in stride(from: 8, to: 8 + Segment.blockByteCount * Segment.number(footer[0..<4]), by: 48) {
      let block = SegmentBlock(
        offset: Segment.number(bytes[start..<(start + 8)]),
        frameByteCount: Segment.number(bytes[(start + 8)..<(start + 12)]),
        contentByteCount: Segment.number(bytes[(start + 12)..<(start + 16)]),
        digest: Array(bytes[(start + 16)..<(start + 48)]))
      guard block.offset == end, block.contentByteCount <= Segment.blockMaximum else {
        throw Malformed("its blocks do not follow each other")
      }
      end += block.frameByteCount
      blocks.append(block)
    }
    guard end + byteCount == fileByteCount else { throw Malformed("its blocks do not fill the file") }
    self.blocks = blocks
    entries = Array(bytes[(8 + Segment.blockByteCount * blocks.count)..<(bytes.count - Segment.footerByteCount)])
    try checkEntries()
  }

  private func checkEntries() throws(Malformed) {
    for position in 0..<count {
      let entry = self[position]
      guard entry.block < blocks.count, entry.offset + entry.byteCount <= blocks[entry.block].contentByteCount,
        position == 0 || key(position - 1).lexicographicallyPrecedes(key(position))
      else { throw Malformed("its index is not in order") }
    }
  }

  func key(_ position: Int) -> ArraySlice<UInt8> {
    let start = position * Segment.entryByteCount
    return entries[start..<(start + Digest.byteCount)]
  }

  /// A key as a digest.
  func digest(_ position: Int) -> Digest {
    guard let digest = Digest(bytes: key(position)) else { fatalError("a key has 32 bytes: our own bug") }
    return digest
  }

  /// Whether every key of another segment is one of this one's.
  func hasKeys(of other: SegmentIndex) -> Bool {
    var start = 0
    for position in 0..<other.count {
      let (place, isFound) = self.position(of: other.digest(position), from: start)
      guard isFound else { return false }
      start = place
    }
    return true
  }

  /// About how many bytes it takes in memory.
  var memory: Int { entries.count + 96 * blocks.count }

  subscript(position: Int) -> SegmentEntry {
    let start = position * Segment.entryByteCount + Digest.byteCount
    return SegmentEntry(
      block: Segment.number(entries[start..<(start + 4)]), offset: Segment.number(entries[(start + 4)..<(start + 8)]),
      byteCount: Segment.number(entries[(start + 8)..<(start + 12)]))
  }

  /// Where a key stands at or after a position.
  ///
  /// - Returns: The position of the key or of the first greater one, and whether it is the key's.
  func position(of key: Digest, from start: Int = 0) -> (position: Int, isFound: Bool) {
    var (low, high) = (start, count)
    while low < high {
      let middle = (low + high) / 2
      if digest(middle) < key { low = middle + 1 } else { high = middle }
    }
    return (low, low < count && digest(low) == key)
  }
}

extension Segment {
  /// The keys of a recipe's whole segment whose every byte holds.
  ///
  /// - Throws: What departs from the format.
  package static func keys(checking bytes: [UInt8], of recipe: Digest) throws(Malformed) -> [Digest] {
    let header = try headerByteCount(Array(bytes.prefix(headerMaximum)), of: recipe)
    guard let count = SegmentIndex.byteCount(footer: Array(bytes.suffix(footerByteCount))),
      count <= bytes.count - header
    else { throw Malformed("it does not end with a segment's index") }
    let index = try SegmentIndex(Array(bytes.suffix(count)), header: header, fileByteCount: bytes.count)
    for block in index.blocks {
      let frame = Array(bytes[block.offset..<(block.offset + block.frameByteCount)])
      guard let content = try? Compression.zstdDecompressed(frame, maximum: block.contentByteCount),
        content.count == block.contentByteCount, Digest.sha256(content).bytes == block.digest
      else { throw Malformed("a block is not what its index says") }
    }
    guard Digest.sha256(bytes.dropLast(Digest.byteCount)).bytes.elementsEqual(bytes.suffix(Digest.byteCount)) else {
      throw Malformed("its last 32 bytes are not the digest of the others")
    }
    return (0..<index.count).compactMap { Digest(bytes: index.key($0)) }
  }
}
