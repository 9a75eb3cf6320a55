// Who a record is: its content, and which of several equal ones.
// Knows nothing of files or steps, so a record keeps its name wherever it travels.

public import Digests
public import JSON

/// The identity of a record of the data: its content's digest and its occurrence among equal records.
public struct RecordID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// 32 hexadecimal digits of the content's digest; `.1`, `.2`, … after it for the second, third, … equal record.
  public let description: String

  /// Names the record with this content.
  ///
  /// - Parameters:
  ///   - content: The SHA-256 of the record's canonical bytes.
  ///   - occurrence: How many equal records stand before it.
  public init(content: Digest, occurrence: Int) {
    description = content.hex.prefix(32) + (occurrence == 0 ? "" : ".\(occurrence)")
  }

  init(text: String) {
    description = text
  }

  /// Orders by text.
  public static func < (left: RecordID, right: RecordID) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}

/// Counts equal contents, so that the second of two equal records is another record.
public struct OccurrenceCounter: Sendable {
  private var seen: [Digest: Int] = [:]

  /// Starts with nothing seen.
  public init() {}

  /// How many contents equal to this one came before; counts this one.
  public mutating func next(_ content: Digest) -> Int {
    defer { seen[content, default: 0] += 1 }
    return seen[content, default: 0]
  }
}

/// A record of a data source: named fields as the source gives them.
public struct SourceRecord: Hashable, Sendable {
  /// Who it is.
  public let id: RecordID
  /// Its fields.
  public let fields: JSONObject

  /// Names every record of a source, in order.
  public static func identified(_ records: [JSONObject]) -> [SourceRecord] {
    var counter = OccurrenceCounter()
    return records.map { fields in
      let content = Digest.sha256(JSONValue.object(fields).canonicalBytes)
      return SourceRecord(id: RecordID(content: content, occurrence: counter.next(content)), fields: fields)
    }
  }
}
