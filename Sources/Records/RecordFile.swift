// How records travel between steps: one canonical JSON object a line.
// Knows the form of the file, not what the records mean.

public import Diagnostics
public import JSON

/// A record that can be written as JSON and read back unchanged.
public protocol WireRecord: Sendable {
  /// The record as JSON.
  var json: JSONValue { get }

  /// Reads the record.
  ///
  /// - Throws: ``WireFault`` if a part is missing or of another kind.
  init(json: JSONValue) throws(WireFault)
}

/// What is wrong with a record's JSON.
public struct WireFault: Error, Hashable, Sendable {
  /// The part that is missing or wrong.
  public let member: String

  /// Makes a fault.
  public init(member: String) {
    self.member = member
  }
}

/// A file of records that does not say what it should.
public struct RecordFileError: DiagnosableError, Hashable, Sendable {
  /// What the file was to hold.
  public let file: String
  /// Line, counted from 1.
  public let line: Int
  /// What is wrong there.
  public let reason: String

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    [
      Diagnosis(
        "records.unreadable", "record \(line) of \(file): \(reason)",
        remedy: "The stored result was written by another version or is damaged: run `runner store verify`.",
        exit: .inputOutput)
    ]
  }
}

/// Reads and writes files of records.
public enum RecordFile: Sendable {
  /// One canonical line a record.
  public static func bytes(_ records: [some WireRecord]) -> [UInt8] {
    var bytes: [UInt8] = []
    for record in records {
      bytes += record.json.canonicalBytes
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  /// One canonical line a record of a data source.
  public static func bytes(fields records: [JSONObject]) -> [UInt8] {
    var bytes: [UInt8] = []
    for record in records {
      bytes += JSONValue.object(record).canonicalBytes
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  /// Reads records of one kind.
  ///
  /// - Parameters:
  ///   - type: The kind of record.
  ///   - bytes: The file.
  ///   - file: What the bytes are, for messages.
  /// - Returns: The records, in order.
  /// - Throws: ``RecordFileError`` with the first line that cannot be read.
  public static func records<Record: WireRecord>(
    _ type: Record.Type, from bytes: [UInt8], file: String
  ) throws(RecordFileError) -> [Record] {
    var records: [Record] = []
    for (index, value) in try values(from: bytes, file: file).enumerated() {
      do {
        records.append(try Record(json: value))
      } catch {
        throw RecordFileError(file: file, line: index + 1, reason: "`\(error.member)` is missing or of another kind")
      }
    }
    return records
  }

  /// Reads the fields of a data source's records.
  ///
  /// - Throws: ``RecordFileError`` with the first line that cannot be read.
  public static func fields(from bytes: [UInt8], file: String) throws(RecordFileError) -> [JSONObject] {
    var records: [JSONObject] = []
    for (index, value) in try values(from: bytes, file: file).enumerated() {
      guard let object = value.objectValue else {
        throw RecordFileError(file: file, line: index + 1, reason: "\(value.kindInWords) instead of a mapping")
      }
      records.append(object)
    }
    return records
  }

  private static func values(from bytes: [UInt8], file: String) throws(RecordFileError) -> [JSONValue] {
    var values: [JSONValue] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      do {
        values.append(try JSONValue(parsing: line))
      } catch {
        throw RecordFileError(file: file, line: index + 1, reason: error.reason)
      }
    }
    return values
  }
}
