// Many small segments of a recipe become few: what they hold is published anew, and only then are they removed.
//
// No record is lost, whoever else is at work and whenever a process is killed, because a segment is removed only when
// each of its keys stands in another one that covers its number; and because a writer whose new segment is covered
// already, which others may have looked into before it came, publishes again under a number that is not.

import Compression
import Digests
import Glibc

extension RecordSegments {
  /// How many segments of about one size become one.
  static let fanOut = 16
  /// The sizes, in bytes of the file, below which segments are merged with their like: the first, and the factor to the next.
  private static let sizes = [64 << 10, 1 << 20, 16 << 20]

  /// Merges small segments, until few of each size are left, and removes what others have left of theirs.
  ///
  /// - Throws: ``StorageError`` if a segment cannot be read or written; nothing is lost then.
  package func compact() throws(StorageError) {
    guard !files.isReadOnly else { throw .readOnlyStore(path: files.root) }
    try removeCovered()
    while let run = try nextRun() {
      guard try merge(run) else { return }
      try removeCovered()
    }
  }

  /// Compacts if there may be something to compact.
  func compactIfMany() throws(StorageError) {
    if try segmentNames().count >= Self.fanOut { try compact() }
  }

  /// Segments that follow each other and shall become one; nil if nothing is to be done.
  private func nextRun() throws(StorageError) -> [SegmentName]? {
    let names = try segmentNames()
    guard names.count >= Self.fanOut else { return nil }
    var sizes: [Int] = []
    for name in names { sizes.append(try files.status("\(folder)/\(name.text)")?.byteCount ?? .max) }
    for limit in Self.sizes {
      let count = sizes.reversed().prefix { $0 < limit }.count
      if count >= Self.fanOut, let run = try fitting(names.suffix(count)) { return run }
    }
    return nil
  }

  /// The first neighbors, two at least, whose values fit in one segment.
  private func fitting(_ names: ArraySlice<SegmentName>) throws(StorageError) -> [SegmentName]? {
    var (run, total): ([SegmentName], Int) = ([], 0)
    for name in names {
      guard let index = try index(of: name) else { return nil }
      let size = index.blocks.reduce(0) { $0 + $1.contentByteCount }
      if total + size > Self.segmentByteCount {
        if run.count > 1 { return run }
        (run, total) = ([], 0)
      }
      run.append(name)
      total += size
    }
    return run.count > 1 ? run : nil
  }

  /// Publishes one segment with what several hold.
  ///
  /// - Returns: False if it was not to be: others are at the same work, or a segment is damaged or gone.
  private func merge(_ run: [SegmentName]) throws(StorageError) -> Bool {
    guard let first = run.map(\.first).min(), let last = run.map(\.last).max() else { return false }
    let target = "\(folder)/\(SegmentName(first: first, last: last).text)"
    do throws(StorageError) {
      return try files.publishFirst(target) { file throws(StorageError) in
        var writer = SegmentWriter(recipe: recipe)
        for name in run { try copy(name, to: &writer, file) }
        try compressed { () throws(CompressionError) in try writer.finish() }
        try file.write(writer.take())
      } != nil
    } catch {
      guard case .changed = error else { throw error }
      return false
    }
  }

  /// Adds all records of a segment, block by block.
  ///
  /// - Throws: ``StorageError/changed(path:)`` if the segment is gone or damaged.
  private func copy(
    _ name: SegmentName, to writer: inout SegmentWriter, _ target: borrowing TemporaryFile
  ) throws(StorageError) {
    let path = "\(folder)/\(name.text)"
    guard let file = try files.open(path) else { throw .changed(path: path) }
    defer { files.close(file) }
    guard let index = try index(of: name) else { throw .changed(path: path) }
    let places = (0..<index.count).sorted {
      (index[$0].block, index[$0].offset) < (index[$1].block, index[$1].offset)
    }
    var block: (number: Int, content: [UInt8])?
    for place in places {
      let entry = index[place]
      if block?.number != entry.block {
        guard case .success(let content) = try content(of: index.blocks[entry.block], file) else {
          try verify(name.text)
          throw .changed(path: path)
        }
        block = (entry.block, content)
      }
      let value = block?.content[entry.offset..<(entry.offset + entry.byteCount)] ?? []
      let key = index.digest(place)
      try compressed { () throws(CompressionError) in try writer.add(key, value) }
      try target.write(writer.take())
    }
  }

  private func compressed(_ body: () throws(CompressionError) -> Void) throws(StorageError) {
    do { try body() } catch { throw Store.failure(error, files.path(folder)) }
  }

  /// Removes segments whose every key stands in one that covers their numbers.
  private func removeCovered() throws(StorageError) {
    let names = try segmentNames()
    for cover in names where cover.first < cover.last {
      let parts = names.filter { $0.isCovered(by: cover) }
      guard !parts.isEmpty, let whole = try index(of: cover) else { continue }
      for part in parts {
        guard let index = try index(of: part), whole.hasKeys(of: index) else { continue }
        // Somebody else may have removed it.
        do throws(SystemFailure) {
          try retrying { () throws(SystemFailure) in try files.system.remove(files.path("\(folder)/\(part.text)")) }
        } catch {
          guard error.code == ENOENT || error.code == ESTALE else { throw StorageError(error) }
        }
      }
    }
  }
}
