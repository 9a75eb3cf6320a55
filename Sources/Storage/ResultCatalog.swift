// What step results say of their outputs, gathered in one file, so that a plan over thousands of steps reads one file
// instead of thousands. Nothing rests on it: an entry counts only while the file that it was read from is as it was.

public import Digests
import Synchronization

extension Store {
  /// What a step made: ``result(for:)`` without manifest and provenance, and without reading if the catalog knows it.
  ///
  /// - Returns: nil if there is no result, or if it was damaged and has been set aside.
  /// - Throws: ``StorageError`` if the file cannot be read.
  public func outputs(of step: Digest) throws(StorageError) -> [StepResult.Output]? {
    // The status is older than what is read after it: if the file changes meanwhile, the entry does not count.
    guard let status = try files.status(Self.stepName(step)) else { return nil }
    if let known = catalog.outputs(of: step, status, files) { return known }
    guard let result = try result(for: step) else { return nil }
    catalog.note(CatalogEntry(key: step, status, result.outputs), now: files.system.now())
    return result.outputs
  }

  /// Adds what was read since the store was opened to the catalog; a failure is no fault.
  public func saveCatalog() { catalog.save(files) }
}

/// What a step result says of its outputs, and how to tell whether its file is still the one that was read.
struct CatalogEntry: Hashable, Sendable {
  let key: Digest
  let modified: Int64
  let byteCount: Int
  let outputs: [StepResult.Output]

  init(key: Digest, _ status: FileStatus, _ outputs: [StepResult.Output]) {
    self.key = key
    self.modified = status.modified
    self.byteCount = status.byteCount
    self.outputs = outputs
  }

  /// Whether a file is the one that was read.
  func isOf(_ status: FileStatus) -> Bool { modified == status.modified && byteCount == status.byteCount }

  // MARK: Bytes

  static let header = Array("runner-results 1\n".utf8)
  private static let checkByteCount = 8

  /// The entry as it stands in the catalog: length, content, and the beginning of the content's digest.
  var bytes: [UInt8] {
    var content = key.bytes + Segment.little(modified) + Segment.little(UInt64(byteCount))
    content += Segment.little(UInt16(outputs.count))
    for output in outputs {
      content += Segment.little(UInt16(output.name.utf8.count)) + Array(output.name.utf8) + output.digest.bytes
      content += Segment.little(UInt64(output.byteCount)) + Segment.little(UInt64((output.recordCount ?? -1) + 1))
    }
    return Segment.little(UInt32(content.count)) + content + Self.check(content[...])
  }

  private static func check(_ content: ArraySlice<UInt8>) -> [UInt8] {
    Array(Digest.sha256(content).bytes.prefix(checkByteCount))
  }

  /// Where the entries of a catalog stand that follow each other from the header on, unproved.
  ///
  /// - Returns: The key and place of each, and whether they fill the file.
  static func places(in bytes: [UInt8]) -> (entries: [(key: Digest, place: Range<Int>)], isWhole: Bool) {
    guard bytes.starts(with: header) else { return ([], bytes.isEmpty) }
    var entries: [(Digest, Range<Int>)] = []
    var start = header.count
    while start + 4 + Digest.byteCount <= bytes.count {
      let end = start + 4 + Segment.number(bytes[start..<(start + 4)]) + checkByteCount
      guard end <= bytes.count, let key = Digest(bytes: bytes[(start + 4)..<(start + 4 + Digest.byteCount)]) else {
        break
      }
      entries.append((key, start..<end))
      start = end
    }
    return (entries, start == bytes.count)
  }

  /// Whether a catalog consists of whole entries alone.
  static func areWhole(_ bytes: [UInt8]) -> Bool {
    let found = places(in: bytes)
    return found.isWhole && found.entries.allSatisfy { CatalogEntry(bytes[$0.place]) != nil }
  }

  /// Reads an entry; nil if anything about it is wrong.
  init?(_ entry: ArraySlice<UInt8>) {
    let content = entry.dropFirst(4).dropLast(Self.checkByteCount)
    guard entry.suffix(Self.checkByteCount).elementsEqual(Self.check(content)) else { return nil }
    var reader = CatalogReader(content)
    guard let key = reader.digest(), let modified = reader.number(8), let byteCount = reader.number(8),
      let count = reader.number(2)
    else { return nil }
    var outputs: [StepResult.Output] = []
    for _ in 0..<count {
      guard let name = reader.text(), let digest = reader.digest(), let byteCount = reader.number(8),
        let records = reader.number(8)
      else { return nil }
      outputs.append(
        StepResult.Output(name, digest, byteCount: byteCount, recordCount: records == 0 ? nil : records - 1))
    }
    guard reader.isAtEnd else { return nil }
    (self.key, self.modified, self.byteCount, self.outputs) = (key, Int64(modified), byteCount, outputs)
  }
}

/// Takes fields from the front of some bytes.
private struct CatalogReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
  }

  var isAtEnd: Bool { rest.isEmpty }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func digest() -> Digest? { take(Digest.byteCount).flatMap { Digest(bytes: $0) } }

  mutating func number(_ byteCount: Int) -> Int? {
    guard let bytes = take(byteCount), byteCount < 8 || (bytes.last ?? 0) < 0x80 else { return nil }
    return Segment.number(bytes)
  }

  mutating func text() -> String? {
    number(2).flatMap { take($0) }.flatMap { String(validating: $0, as: UTF8.self) }
  }
}

/// The catalog of a store as far as this process has read it and added to it.
final class ResultCatalog: Sendable {
  static let name = "index/results"
  /// A file that changed a moment ago might change again without another time: file systems' clocks tick.
  static let settledAfter: Int64 = 2_000_000

  private struct State {
    var bytes: [UInt8]?
    var places: [Digest: Range<Int>] = [:]
    var entryCount = 0
    var isWhole = true
    var news: [Digest: CatalogEntry] = [:]
  }

  private let state = Mutex(State())

  /// What is known of a step whose file has a status.
  func outputs(of key: Digest, _ status: FileStatus, _ files: StoreFiles) -> [StepResult.Output]? {
    state.withLock { state in
      Self.read(&state, files)
      let entry = state.news[key] ?? state.places[key].flatMap { CatalogEntry((state.bytes ?? [])[$0]) }
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

  private static func read(_ state: inout State, _ files: StoreFiles) {
    guard state.bytes == nil else { return }
    let bytes = (try? files.read(name)) ?? []
    let found = CatalogEntry.places(in: bytes)
    (state.bytes, state.isWhole, state.entryCount) = (bytes, found.isWhole, found.entries.count)
    // Of two entries of one step, the later one counts.
    state.places = Dictionary(found.entries, uniquingKeysWith: { $1 })
  }

  /// Writes what is new: at the end of the file, or the whole file if much of it is of no use.
  func save(_ files: StoreFiles) {
    guard !files.isReadOnly else { return }
    state.withLock { state in
      guard !state.news.isEmpty else { return }
      Self.read(&state, files)
      let news = state.news.values.sorted { $0.key < $1.key }.flatMap(\.bytes)
      let isWasteful = state.entryCount > 2 * state.places.count + 1000
      if state.isWhole, !isWasteful, state.bytes?.isEmpty == false {
        Self.append(news, files)
      } else {
        let kept = state.places.filter { state.news[$0.key] == nil }.values.sorted { $0.lowerBound < $1.lowerBound }
          .map { (state.bytes ?? [])[$0] }.filter { CatalogEntry($0) != nil }
        try? files.publish(Self.name) { file throws(StorageError) in
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
