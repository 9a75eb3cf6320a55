// A segment's bytes one after the other, so that a segment need never be in memory as a whole.
// Knows nothing of files.

import Compression
import Digests

/// Makes a segment of keys and values that come one by one; ``take()`` gives the bytes that are ready.
struct SegmentWriter {
  private var ready: [UInt8] = []
  private var hasher = DigestHasher()
  private var byteCount = 0
  private var blocks: [UInt8] = []
  private var blockCount = 0
  private var content: [UInt8] = []
  private var entries: [(key: Digest, entry: SegmentEntry)] = []
  private var seen: Set<Digest> = []

  /// Begins a segment of a recipe.
  init(recipe: Digest) {
    emit(Segment.header(recipe))
  }

  private mutating func emit(_ bytes: [UInt8]) {
    hasher.update(bytes)
    byteCount += bytes.count
    ready += bytes
  }

  /// The bytes that were made since the last call.
  mutating func take() -> [UInt8] {
    defer { ready = [] }
    return ready
  }

  /// Adds a value; of equal keys the first counts.
  mutating func add(_ key: Digest, _ value: some Collection<UInt8>) throws(CompressionError) {
    guard seen.insert(key).inserted else { return }
    if !content.isEmpty, content.count + value.count > Segment.blockTarget { try closeBlock() }
    entries.append((key, SegmentEntry(block: blockCount, offset: content.count, byteCount: value.count)))
    content += value
  }

  private mutating func closeBlock() throws(CompressionError) {
    let frame = try Compression.zstdCompressed(content)
    blocks += Segment.little(UInt64(byteCount)) + Segment.little(UInt32(frame.count))
    blocks += Segment.little(UInt32(content.count)) + Digest.sha256(content).bytes
    emit(frame)
    blockCount += 1
    content.removeAll(keepingCapacity: true)
  }

  /// Makes what comes after the values.
  mutating func finish() throws(CompressionError) {
    if blockCount < (entries.last.map { $0.entry.block + 1 } ?? 0) { try closeBlock() }
    entries.sort { $0.key < $1.key }
    var index = blocks
    index.reserveCapacity(blocks.count + Segment.entryByteCount * entries.count + Segment.footerByteCount)
    for (key, entry) in entries {
      index += key.bytes
      index += Segment.little(UInt32(entry.block)) + Segment.little(UInt32(entry.offset))
      index += Segment.little(UInt32(entry.byteCount))
    }
    index += Segment.little(UInt32(blockCount)) + Segment.little(UInt32(entries.count)) + Segment.mark
    index += Digest.sha256(index).bytes
    emit(Segment.little(UInt32(0x184D_2A5E)) + Segment.little(UInt32(index.count + Digest.byteCount)) + index)
    ready += hasher.finalize().bytes
  }
}
