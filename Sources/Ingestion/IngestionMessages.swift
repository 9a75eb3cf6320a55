// The sentences about data files: what is wrong, where, and what to do next.

import Compression
public import Diagnostics
import JSON

extension IngestionError: DiagnosableError {
  /// One diagnosis a fault; the last one also says how many more there are.
  public var diagnoses: [Diagnosis] {
    faults.enumerated().map { index, fault in
      let more = total - faults.count
      let note = index == faults.count - 1 && more > 0 ? ["and \(more) more faults in this file"] : []
      return fault.diagnosis(file: file, notes: note)
    }
  }
}

extension PlacedFault {
  fileprivate func diagnosis(file: String, notes: [String]) -> Diagnosis {
    var source: SourcePlace?
    var prefix = "\(file): "
    switch place {
    case .line(let line)?:
      source = SourcePlace(file: file, line: line, column: column, sourceLine: sourceLine)
      prefix = ""
    case .record(let record)?: prefix = "\(file), record \(record): "
    case nil: break
    }
    return Diagnosis(
      "data.\(fault.code)", prefix + fault.message, place: source, notes: notes, remedy: fault.remedy,
      exit: .inputOutput)
  }
}

extension IngestionFault {
  fileprivate var code: String {
    switch self {
    case .noRecords: "no-records"
    case .notUTF8: "not-utf8"
    case .notJSON: "not-json"
    case .notAnObject: "not-an-object"
    case .notAList: "not-a-list"
    case .noList: "no-list"
    case .severalLists: "several-lists"
    case .duplicateColumn: "duplicate-column"
    case .namelessColumn: "nameless-column"
    case .ragged: "ragged"
    case .strayQuote: "stray-quote"
    case .openQuote: "open-quote"
    case .noExamples: "no-examples"
    case .missing: "missing"
    case .wrongKind: "wrong-kind"
    case .noBestOption: "no-best-option"
    case .undecodable: "undecodable"
    }
  }

  fileprivate var message: String {
    switch self {
    case .noRecords: "the file has no records"
    case .notUTF8(let byte, let offset): "byte \(offset) of the file (0x\(Self.hex(byte))) is not UTF-8 text"
    case .notJSON(let error): "this is not JSON: \(error.reason)"
    case .notAnObject(let kind): "the record is \(kind), not a mapping"
    case .notAList(let kind): "the document is \(kind), not a list of records"
    case .noList(nil, let names): "the mapping has no list of records; its names are \(Self.list(names))"
    case .noList(let name?, let names):
      "the mapping has no list of records named \"\(name)\"; its names are \(Self.list(names))"
    case .severalLists(let names): "the mapping has several lists of records: \(Self.list(names))"
    case .duplicateColumn(let name): "two columns are named \"\(name)\""
    case .namelessColumn(let number): "column \(number) has no name in the header"
    case .ragged(let expected, let found): "the row has \(found) fields, the header names \(expected)"
    case .strayQuote: "a quotation mark stands where CSV allows none"
    case .openQuote: "a quoted field starts in this row and never ends"
    case .noExamples(let subtasks) where subtasks.isEmpty: "the task has no list of examples"
    case .noExamples(let subtasks): "the task has no examples of its own; its subtasks are \(Self.list(subtasks))"
    case .missing(let name): "the example has no \"\(name)\""
    case .wrongKind(let name, let expected, let found): "\"\(name)\" is \(found), not \(expected)"
    case .noBestOption: "every option has the same score, so none is right"
    case .undecodable(let error): error.diagnoses.map(\.message).joined(separator: "; ")
    }
  }

  fileprivate var remedy: String {
    switch self {
    case .noRecords: "Give a file with at least one record."
    case .notUTF8: "Save the file as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`."
    case .notJSON: "Correct the text at this place."
    case .notAnObject: "Make every record a mapping such as {\"question\": \"…\"}."
    case .notAList: "Make the document a list of mappings, or use the format that the file has."
    case .noList, .severalLists: "Name the list that holds the records, or keep one list in the file."
    case .duplicateColumn, .namelessColumn: "Give every column a name of its own in the first line."
    case .ragged: "Give every row one field a column; quote fields that have commas or line ends."
    case .strayQuote: "Quote the whole field and double the quotation marks inside it."
    case .openQuote: "Close the field with a quotation mark."
    case .noExamples: "Name the task.json of a task or subtask that has \"examples\"."
    case .missing, .wrongKind:
      "Correct the example; a BIG-bench example has \"input\" and \"target\" or \"target_scores\"."
    case .noBestOption: "Give the right option the highest score, or drop the example."
    case .undecodable(let error): error.diagnoses.compactMap(\.remedy).joined(separator: " ")
    }
  }

  private static func list(_ names: [String]) -> String {
    if names.isEmpty { return "none" }
    let shown = names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.count > 8 ? shown + " and \(names.count - 8) more" : shown
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
