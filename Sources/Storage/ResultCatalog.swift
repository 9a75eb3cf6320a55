// What step results say of their outputs, gathered in one file, so that a plan over thousands of steps reads one file
// instead of thousands. Nothing rests on it: an entry counts only while the file that it was read from is as it was.

public import Digests
import Synchronization

extension Store {
  /// What a step made: ``result(for:)`` without manifest and provenance, and without reading if the catalog knows it.
  ///
  /// - Parameters:
  ///   - step: The step's key.
  ///   - isUse: Whether whoever asks counts on the result, as with ``use(step:objects:)``.
  /// - Returns: nil if there is no result, or if it was damaged and has been set aside.
  /// - Throws: ``StorageError`` if the file cannot be read.
  public func outputs(of step: Digest, isUse: Bool = false) throws(StorageError) -> [StepResult.Output]? {
    if let known = ahead.entry(ofStep: step, files) {
      return isUse && isOld(known.modified) && !renew(Self.stepName(step)) ? nil : known.outputs
    }
    // The status is older than what is read after it: if the file changes meanwhile, the entry does not count.
    guard let status = try status(ofStep: step) else { return nil }
    if isUse, isOld(status.modified), !renew(Self.stepName(step)) { return nil }
    if let known = catalog.outputs(of: step, status, files, ahead) { return known }
    guard let result = try result(for: step) else { return nil }
    catalog.note(CatalogEntry(key: step, status, result.outputs), now: files.system.now())
    return result.outputs
  }

  /// Adds what was read since the store was opened to the catalog; a failure is no fault.
  public func saveCatalog() { catalog.save(files) }
}

/// What a step result says of its outputs, and how to tell whether its file is still the one that was read.
package struct CatalogEntry: Hashable, Sendable {
  let key: Digest
  let modified: Int64
  let byteCount: Int
  let outputs: [StepResult.Output]

  package init(key: Digest, _ status: FileStatus, _ outputs: [StepResult.Output]) {
    self.key = key
    self.modified = status.modified
    self.byteCount = status.byteCount
    self.outputs = outputs
  }

  /// Whether a file is the one that was read.
  func isOf(_ status: FileStatus) -> Bool { modified == status.modified && byteCount == status.byteCount }

  // MARK: Bytes

  package static let header = Array("runner-results 2\n".utf8)
  /// How catalogs began whose entries lack the sizes of objects' files; such a one is made anew.
  private static let earlierHeader = Array("runner-results 1\n".utf8)
  private static let checkByteCount = 8

  /// The entry as it stands in the catalog: length, content, and the beginning of the content's digest.
  package var bytes: [UInt8] {
    var content = key.bytes + Segment.little(modified) + Segment.little(UInt64(byteCount))
    content += Segment.little(UInt16(outputs.count))
    for output in outputs {
      content += Segment.little(UInt16(output.name.utf8.count)) + Array(output.name.utf8) + output.digest.bytes
      content += Segment.little(UInt64(output.byteCount)) + Segment.little(UInt64((output.recordCount ?? -1) + 1))
      content += Segment.little(UInt64((output.fileByteCount ?? -1) + 1))
    }
    return Segment.little(UInt32(content.count)) + content + Self.check(content[...])
  }

  private static func check(_ content: ArraySlice<UInt8>) -> [UInt8] {
    Array(Digest.sha256(content).bytes.prefix(checkByteCount))
  }

  /// Where the entries of a catalog stand that follow each other from the header on, unproved.
  ///
  /// - Returns: The place of each by key, of several of one key the last; how many there are; whether they fill the file.
  package static func places(in bytes: [UInt8]) -> (places: [Digest: Range<Int>], count: Int, isWhole: Bool) {
    guard bytes.starts(with: header) else { return ([:], 0, bytes.isEmpty) }
    var places: [Digest: Range<Int>] = [:]
    places.reserveCapacity(bytes.count / usualByteCount)
    var count = 0
    var start = header.count
    var reader = FieldReader(bytes, start..<bytes.count)
    while let length = reader.number(4) {
      let end = start + 4 + length + checkByteCount
      guard length >= Digest.byteCount, end <= bytes.count, let key = reader.digest() else { break }
      places[key] = start..<end
      count += 1
      start = end
      reader.position = end
    }
    return (places, count, start == bytes.count)
  }

  /// Whether a catalog consists of whole entries alone.
  package static func areWhole(_ bytes: [UInt8]) -> Bool {
    guard bytes.starts(with: header) else { return bytes.isEmpty || bytes.starts(with: earlierHeader) }
    var start = header.count
    var reader = FieldReader(bytes, start..<bytes.count)
    while let length = reader.number(4) {
      let end = start + 4 + length + checkByteCount
      guard length >= Digest.byteCount, end <= bytes.count, CatalogEntry(bytes, at: start..<end) != nil else {
        return false
      }
      start = end
      reader.position = end
    }
    return start == bytes.count
  }

  /// About how many bytes an entry has.
  private static let usualByteCount = 138

  /// Reads the entry at a place; nil if anything about it is wrong.
  package init?(_ bytes: [UInt8], at place: Range<Int>) {
    let content = (place.lowerBound + 4)..<(place.upperBound - Self.checkByteCount)
    var tail = FieldReader(bytes, content.upperBound..<place.upperBound)
    guard tail.leading() == Digest.sha256(bytes[content]).leading else { return nil }
    var reader = FieldReader(bytes, content)
    guard let key = reader.digest(), let modified = reader.number(8), let byteCount = reader.number(8),
      let count = reader.number(2)
    else { return nil }
    var outputs: [StepResult.Output] = []
    for _ in 0..<count {
      guard let name = reader.text(), let digest = reader.digest(), let byteCount = reader.number(8),
        let records = reader.number(8), let fileBytes = reader.number(8)
      else { return nil }
      outputs.append(
        StepResult.Output(
          name, digest, byteCount: byteCount, recordCount: records == 0 ? nil : records - 1,
          fileByteCount: fileBytes == 0 ? nil : fileBytes - 1))
    }
    guard reader.isAtEnd else { return nil }
    (self.key, self.modified, self.byteCount, self.outputs) = (key, Int64(modified), byteCount, outputs)
  }
}

/// A catalog's file as it was read.
struct CatalogContent: Sendable {
  let bytes: [UInt8]
  /// Where the entry of each step stands, unproved.
  let places: [Digest: Range<Int>]
  let entryCount: Int
  /// Whether entries fill the file.
  let isWhole: Bool

  /// Reads the file; one that cannot be read says nothing.
  init(_ files: StoreFiles) {
    bytes = ((try? files.unnoted.read(ResultCatalog.name)) ?? nil) ?? []
    (places, entryCount, isWhole) = CatalogEntry.places(in: bytes)
  }

  /// What the catalog says of a step; nil if nothing, or nothing that is whole.
  func entry(of key: Digest) -> CatalogEntry? { places[key].flatMap { CatalogEntry(bytes, at: $0) } }
}

/// The catalog of a store as far as this process has read it and added to it.
final class ResultCatalog: Sendable {
  static let name = "index/results"
  /// A file that changed a moment ago might change again without another time: file systems' clocks tick.
  static let settledAfter: Int64 = 2_000_000

  private struct State {
    var content: CatalogContent?
    var news: [Digest: CatalogEntry] = [:]
  }

  private let state = Mutex(State())

  /// What is known of a step whose file has a status.
  func outputs(
    of key: Digest, _ status: FileStatus, _ files: StoreFiles, _ ahead: LookAhead
  ) -> [StepResult.Output]? {
    state.withLock { state in
      if state.content == nil { state.content = ahead.catalog ?? CatalogContent(files) }
      let entry = state.news[key] ?? state.content?.entry(of: key)
      return entry.flatMap { $0.key == key && $0.isOf(status) ? $0.outputs : nil }
    }
  }

  /// Remembers what was read from a file, unless that changed only now.
  func note(_ entry: CatalogEntry, now: Int64) {
    guard now - entry.modified > Self.settledAfter, entry.outputs.count <= UInt16.max,
      entry.outputs.allSatisfy({ $0.name.utf8.count <= UInt16.max })
    else { return }
    state.withLock { $0.news[entry.key] = entry }
  }

  /// Writes what is new: at the end of the file, or the whole file if much of it is of no use.
  func save(_ files: StoreFiles) {
    guard !files.isReadOnly else { return }
    state.withLock { state in
      guard !state.news.isEmpty else { return }
      let content = state.content ?? CatalogContent(files)
      let news = state.news.values.sorted { $0.key < $1.key }.flatMap(\.bytes)
      let isWasteful = content.entryCount > 2 * content.places.count + 1000
      if content.isWhole, !isWasteful, !content.bytes.isEmpty {
        Self.append(news, files)
      } else {
        let kept = content.places.filter { state.news[$0.key] == nil }.values.sorted { $0.lowerBound < $1.lowerBound }
          .filter { CatalogEntry(content.bytes, at: $0) != nil }.map { content.bytes[$0] }
        try? files.publish(Self.name, isDurable: false) { file throws(StorageError) in
          try file.write(CatalogEntry.header + Array(kept.joined()) + news)
        }
      }
      state = State()
    }
  }

  /// One call, so that what several processes add does not mix; what is torn anyway fails its check.
  private static func append(_ bytes: [UInt8], _ files: StoreFiles) {
    guard let file = try? files.system.open(files.path(name), for: .append) else { return }
    try? TemporaryFile(file: file, system: files.system).write(bytes)
    files.close(file)
  }
}
