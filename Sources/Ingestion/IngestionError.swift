// What is wrong with a data file, as facts. The sentences stand in IngestionMessages.swift.

public import Compression
public import JSON

/// What is wrong at one place of a data file.
public enum IngestionFault: Hashable, Sendable {
  /// The file has no record.
  case noRecords
  /// A byte that cannot stand in UTF-8 text.
  case notUTF8(byte: UInt8, offset: Int)
  /// Bytes that are not JSON.
  case notJSON(JSONError)
  /// A record that is something else than a mapping.
  case notAnObject(kind: String)
  /// A document that is neither a list nor a mapping.
  case notAList(kind: String)
  /// The mapping has no list of records, or none under the name given.
  case noList(name: String?, names: [String])
  /// The mapping has several lists of records and none was named.
  case severalLists(names: [String])
  /// A CSV file's header names two columns alike.
  case duplicateColumn(String)
  /// A CSV file's header has a column without a name; counted from 1.
  case namelessColumn(Int)
  /// A CSV row with another number of fields than the header.
  case ragged(expected: Int, found: Int)
  /// A quotation mark where CSV allows none.
  case strayQuote
  /// A quoted field that never ends.
  case openQuote
  /// A BIG-bench task without examples, maybe because its subtasks have them.
  case noExamples(subtasks: [String])
  /// An example without a member that it needs.
  case missing(String)
  /// A member of the wrong kind.
  case wrongKind(String, expected: String, found: String)
  /// An example whose options all have the same score.
  case noBestOption
  /// Compressed bytes that cannot be read.
  case undecodable(CompressionError)
}

/// A fault and where it stands.
public struct PlacedFault: Hashable, Sendable {
  /// What is wrong.
  public let fault: IngestionFault
  /// The record, if the fault belongs to one.
  public let place: RecordPlace?
  /// The column in characters, counted from 1, if it is known.
  public let column: Int
  /// The text of the line, if it is short enough to show.
  public let sourceLine: String?
}

/// Why a data file was refused.
public struct IngestionError: Error, Hashable, Sendable {
  /// The file as the user knows it.
  public let file: String
  /// The first faults, at least one and at most ``DataReader/describedFaults``.
  public let faults: [PlacedFault]
  /// How many faults there are in all.
  public let total: Int
}

/// Gathers the faults of one file.
struct FaultList {
  let file: String
  private(set) var faults: [PlacedFault] = []
  private(set) var total = 0

  init(file: String) {
    self.file = file
  }

  mutating func add(_ fault: IngestionFault, _ place: RecordPlace? = nil, column: Int = 1, line: String? = nil) {
    total += 1
    guard faults.count < DataReader.describedFaults else { return }
    faults.append(PlacedFault(fault: fault, place: place, column: column, sourceLine: line))
  }

  /// Adds what is wrong with text that is not JSON: broken UTF-8 goes before what the parser says of it.
  ///
  /// - Parameters:
  ///   - error: What the parser says; its offset counts from the start of `text`.
  ///   - text: What was parsed: a line, or the whole file.
  ///   - line: The line on which `text` starts.
  mutating func add(_ error: JSONError, in text: ArraySlice<UInt8>, line: Int) {
    var offset = text.startIndex + min(error.offset, text.count)
    let broken = PlainBytes.firstBroken(in: text)
    if let broken, broken <= offset || error.fault == .invalidUTF8 { offset = broken }
    let newline = UInt8(ascii: "\n")
    let before = text[..<offset]
    let start = before.lastIndex(of: newline).map { $0 + 1 } ?? text.startIndex
    let whole = text[start...].prefix { $0 != newline && $0 != UInt8(ascii: "\r") }
    let shown = whole.count <= 160 && broken == nil ? String(validating: whole, as: UTF8.self) : nil
    let place = RecordPlace.line(line + before.count { $0 == newline })
    let column = String(decoding: text[start..<offset], as: UTF8.self).count + 1
    if offset == broken {
      add(.notUTF8(byte: text.indices.contains(offset) ? text[offset] : 0, offset: offset), place, column: column)
    } else {
      add(.notJSON(error), place, column: column, line: shown)
    }
  }

  var error: IngestionError { IngestionError(file: file, faults: faults, total: total) }

  func throwIfAny() throws(IngestionError) {
    if total > 0 { throw error }
  }
}
