// What a run did, event by event, one checked line each. Knows nothing of what the events mean.

import Digests
public import JSON

extension Store {
  /// The journal of a run.
  ///
  /// - Parameter id: The run's name: a letter or digit, then letters, digits, `.`, `_` and `-`; at most 128 bytes.
  /// - Returns: The journal, whether or not there is a file yet.
  /// - Throws: ``StorageError/invalidName(_:role:)``.
  public func journal(run id: String) throws(StorageError) -> RunJournal {
    func isPlain(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) }
    guard let first = id.utf8.first, isPlain(first), id.utf8.count <= 128,
      id.utf8.allSatisfy({ isPlain($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0) })
    else { throw .invalidName(id, role: "run") }
    return RunJournal(folder: "runs/\(id)", files: files)
  }

  /// The names of the runs that have a journal, in the order of their bytes.
  ///
  /// - Throws: ``StorageError`` if they cannot be listed.
  public func runs() throws(StorageError) -> [String] { try files.list("runs") }
}

/// The journal of one run, which one process writes and any may read.
public struct RunJournal: Sendable {
  let folder: String
  let files: StoreFiles

  private var name: String { "\(folder)/journal.jsonl" }

  private static let head = #"{"check":""#
  private static let middle = #"","event":"#

  /// Now, by the clock of the file system, in microseconds since 1970.
  public var now: Int64 { files.system.now() }

  /// Adds an event; it is in the file when this returns, and survives the process, not necessarily the machine.
  ///
  /// - Throws: ``StorageError`` if it cannot be written.
  public func append(_ event: JSONValue) throws(StorageError) { try append(contentsOf: [event]) }

  /// Adds events in one piece; they are in the file when this returns, as after ``append(_:)``.
  ///
  /// - Throws: ``StorageError`` if they cannot be written.
  public func append(contentsOf events: [JSONValue]) throws(StorageError) {
    guard !files.isReadOnly else { throw .readOnlyStore(path: files.root) }
    var line: [UInt8] = []
    for event in events {
      let bytes = event.canonicalBytes
      line += "\(Self.head)\(Self.check(bytes))\(Self.middle)".utf8
      line += bytes
      line += "}\n".utf8
    }
    guard let file = try files.openToAppend(name) else { return try write(line) }
    defer { files.close(file) }
    let size = try files.byteCount(of: file)
    // A line that a killed process left torn must not swallow the next one.
    if size > 0, try files.read(file, at: size - 1, count: 1) != [UInt8(ascii: "\n")] {
      line.insert(UInt8(ascii: "\n"), at: 0)
    }
    try TemporaryFile(file: file, system: files.system).write(line)
  }

  /// Writes the file as a whole, so that there is none without a line; not flushed, as what is added to it is not.
  private func write(_ lines: [UInt8]) throws(StorageError) {
    try files.makeFolder(folder, isDurable: false)
    let temporary = "\(folder)/.journal.jsonl.\(StoreFiles.unique()).tmp"
    let file = try told { () throws(SystemFailure) in try files.system.open(files.path(temporary), for: .append) }
    do throws(StorageError) {
      defer { files.close(file) }
      try TemporaryFile(file: file, system: files.system).write(lines)
    } catch {
      _ = try? files.system.remove(files.path(temporary))
      throw error
    }
    try told { () throws(SystemFailure) in try files.system.rename(files.path(temporary), to: files.path(name)) }
  }

  /// Sets the file aside and writes its whole lines anew, for a run that has ended.
  ///
  /// - Returns: Where it was put; nil if it could not be moved.
  func mend() throws(StorageError) -> String? {
    let whole = try lines().filter { Self.event(of: $0) != nil }
    guard let aside = files.setAside(name) else { return nil }
    if !whole.isEmpty { try write(whole.flatMap { $0 + [UInt8(ascii: "\n")] }) }
    return aside
  }

  private func lines() throws(StorageError) -> [ArraySlice<UInt8>] {
    (try files.read(name) ?? []).split(separator: UInt8(ascii: "\n"))
  }

  /// The events in order.
  ///
  /// - Returns: The events of all whole lines, and how many lines were not whole.
  /// - Throws: ``StorageError`` if the file cannot be read.
  public func events() throws(StorageError) -> (events: [JSONValue], damagedLines: Int) {
    var events: [JSONValue] = []
    var damaged = 0
    for line in try lines() {
      if let event = Self.event(of: line) { events.append(event) } else { damaged += 1 }
    }
    return (events, damaged)
  }

  /// How many lines are not what was written, beside a last one that a killed process left unfinished.
  func brokenLines() throws(StorageError) -> Int {
    let bytes = try files.read(name) ?? []
    var lines = bytes.split(separator: UInt8(ascii: "\n"))
    if bytes.last != UInt8(ascii: "\n"), let last = lines.last, Self.isBeginning(last) { _ = lines.popLast() }
    return lines.count { Self.event(of: $0) == nil }
  }

  /// Whether bytes are the first ones of a line; no line has a zero, which is what a power cut may leave.
  private static func isBeginning(_ bytes: ArraySlice<UInt8>) -> Bool {
    let head = Array(head.utf8)
    return bytes.prefix(head.count).elementsEqual(head.prefix(bytes.count)) && !bytes.contains(0)
  }

  private static func check(_ bytes: some Collection<UInt8>) -> String { String(Digest.sha256(bytes).hex.prefix(16)) }

  private static func event(of line: ArraySlice<UInt8>) -> JSONValue? {
    let frame = head.utf8.count + 16 + middle.utf8.count
    guard line.count > frame + 1, line.last == UInt8(ascii: "}") else { return nil }
    let bytes = line.dropFirst(frame).dropLast()
    guard line.prefix(frame).elementsEqual("\(head)\(check(bytes))\(middle)".utf8) else { return nil }
    return try? JSONValue(parsing: bytes)
  }
}
