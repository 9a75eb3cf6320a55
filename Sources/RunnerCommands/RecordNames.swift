// From what people type to a record: its identity, the beginning of one, or its number.
// Knows identities and where they stand; nothing of what became of a record.

import Digests
import JSON
import Planning
import Records
import Storage

/// A record that was found by its name.
struct FoundRecord {
  let id: RecordID
}

/// Finds records by name.
struct RecordNames {
  let stored: StoredGraph

  /// The fewest digits of an identity that are taken for one.
  private static let fewestDigits = 4
  /// The most digits of a number: a longer one is an identity's beginning.
  private static let mostNumberDigits = 6

  init(_ stored: StoredGraph) {
    self.stored = stored
  }

  /// A record of those that outcomes tell of; a number is its place among them.
  ///
  /// - Throws: ``TraceFault`` if none or several are called so, or what reading the store throws.
  func measured(_ name: String, in outcomes: OutputReference) throws -> FoundRecord {
    let ids = try (stored.records(Outcomes.self, of: outcomes) ?? []).map(\.id)
    return try Self.find(name, in: ids)
  }

  /// A record of the data; a number is its place in the only data set.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - command: What stores the data, for the message that they are not.
  /// - Returns: The record.
  /// - Throws: ``TraceFault`` if none or several are called so, or what reading the store throws.
  func any(_ name: String, command: String) throws -> FoundRecord {
    let lists = try stored.graph.steps.filter { $0.kind == .ingest }.compactMap { step in
      try identities(of: OutputReference(step.id, "records")).map { (label: step.label, ids: $0) }
    }
    guard !lists.isEmpty else { throw TraceFault.noData(command: command) }
    if Self.number(name) != nil, lists.count > 1 {
      throw TraceFault.severalLists(name: name, lists.map { "\($0.label): \($0.ids.count) records" })
    }
    return try Self.find(name, in: lists.flatMap(\.ids))
  }

  /// The identities of the records of data in an output; nil if it is not stored.
  func identities(of output: OutputReference) throws -> [RecordID]? {
    guard let digest = stored.digest(of: output) else { return nil }
    return Self.identities(in: try stored.store.read(digest))
  }

  /// The identities of records of data: each line's bytes are what its digest is taken of.
  static func identities(in bytes: [UInt8]) -> [RecordID] {
    var counter = OccurrenceCounter()
    return bytes.split(separator: UInt8(ascii: "\n")).map { line in
      let content = Digest.sha256(Array(line))
      return RecordID(content: content, occurrence: counter.next(content))
    }
  }

  private static func find(_ name: String, in ids: [RecordID]) throws(TraceFault) -> FoundRecord {
    FoundRecord(id: ids[try index(of: name, in: ids.map(\.description))])
  }

  /// The place of the one of some records that is called so.
  ///
  /// - Throws: ``TraceFault`` if there is none, or more than one.
  static func index(of name: String, in ids: [String]) throws(TraceFault) -> Int {
    if let number = number(name) {
      guard number >= 1, number <= ids.count else { throw .unknownRecord(name: name, count: ids.count) }
      return number - 1
    }
    let lowered = name.lowercased()
    // The whole name of a record is also the beginning of its equals'.
    if let exact = ids.firstIndex(of: lowered) { return exact }
    let found = name.count < fewestDigits ? [] : ids.indices.filter { ids[$0].hasPrefix(lowered) }
    guard let first = found.first else { throw .unknownRecord(name: name, count: ids.count) }
    let names = Set(found.map { ids[$0] })
    guard names.count == 1 else { throw .severalRecords(name: name, names.sorted()) }
    return first
  }

  private static func number(_ name: String) -> Int? {
    guard name.count <= mostNumberDigits, name.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
    return Int(name)
  }
}
