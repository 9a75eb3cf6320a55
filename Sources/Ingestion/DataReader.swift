// From the bytes of a data file to records, all of them or none.
// Knows formats; nothing of where the bytes came from, of splits or of prompts.

import Compression
public import JSON

/// A format of data files.
public enum DataFormat: String, Hashable, Sendable, CaseIterable {
  /// One JSON object a line.
  case jsonl
  /// A list of objects, or an object with such a list under one of its names.
  case json
  /// Comma-separated values with a header; every field is text.
  case csv
  /// A BIG-bench `task.json`.
  case bigbench
}

/// Where a record stands in its file.
public enum RecordPlace: Hashable, Sendable, CustomStringConvertible {
  /// The line on which it starts, counted from 1.
  case line(Int)
  /// Its number in the list, counted from 1.
  case record(Int)

  /// `line 3` or `record 3`.
  public var description: String {
    switch self {
    case .line(let line): "line \(line)"
    case .record(let record): "record \(record)"
    }
  }
}

/// A record as the file has it.
public struct IngestedRecord: Hashable, Sendable {
  /// Its fields, in the order of the file.
  public let fields: JSONObject
  /// Where it stands.
  public let place: RecordPlace

  /// Makes a record.
  public init(fields: JSONObject, place: RecordPlace) {
    self.fields = fields
    self.place = place
  }
}

/// Reads data files of one format.
public struct DataReader: Hashable, Sendable {
  /// How many faults of a file are described; the rest are counted.
  public static let describedFaults = 5

  /// The format.
  public let format: DataFormat
  /// The file as the user knows it, for messages.
  public let file: String
  /// For `csv`: the one character between fields.
  public let delimiter: Unicode.Scalar
  /// For `json`: the name of the list inside the object; nil to take the only list of objects.
  public let list: String?

  /// Makes a reader.
  ///
  /// - Parameters:
  ///   - format: The format.
  ///   - file: The file as the user knows it.
  ///   - list: For `json`: the name of the list inside the object.
  ///   - delimiter: For `csv`: an ASCII character that is no quotation mark and no line end.
  public init(_ format: DataFormat, file: String, list: String? = nil, delimiter: Unicode.Scalar = ",") {
    self.format = format
    self.file = file
    self.list = list
    self.delimiter = delimiter
  }

  /// Reads every record.
  ///
  /// - Parameter bytes: The file, plain or compressed with gzip or zstd; a byte-order mark is dropped.
  /// - Returns: At least one record, in the order of the file.
  /// - Throws: ``IngestionError`` with the first faults of the file.
  public func records(of bytes: [UInt8]) throws(IngestionError) -> [IngestedRecord] {
    var records: [IngestedRecord] = []
    try forEach(in: bytes) { records.append($0) }
    return records
  }

  /// Hands over every record, so that a large `jsonl` file needs no second copy in memory.
  ///
  /// - Parameters:
  ///   - bytes: The file, plain or compressed with gzip or zstd; a byte-order mark is dropped.
  ///   - body: Gets the records in the order of the file. If the call throws, what it got so far means nothing.
  /// - Throws: ``IngestionError`` with the first faults of the file.
  public func forEach(in bytes: [UInt8], _ body: (IngestedRecord) -> Void) throws(IngestionError) {
    let bytes = try PlainBytes.of(bytes, file: file)
    var faults = FaultList(file: file)
    var count = 0
    let take: (IngestedRecord) -> Void = { record in
      count += 1
      body(record)
    }
    switch format {
    case .jsonl: LineRecords.read(bytes, into: &faults, take)
    case .json: DocumentRecords(list: list).read(bytes, into: &faults, take)
    case .csv: CSVRecords(delimiter: delimiter).read(bytes, into: &faults, take)
    case .bigbench: TaskRecords.read(bytes, into: &faults, take)
    }
    if count == 0, faults.total == 0 { faults.add(.noRecords) }
    try faults.throwIfAny()
  }
}

/// The bytes of a text file without a byte-order mark.
struct PlainBytes {
  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text.
  let text: ArraySlice<UInt8>

  /// How many bytes a packed file may unpack to: text packs to a tenth, and only what was made to harm to a thousandth.
  private static func maximum(packed: [UInt8]) -> Int {
    guard Compression.format(of: packed) != nil else { return .max }
    return (64 << 20) + 1000 * packed.count
  }

  static func of(_ bytes: [UInt8], file: String) throws(IngestionError) -> PlainBytes {
    do {
      let plain = try Compression.decompressed(detecting: bytes, maximum: maximum(packed: bytes))
      return PlainBytes(text: plain.starts(with: byteOrderMark) ? plain.dropFirst(3) : plain[...])
    } catch {
      var faults = FaultList(file: file)
      faults.add(.undecodable(error))
      throw faults.error
    }
  }

  /// Offset of the first byte that is not UTF-8.
  static func firstBroken(in bytes: ArraySlice<UInt8>) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    // A repaired copy differs from the original first where the original is broken.
    let repaired = String(decoding: bytes, as: UTF8.self).utf8
    return bytes.startIndex + zip(bytes, repaired).prefix { $0 == $1 }.count
  }
}
