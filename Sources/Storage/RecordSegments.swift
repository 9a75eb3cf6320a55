// The results of single records under one recipe, in segments: looked up in bulk, added a segment at a time.
// Knows nothing of what a record or a result is.

import Compression
public import Digests
import Synchronization

extension Store {
  /// The results of single records under a recipe.
  public func records(of recipe: Digest) -> RecordSegments {
    RecordSegments(recipe: recipe, manifest: nil, store: self)
  }

  /// The results of single records under a recipe, whose manifest is kept beside them.
  public func records(of recipe: Manifest) -> RecordSegments {
    RecordSegments(recipe: recipe.key, manifest: recipe, store: self)
  }
}

/// The stored results of single records under one recipe.
///
/// If several processes add a value under one key, the first published stands, for every reader.
public struct RecordSegments: Sendable {
  /// How many bytes of values go into one segment at most; more become several segments.
  static let segmentByteCount = 64 << 20

  let recipe: Digest
  let folder: String
  let manifest: Manifest?
  let store: Store
  private let cache = SegmentCache()

  init(recipe: Digest, manifest: Manifest?, store: Store) {
    self.recipe = recipe
    folder = "records/\(recipe.hex)"
    self.manifest = manifest
    self.store = store
  }

  var files: StoreFiles { store.files }

  // MARK: Reading

  /// Whether there is no segment, or none that can be listed.
  public var isEmpty: Bool { ((try? segmentNames()) ?? []).isEmpty }

  /// Which keys have a value, without reading values.
  ///
  /// - Returns: One answer a key, in order. A value may still turn out to be damaged when it is read.
  /// - Throws: ``StorageError`` if a segment cannot be read; damaged ones are set aside and do not count.
  public func lookup(_ keys: [Digest]) throws(StorageError) -> [Bool] {
    var found = [Bool](repeating: false, count: keys.count)
    var wanted = keys.indices.sorted { keys[$0] < keys[$1] }
    try eachSegment { name, file, index throws(StorageError) in
      for (position, _) in Self.hits(keys, wanted, in: index) { found[position] = true }
      wanted.removeAll { found[$0] }
      return !wanted.isEmpty
    }
    return found
  }

  /// The values of keys, verified.
  ///
  /// - Returns: One value a key, in order; nil where there is none.
  /// - Throws: ``StorageError`` if a segment cannot be read; what is damaged is set aside and does not count.
  public func values(for keys: [Digest]) throws(StorageError) -> [[UInt8]?] {
    var values = [[UInt8]?](repeating: nil, count: keys.count)
    var wanted = keys.indices.sorted { keys[$0] < keys[$1] }
    try eachSegment { name, file, index throws(StorageError) in
      var damage: DamageReason?
      let hits = Self.hits(keys, wanted, in: index)
      for (block, hits) in Self.byBlock(hits) {
        switch try content(of: index.blocks[block], file) {
        case .success(let content):
          for (position, entry) in hits {
            values[position] = Array(content[entry.offset..<(entry.offset + entry.byteCount)])
          }
        case .failure(let error): damage = .malformed(error.reason)
        }
      }
      if let damage { try salvage(name, file, index, damage) }
      wanted.removeAll { values[$0] != nil }
      return !wanted.isEmpty
    }
    return values
  }

  /// The keys that a segment has, and where, in the order of the keys.
  ///
  /// The fewer ones, wanted or there, are looked for among the others; sorted, every search begins where the last ended.
  private static func hits(
    _ keys: [Digest], _ wanted: [Int], in index: SegmentIndex
  ) -> [(position: Int, entry: SegmentEntry)] {
    var hits: [(Int, SegmentEntry)] = []
    var start = 0
    if wanted.count <= index.count {
      for position in wanted {
        let (place, isFound) = index.position(of: keys[position], from: start)
        if isFound { hits.append((position, index[place])) }
        start = place
      }
      return hits
    }
    for place in 0..<index.count {
      let key = index.digest(place)
      var high = wanted.count
      while start < high {
        let middle = (start + high) / 2
        if keys[wanted[middle]] < key { start = middle + 1 } else { high = middle }
      }
      while start < wanted.count, keys[wanted[start]] == key {
        hits.append((wanted[start], index[place]))
        start += 1
      }
    }
    return hits
  }

  private static func byBlock(
    _ hits: [(position: Int, entry: SegmentEntry)]
  ) -> [(block: Int, hits: [(position: Int, entry: SegmentEntry)])] {
    var groups: [(block: Int, hits: [(position: Int, entry: SegmentEntry)])] = []
    for hit in hits.sorted(by: { ($0.entry.block, $0.entry.offset) < ($1.entry.block, $1.entry.offset) }) {
      if groups.last?.block == hit.entry.block {
        groups[groups.count - 1].hits.append(hit)
      } else {
        groups.append((hit.entry.block, [hit]))
      }
    }
    return groups
  }

  func content(of block: SegmentBlock, _ file: OpenFile) throws(StorageError) -> Result<[UInt8], Malformed> {
    let frame = try files.read(file, at: block.offset, count: block.frameByteCount)
    do throws(CompressionError) {
      let content = try Compression.zstdDecompressed(frame, maximum: block.contentByteCount)
      guard content.count == block.contentByteCount, Digest.sha256(content).bytes == block.digest else {
        return .failure(Malformed("a block's content has another digest than its index says"))
      }
      return .success(content)
    } catch {
      if case .outOfMemory = error { throw Store.failure(error, file.path) }
      return .failure(Malformed("a block does not decode"))
    }
  }

  /// Visits the segments in the order in which they win, until `body` returns false.
  private func eachSegment(
    _ body: (String, OpenFile, SegmentIndex) throws(StorageError) -> Bool
  ) throws(StorageError) {
    // A segment that is gone was compacted into another, or set aside; what is listed then is as good. Compaction
    // under way cannot outrun this more than a few times.
    var done: Set<String> = []
    for _ in 0..<8 {
      var isComplete = true
      for name in try segmentNames().map(\.text) where done.insert(name).inserted {
        guard let file = try files.open("\(folder)/\(name)") else {
          isComplete = false
          break
        }
        defer { files.close(file) }
        do throws(SegmentFailure) {
          let index = try index(name, file)
          do throws(StorageError) { if !(try body(name, file, index)) { return } } catch { throw .other(error) }
        } catch {
          switch error {
          case .damage(let malformed): setAside(name, .malformed(malformed.reason))
          case .other(let error): throw error
          }
        }
      }
      if isComplete { return }
    }
  }

  private enum SegmentFailure: Error {
    case damage(Malformed)
    case other(StorageError)
  }

  /// The index of an open segment, read once and recognized by its footer afterwards.
  private func index(_ name: String, _ file: OpenFile) throws(SegmentFailure) -> SegmentIndex {
    let read: (footer: [UInt8], byteCount: Int)
    do throws(StorageError) {
      let byteCount = try files.byteCount(of: file)
      let start = max(0, byteCount - Segment.footerByteCount)
      read = (try files.read(file, at: start, count: Segment.footerByteCount), byteCount)
    } catch { throw .other(error) }
    if let known = cache.index(of: name), known.footer == read.footer { return known }
    guard let count = SegmentIndex.byteCount(footer: read.footer), count <= read.byteCount else {
      throw .damage(Malformed("it does not end with a segment's index"))
    }
    let (beginning, bytes): ([UInt8], [UInt8])
    do throws(StorageError) {
      beginning = try files.read(file, at: 0, count: Segment.headerMaximum)
      bytes = try files.read(file, at: read.byteCount - count, count: count)
    } catch { throw .other(error) }
    do throws(Malformed) {
      let header = try Segment.headerByteCount(beginning, of: recipe)
      let index = try SegmentIndex(bytes, header: header, fileByteCount: read.byteCount)
      cache.keep(index, of: name)
      return index
    } catch { throw .damage(error) }
  }

  /// A segment's index; nil if the segment is gone, or damaged, which is found when it is read.
  func index(of name: SegmentName) throws(StorageError) -> SegmentIndex? {
    guard let file = try files.open("\(folder)/\(name.text)") else { return nil }
    defer { files.close(file) }
    do throws(SegmentFailure) { return try index(name.text, file) } catch {
      if case .other(let error) = error { throw error }
      return nil
    }
  }

  /// Sets a damaged segment aside and publishes what of it is whole.
  private func salvage(
    _ name: String, _ file: OpenFile, _ index: SegmentIndex, _ reason: DamageReason
  ) throws(StorageError) {
    store.report("\(folder)/\(name)", reason)
    guard !files.isReadOnly else { return }
    var whole: [(key: Digest, value: [UInt8])] = []
    var contents: [Int: [UInt8]] = [:]
    for (number, block) in index.blocks.enumerated() {
      if case .success(let content) = try content(of: block, file) { contents[number] = content }
    }
    for position in 0..<index.count {
      let entry = index[position]
      guard let content = contents[entry.block], let key = Digest(bytes: index.key(position)) else { continue }
      whole.append((key, Array(content[entry.offset..<(entry.offset + entry.byteCount)])))
    }
    guard !whole.isEmpty else { return fill(name) }
    let bytes = try encoded(whole)
    // If the name is taken again, another process was faster and saved the same.
    _ = try files.publishFirst("\(folder)/\(name)") { file throws(StorageError) in try file.write(bytes) }
  }

  // MARK: Checking

  /// Checks every byte of a segment; if it is damaged it is set aside, and what of it is whole is kept.
  func verify(_ name: String) throws(StorageError) {
    guard let file = try files.open("\(folder)/\(name)") else { return }
    defer { files.close(file) }
    do throws(SegmentFailure) {
      let index = try index(name, file)
      do throws(StorageError) {
        if let reason = try damage(in: file, index) { try salvage(name, file, index, reason) }
      } catch { throw .other(error) }
    } catch {
      switch error {
      case .damage(let malformed): setAside(name, .malformed(malformed.reason))
      case .other(let error): throw error
      }
    }
  }

  /// Sets a segment aside of which nothing is whole.
  private func setAside(_ name: String, _ reason: DamageReason) {
    store.report("\(folder)/\(name)", reason)
    fill(name)
  }

  private func damage(in file: OpenFile, _ index: SegmentIndex) throws(StorageError) -> DamageReason? {
    for block in index.blocks {
      if case .failure(let error) = try content(of: block, file) { return .malformed(error.reason) }
    }
    let end = try files.byteCount(of: file) - Digest.byteCount
    var hasher = DigestHasher()
    var offset = 0
    while offset < end {
      let piece = try files.read(file, at: offset, count: min(Compression.pieceByteCount, end - offset))
      guard !piece.isEmpty else { break }
      hasher.update(piece)
      offset += piece.count
    }
    let stated = try files.read(file, at: end, count: Digest.byteCount)
    return hasher.finalize().bytes == stated ? nil : .malformed("its last 32 bytes are not the digest of the others")
  }

  /// How many records a segment has, by its footer, unproved; nil if it has none.
  func recordCount(_ name: String) throws(StorageError) -> Int? {
    guard let file = try files.open("\(folder)/\(name)") else { return nil }
    defer { files.close(file) }
    let start = max(0, try files.byteCount(of: file) - Segment.footerByteCount)
    return SegmentIndex.recordCount(footer: try files.read(file, at: start, count: Segment.footerByteCount))
  }

  // MARK: Writing

  /// Publishes results of single records; they are stored when this returns.
  ///
  /// Values under keys that have one already are kept but never seen; ask ``values(for:)`` which stand.
  ///
  /// - Parameters:
  ///   - records: Keys and values.
  ///   - isDurable: Whether they are to outlive the machine, too, which takes much longer, and not only the process: no
  ///     result names a record, so one that is lost, or found torn, is only computed again.
  /// - Throws: ``StorageError`` if they cannot be written; nothing or a first part of them is stored then.
  public func append(_ records: [(Digest, [UInt8])], isDurable: Bool = true) throws(StorageError) {
    guard !files.isReadOnly else { throw .readOnlyStore(path: files.root) }
    try keepManifest(isDurable: isDurable)
    var part: [(key: Digest, value: [UInt8])] = []
    var size = 0
    for (key, value) in records {
      guard value.count <= Segment.blockMaximum else {
        throw .tooLarge(what: "a record's result", byteCount: value.count, maximum: Segment.blockMaximum)
      }
      if size + value.count > Self.segmentByteCount, !part.isEmpty {
        try publish(part, isDurable: isDurable)
        (part, size) = ([], 0)
      }
      part.append((key, value))
      size += value.count
    }
    if !part.isEmpty { try publish(part, isDurable: isDurable) }
    // What cannot be compacted now, on a full disk for instance, is compacted later; the records are stored.
    try? compactIfMany()
  }

  private func publish(
    _ records: [(key: Digest, value: [UInt8])], isDurable: Bool
  ) throws(StorageError) {
    try publish(segment: try encoded(records), isDurable: isDurable)
  }

  /// Publishes a whole segment under the next free number.
  func publish(segment bytes: [UInt8], isDurable: Bool = true) throws(StorageError) {
    var tried = 0
    while true {
      let first = try nextName(after: tried)
      var last = first
      _ = try files.publishFirst(
        "\(folder)/\(first.text)",
        next: { () throws(StorageError) in
          last = try nextName(after: last.last)
          return "\(folder)/\(last.text)"
        }, isDurable: isDurable, { file throws(StorageError) in try file.write(bytes) })
      // Who compacts does not know of a segment that took a number which was free again, and might remove it.
      guard try segmentNames().contains(where: { last.isCovered(by: $0) }) else { break }
      tried = last.last
    }
    // Whoever made the recipe's folder may not have waited for its name.
    if isDurable { try files.synchronizeFolder("records") }
  }

  private func encoded(_ records: [(key: Digest, value: [UInt8])]) throws(StorageError) -> [UInt8] {
    do { return try Segment.bytes(of: records, recipe: recipe) } catch {
      throw Store.failure(error, files.path(folder))
    }
  }

  /// The name for a new segment: a number greater than all that are there and than those tried.
  private func nextName(after tried: Int) throws(StorageError) -> SegmentName {
    SegmentName(number: max(try segmentNames().map(\.last).max() ?? 0, tried) + 1)
  }

  /// The names of the segments, in the order in which they win.
  func segmentNames() throws(StorageError) -> [SegmentName] {
    try files.list(folder).compactMap(SegmentName.init).sorted { ($0.first, -$0.last) < ($1.first, -$1.last) }
  }

  private func keepManifest(isDurable: Bool) throws(StorageError) {
    guard let bytes = manifest?.bytes else { return }
    let name = "\(folder)/manifest"
    // One that is there counts as used, so that collection does not take it from under what is being added; a power cut
    // may have torn it.
    if try files.read(name) == bytes, try store.use(name) { return }
    try files.publish(name, isDurable: isDurable) { file throws(StorageError) in try file.write(bytes) }
  }
}

/// The indexes that were read, by segment, as far as they fit.
private final class SegmentCache: Sendable {
  /// The most bytes that they may take; those that find no place are read again when they are asked for.
  private static let capacity = 16 << 20

  private let indexes = Mutex<(known: [String: SegmentIndex], byteCount: Int)>(([:], 0))

  func index(of name: String) -> SegmentIndex? { indexes.withLock { $0.known[name] } }

  func keep(_ index: SegmentIndex, of name: String) {
    indexes.withLock { state in
      let rest = state.byteCount - (state.known[name]?.memory ?? 0)
      guard rest + index.memory <= Self.capacity else { return }
      state.known[name] = index
      state.byteCount = rest + index.memory
    }
  }
}
