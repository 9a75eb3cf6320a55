// Records from comma-separated values after RFC 4180: a header, then one record a row; every field is text.
// SwiftCSV finds the fields; what it would change or let pass without a word is kept from it or checked here.

import JSON
import SwiftCSV

struct CSVRecords {
  /// The letter of byte 0; SwiftCSV gets each byte that is part of a field as one letter from here on.
  ///
  /// It reads grapheme clusters, drops white space before a field and takes U+2028 for a line end; these letters are no
  /// such thing. It also drops an empty last field and accepts a quotation that never ends, so the text gets a line end
  /// and a last row that only an open quotation can swallow.
  private static let alphabet: UInt32 = 0x4E00
  private static let lastRow = "\u{E000}"

  /// The character between fields, ASCII.
  let delimiter: Unicode.Scalar

  func read(_ bytes: PlainBytes, into faults: inout FaultList, _ take: (IngestedRecord) -> Void) {
    if bytes.text.isEmpty { return }
    if let broken = PlainBytes.firstBroken(in: bytes.text) {
      let line = bytes.text[..<broken].count { $0 == UInt8(ascii: "\n") } + 1
      faults.add(.notUTF8(byte: bytes.text[min(broken, bytes.text.endIndex - 1)], offset: broken), .line(line))
      return
    }
    let table = Table()
    do {
      // A row limit of 0 keeps the initializer from reading more than the header.
      let csv = try EnumeratedCSV(string: shielded(bytes.text), delimiter: .comma, loadColumns: false, rowLimit: 0)
      try csv.enumerateAsArray(startAt: 0, rowLimit: nil) { table.add($0.map(Self.unshielded)) }
      table.checkEnd(into: &faults)
    } catch {
      faults.add(.strayQuote, .line(table.nextLine))
    }
    table.hand(to: take, into: &faults)
  }

  private func shielded(_ bytes: ArraySlice<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    var isQuoted = false
    var isInside = false
    for (index, byte) in zip(bytes.indices, bytes) {
      switch Unicode.Scalar(byte) {
      case "\"":
        isQuoted.toggle()
        text.append("\"")
      case "\n": text.append("\n")
      case "\r" where !isQuoted && bytes[(index + 1)...].first == UInt8(ascii: "\n"): continue
      // SwiftCSV always gets commas between fields, whatever stands there, and never inside one.
      case delimiter where !isQuoted: text.append(",")
      // Plain ASCII is harmless and much faster; white space may not come first.
      case "0"..."9", "A"..."Z", "a"..."z", ".", "-": text.append(Unicode.Scalar(byte))
      case " " where isInside: text.append(" ")
      default: text.append(Unicode.Scalar(Self.alphabet + UInt32(byte)) ?? Unicode.Scalar(byte))
      }
      isInside = ![UInt8(ascii: "\""), UInt8(ascii: "\n")].contains(byte) && Unicode.Scalar(byte) != delimiter
    }
    if bytes.last != UInt8(ascii: "\n") { text.append("\n") }
    text.append(contentsOf: Self.lastRow.unicodeScalars)
    return String(text)
  }

  /// The low byte of every letter of the alphabet, and of ASCII, is the byte that it stands for.
  private static func unshielded(_ field: String) -> String {
    if field == lastRow { return field }
    return String(decoding: field.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, as: UTF8.self)
  }

  /// The rows as they come, with the line on which each starts.
  private final class Table {
    private var rows: [(line: Int, fields: [String])] = []
    private(set) var nextLine = 1

    func add(_ fields: [String]) {
      rows.append((nextLine, fields))
      nextLine += 1 + fields.reduce(0) { $0 + $1.utf8.count { $0 == UInt8(ascii: "\n") } }
    }

    func checkEnd(into faults: inout FaultList) {
      if let last = rows.popLast(), last.fields != [lastRow] { faults.add(.openQuote, .line(last.line)) }
    }

    func hand(to take: (IngestedRecord) -> Void, into faults: inout FaultList) {
      // A blank line is no row; a row of one empty field cannot be told from it.
      rows.removeAll { $0.fields == [""] }
      guard let header = rows.first else { return }
      let names = names(of: header.fields, line: header.line, into: &faults)
      for (line, fields) in rows.dropFirst() {
        if fields.count == names.count {
          let members = zip(names, fields).map { JSONMember($0, .string($1)) }
          take(IngestedRecord(fields: JSONObject(members), place: .line(line)))
        } else {
          faults.add(.ragged(expected: names.count, found: fields.count), .line(line))
        }
      }
    }

    private func names(of header: [String], line: Int, into faults: inout FaultList) -> [String] {
      var seen: Set<[UInt8]> = []
      for (index, name) in header.enumerated() {
        if name.isEmpty {
          faults.add(.namelessColumn(index + 1), .line(line))
        } else if !seen.insert(Array(name.utf8)).inserted {
          faults.add(.duplicateColumn(name), .line(line))
        }
      }
      return header
    }
  }
}
