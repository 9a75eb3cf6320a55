// Records from comma-separated values after RFC 4180: a header, then one record a row; every field is text.
// libcsv finds the fields (CSVRows).

import JSON

struct CSVRecords {
  /// The character between fields, ASCII.
  let delimiter: Unicode.Scalar

  func read(_ bytes: PlainBytes, into faults: inout FaultList, _ take: (IngestedRecord) -> Void) {
    if bytes.text.isEmpty { return }
    if let broken = PlainBytes.firstBroken(in: bytes.text) {
      let line = bytes.text[..<broken].count { $0 == UInt8(ascii: "\n") } + 1
      faults.add(.notUTF8(byte: bytes.text[min(broken, bytes.text.endIndex - 1)], offset: broken), .line(line))
      return
    }
    let rows = CSVRows(bytes.text, delimiter: UInt8(ascii: delimiter))
    switch rows.fault {
    case .strayQuote?: faults.add(.strayQuote, .line(rows.faultLine))
    case .openQuote?: faults.add(.openQuote, .line(rows.faultLine))
    case nil: break
    }
    // A blank line is no row; a row of one empty field cannot be told from it.
    let filled = rows.rows.filter { !$0.fields.isEmpty && $0.fields != [""] }
    guard let header = filled.first else { return }
    check(header.fields, line: header.line, into: &faults)
    for row in filled.dropFirst() {
      if row.fields.count == header.fields.count {
        let members = zip(header.fields, row.fields).map { JSONMember($0, .string($1)) }
        take(IngestedRecord(fields: JSONObject(members), place: .line(row.line)))
      } else {
        faults.add(.ragged(expected: header.fields.count, found: row.fields.count), .line(row.line))
      }
    }
  }

  private func check(_ names: [String], line: Int, into faults: inout FaultList) {
    var seen: Set<[UInt8]> = []
    for (index, name) in names.enumerated() {
      if name.isEmpty {
        faults.add(.namelessColumn(index + 1), .line(line))
      } else if !seen.insert(Array(name.utf8)).inserted {
        faults.add(.duplicateColumn(name), .line(line))
      }
    }
  }
}
