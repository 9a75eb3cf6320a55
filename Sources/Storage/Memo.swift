// What a command said when there was nothing to do, and everything that this rested on, so that the same question need not be
// planned again. A hint: whoever finds that anything is not as it was, or cannot be read, plans.

public import Digests
import Glibc

/// An answer to a question that may be asked again: a plan of which everything is stored, or a run of it.
///
/// Names the files outside of the store that were read, and the results that were found.
public struct Memo: Hashable, Sendable {
  /// A file that was read.
  public struct ReadText: Hashable, Sendable {
    /// Its path, as it was opened.
    public let path: String
    /// Its content's digest.
    public let digest: Digest
    /// Whether a run's journal keeps its text.
    public let isSpec: Bool

    /// Notes a file.
    public init(path: String, digest: Digest, isSpec: Bool) {
      (self.path, self.digest, self.isSpec) = (path, digest, isSpec)
    }
  }

  /// A path at which something was looked for.
  public struct Sight: Hashable, Sendable {
    /// The path.
    public let path: String
    /// Whether something was there.
    public let isThere: Bool

    /// Notes a path.
    public init(path: String, isThere: Bool) { (self.path, self.isThere) = (path, isThere) }
  }

  /// A file or folder that was left as it should be.
  public struct LeftFile: Hashable, Sendable {
    /// Its path.
    public let path: String
    /// What the system said of it.
    public let identity: FileIdentity

    /// Notes a file.
    public init(path: String, identity: FileIdentity) { (self.path, self.identity) = (path, identity) }
  }

  /// A step whose result was found.
  public struct Found: Hashable, Sendable {
    /// What the step is called.
    public let label: String
    /// The key under which its result stands.
    public let key: Digest
    /// Of a file from outside whose digest the spec names: its object, of which the step's result need not stand.
    public let object: Digest?

    /// Notes a step.
    public init(label: String, key: Digest, object: Digest? = nil) {
      (self.label, self.key, self.object) = (label, key, object)
    }
  }

  /// Files whose content was read.
  public var texts: [ReadText]
  /// Paths that were only looked at.
  public var sights: [Sight]
  /// Results of the command in the world outside.
  public var left: [LeftFile]
  /// The steps in their order.
  public var found: [Found]
  /// What ``Store/digest(ofStanding:isUse:)`` says of the steps.
  public var outputs: Digest
  /// How many steps were looked at.
  public var stepCount: Int
  /// What was written to standard output.
  public var answer: String

  /// Puts an answer together.
  public init(
    texts: [ReadText], sights: [Sight], left: [LeftFile], found: [Found], outputs: Digest, stepCount: Int,
    answer: String
  ) {
    (self.texts, self.sights, self.left, self.found) = (texts, sights, left, found)
    (self.outputs, self.stepCount, self.answer) = (outputs, stepCount, answer)
  }
}

/// Tells a file from whatever else may take its place: the system changes one of these with every change of the file.
public struct FileIdentity: Hashable, Sendable {
  let device, inode, byteCount, modified, changed: Int

  /// Asks the system; nil if nothing is there.
  public init?(path: String) {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0 else { return nil }
    func nanoseconds(_ time: timespec) -> Int { (time.tv_sec &* 1_000_000_000 &+ time.tv_nsec) & .max }
    device = Int(truncatingIfNeeded: status.st_dev) & .max
    inode = Int(truncatingIfNeeded: status.st_ino) & .max
    byteCount = Int(status.st_size)
    (modified, changed) = (nanoseconds(status.st_mtim), nanoseconds(status.st_ctim))
  }

  init?(_ reader: inout FieldReader) {
    guard let device = reader.number(8), let inode = reader.number(8), let byteCount = reader.number(8),
      let modified = reader.number(8), let changed = reader.number(8)
    else { return nil }
    (self.device, self.inode, self.byteCount) = (device, inode, byteCount)
    (self.modified, self.changed) = (modified, changed)
  }

  /// Whether the file was last changed so long ago that a later change shows: file systems' clocks tick.
  public func isSettled(at now: Int64) -> Bool { now - Int64(modified / 1000) > ResultCatalog.settledAfter }

  /// The numbers in the order in which they are written.
  var fields: [Int] { [device, inode, byteCount, modified, changed] }

  /// A digest of all of it.
  public var digest: Digest { .sha256(fields.flatMap { Segment.little(UInt64($0)) }) }
}

// MARK: - The file

extension Memo {
  package static let header = Array("runner-memo 1\n".utf8)
  private static let checkByteCount = 8

  /// The memo's file: the line, the content, and the beginning of the content's digest.
  package var bytes: [UInt8] {
    var writer = FieldWriter()
    writer.write(list: texts) {
      $0.write($1.isSpec ? 1 : 0, byteCount: 1)
      $0.write($1.digest)
      $0.write($1.path)
    }
    writer.write(list: sights) {
      $0.write($1.isThere ? 1 : 0, byteCount: 1)
      $0.write($1.path)
    }
    writer.write(list: left) {
      for field in $1.identity.fields { $0.write(field, byteCount: 8) }
      $0.write($1.path)
    }
    writer.write(outputs)
    writer.write(stepCount, byteCount: 8)
    writer.write(answer)
    writer.write(list: found) {
      $0.write($1.object == nil ? 0 : 1, byteCount: 1)
      $0.write($1.key)
      if let object = $1.object { $0.write(object) }
      $0.write($1.label)
    }
    return Self.header + writer.bytes + Digest.sha256(writer.bytes).bytes.prefix(Self.checkByteCount)
  }

  /// Reads a memo's file; nil if anything about it is wrong.
  package init?(bytes: [UInt8]) {
    let end = bytes.count - Self.checkByteCount
    guard bytes.starts(with: Self.header), end >= Self.header.count else { return nil }
    var check = FieldReader(bytes, end..<bytes.count)
    guard check.leading() == Digest.sha256(bytes[Self.header.count..<end]).leading else { return nil }
    var reader = FieldReader(bytes, Self.header.count..<end)
    guard let texts = reader.list({ $0.readText() }), let sights = reader.list({ $0.sight() }),
      let left = reader.list({ $0.leftFile() }), let outputs = reader.digest(), let stepCount = reader.number(8),
      let answer = reader.text(4), let found = reader.list({ $0.found() }), reader.isAtEnd
    else { return nil }
    self.init(
      texts: texts, sights: sights, left: left, found: found, outputs: outputs, stepCount: stepCount, answer: answer)
  }
}

extension FieldReader {
  private mutating func flag() -> Bool? { number(1).flatMap { $0 < 2 ? $0 == 1 : nil } }

  fileprivate mutating func readText() -> Memo.ReadText? {
    guard let isSpec = flag(), let digest = digest(), let path = text(4) else { return nil }
    return Memo.ReadText(path: path, digest: digest, isSpec: isSpec)
  }

  fileprivate mutating func sight() -> Memo.Sight? {
    guard let isThere = flag(), let path = text(4) else { return nil }
    return Memo.Sight(path: path, isThere: isThere)
  }

  fileprivate mutating func leftFile() -> Memo.LeftFile? {
    guard let identity = FileIdentity(&self), let path = text(4) else { return nil }
    return Memo.LeftFile(path: path, identity: identity)
  }

  fileprivate mutating func found() -> Memo.Found? {
    guard let hasObject = flag(), let key = digest() else { return nil }
    var object: Digest?
    if hasObject {
      guard let named = digest() else { return nil }
      object = named
    }
    return text(4).map { Memo.Found(label: $0, key: key, object: object) }
  }
}

extension Store {
  /// How many memos a store keeps.
  static let mostMemos = 32

  private static let memoFolder = "index/memos"

  /// The answer that was noted for a question; nil if there is none, or none that is whole.
  public func memo(on question: Digest) -> Memo? {
    (try? files.unnoted.read("\(Self.memoFolder)/\(question.hex)")).flatMap(\.self).flatMap(Memo.init(bytes:))
  }

  /// Notes an answer; those that were noted longest ago make room, and a failure is no fault.
  public func note(_ memo: Memo, on question: Digest) {
    guard !files.isReadOnly else { return }
    let bytes = memo.bytes
    try? files.publish("\(Self.memoFolder)/\(question.hex)", isDurable: false) { file throws(StorageError) in
      try file.write(bytes)
    }
    let files = files.unnoted
    let names = ((try? files.list(Self.memoFolder)) ?? []).map { "\(Self.memoFolder)/\($0)" }
    guard names.count > Self.mostMemos else { return }
    let aged = names.map { name in (name, ((try? files.status(name)) ?? nil)?.modified ?? 0) }.sorted { $0.1 < $1.1 }
    for (name, _) in aged.prefix(names.count - Self.mostMemos) { _ = try? files.system.remove(files.path(name)) }
  }

  /// Whether a file of the index is a memo.
  static func isMemo(_ path: String) -> Bool { path.hasPrefix(memoFolder + "/") }
}
