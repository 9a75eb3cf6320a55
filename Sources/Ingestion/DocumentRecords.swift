// Records from one JSON document: a list of objects, or an object that holds one.

import JSON

struct DocumentRecords {
  /// The name of the list, if the user gave one.
  let list: String?

  func read(_ bytes: PlainBytes, into faults: inout FaultList, _ take: (IngestedRecord) -> Void) {
    guard let document = JSONDocument.read(bytes, into: &faults) else { return }
    guard let records = records(of: document, into: &faults) else { return }
    for (index, record) in records.enumerated() {
      if case .object(let fields) = record {
        take(IngestedRecord(fields: fields, place: .record(index + 1)))
      } else {
        faults.add(.notAnObject(kind: record.kindInWords), .record(index + 1))
      }
    }
  }

  private func records(of document: JSONValue, into faults: inout FaultList) -> [JSONValue]? {
    switch document {
    case .array(let records) where list == nil: return records
    case .object(let object):
      if let list {
        if let records = object[list]?.arrayValue { return records }
        faults.add(.noList(name: list, names: object.names))
        return nil
      }
      let lists = object.members.filter { $0.value.arrayValue?.first?.objectValue != nil }
      if lists.count == 1 { return lists[0].value.arrayValue }
      faults.add(lists.isEmpty ? .noList(name: nil, names: object.names) : .severalLists(names: lists.map(\.name)))
      return nil
    case .array: faults.add(.noList(name: list, names: []))
    default: faults.add(.notAList(kind: document.kindInWords))
    }
    return nil
  }
}

enum JSONDocument {
  /// The document, or nil and a fault; an empty file is left to the caller to report.
  static func read(_ bytes: PlainBytes, into faults: inout FaultList) -> JSONValue? {
    if bytes.text.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) { return nil }
    do {
      return try JSONValue(parsing: bytes.text)
    } catch {
      faults.add(error, in: bytes.text, line: 1)
      return nil
    }
  }
}
