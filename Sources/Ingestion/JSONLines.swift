// One JSON object a line: the format of files from outside and of what steps hand to each other.
// Knows lines and objects; what the fields mean is others' matter.

public import JSON

/// Writes the canonical form that steps hand to each other: one canonical JSON object a line, each line ended.
public enum JSONLines: Sendable {
  /// The canonical bytes; equal records have equal bytes.
  public static func bytes(of records: some Sequence<JSONObject>) -> [UInt8] {
    var bytes: [UInt8] = []
    for record in records { append(record, to: &bytes) }
    return bytes
  }

  /// Appends one record's line.
  public static func append(_ record: JSONObject, to bytes: inout [UInt8]) {
    bytes += JSONValue.object(record).canonicalBytes
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Reads what ``bytes(of:)`` wrote, or any other file of that format.
  ///
  /// - Throws: ``IngestionError`` with the first faults; a file without a line is read as no records.
  public static func records(of bytes: [UInt8], file: String) throws(IngestionError) -> [JSONObject] {
    var faults = FaultList(file: file)
    var records: [JSONObject] = []
    LineRecords.read(PlainBytes(text: bytes[...]), into: &faults) { records.append($0.fields) }
    try faults.throwIfAny()
    return records
  }
}

enum LineRecords {
  /// Blank lines are passed over; they count as lines.
  static func read(_ bytes: PlainBytes, into faults: inout FaultList, _ take: (IngestedRecord) -> Void) {
    var rest = bytes.text
    var line = 0
    while !rest.isEmpty {
      line += 1
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      let text = rest[..<end]
      rest = end < rest.endIndex ? rest[(end + 1)...] : []
      if text.allSatisfy(isSpace) { continue }
      do {
        switch try JSONValue(parsing: text) {
        case .object(let fields): take(IngestedRecord(fields: fields, place: .line(line)))
        case let other: faults.add(.notAnObject(kind: other.kindInWords), .line(line))
        }
      } catch {
        faults.add(error, in: text, line: line)
      }
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
