// Data files of every format: what is read, and what is said of files that are wrong.

import Compression
import Diagnostics
import Ingestion
import JSON
import Testing

private func read(_ format: DataFormat, _ text: String, list: String? = nil) throws -> [IngestedRecord] {
  try DataReader(format, file: "data", list: list).records(of: Array(text.utf8))
}

/// A CSV field in quotation marks, made scalar by scalar.
private func quoted(_ field: String) -> String {
  var text = String.UnicodeScalarView("\"".unicodeScalars)
  for scalar in field.unicodeScalars { text.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar]) }
  text.append("\"")
  return String(text)
}

private func canonical(_ records: [IngestedRecord]) -> [String] {
  records.map { "\($0.place): \(JSONValue.object($0.fields).canonical)" }
}

/// A file and what is read from it, as canonical JSON with places.
struct GoodFile: Sendable, CustomTestStringConvertible {
  let format: DataFormat
  let text: String
  let list: String?
  let records: [String]

  init(_ format: DataFormat, _ text: String, list: String? = nil, _ records: [String]) {
    self.format = format
    self.text = text
    self.list = list
    self.records = records
  }

  var testDescription: String { "\(format): \(text.debugDescription)" }
}

/// A file and the whole text of the error about it.
struct BadFile: Sendable, CustomTestStringConvertible {
  let format: DataFormat
  let bytes: [UInt8]
  let list: String?
  let error: String

  init(_ format: DataFormat, _ text: String, list: String? = nil, _ error: String) {
    self.init(format, bytes: Array(text.utf8), list: list, error)
  }

  init(_ format: DataFormat, bytes: [UInt8], list: String? = nil, _ error: String) {
    self.format = format
    self.bytes = bytes
    self.list = list
    self.error = error
  }

  var testDescription: String { "\(format): \(String(decoding: bytes, as: UTF8.self).debugDescription)" }
}

@Suite struct ReaderTests {
  static let good = [
    GoodFile(.jsonl, "{\"b\":1,\"a\":\"x\"}\n{\"c\":null}", ["line 1: {\"a\":\"x\",\"b\":1}", "line 2: {\"c\":null}"]),
    GoodFile(.jsonl, "\u{FEFF}{\"a\":1}\r\n\r\n \t\n{\"a\":2}\r\n", ["line 1: {\"a\":1}", "line 4: {\"a\":2}"]),
    GoodFile(.jsonl, "{\"a\":\"\u{2028}\"}\n", ["line 1: {\"a\":\"\u{2028}\"}"]),
    GoodFile(.json, "[{\"a\":1}, {\"a\":2}]", ["record 1: {\"a\":1}", "record 2: {\"a\":2}"]),
    GoodFile(.json, "{\"note\":\"x\",\"data\":[{\"a\":1}]}", ["record 1: {\"a\":1}"]),
    GoodFile(.json, "{\"a\":[{\"x\":1}],\"b\":[{\"x\":2}]}", list: "b", ["record 1: {\"x\":2}"]),
    GoodFile(
      .csv, "a,b\n1,x\n2,\"y,\"\"z\"\"\"\n",
      ["line 2: {\"a\":\"1\",\"b\":\"x\"}", "line 3: {\"a\":\"2\",\"b\":\"y,\\\"z\\\"\"}"]),
    GoodFile(
      .csv, "\u{FEFF}a,b\r\n\"1\r\n2\",\r\n3,",
      ["line 2: {\"a\":\"1\\r\\n2\",\"b\":\"\"}", "line 4: {\"a\":\"3\",\"b\":\"\"}"]),
    GoodFile(
      .csv, "a,b\n  1 , x\u{2028}y\n\n,\"\"\n",
      ["line 2: {\"a\":\"  1 \",\"b\":\" x\u{2028}y\"}", "line 4: {\"a\":\"\",\"b\":\"\"}"]),
    GoodFile(
      .csv, "a\n\"\u{301}e\"\u{301}\u{20}".replacing("\"\u{301}\u{20}", with: "\"\n"), ["line 2: {\"a\":\"\u{301}e\"}"]),
    GoodFile(
      .bigbench, "{\"examples\":[{\"input\":\"q\",\"target\":\"t\"},{\"input\":\"q\",\"target\":[\"three\",\"3\"]}]}",
      ["record 1: {\"input\":\"q\",\"target\":[\"t\"]}", "record 2: {\"input\":\"q\",\"target\":[\"three\",\"3\"]}"]),
    GoodFile(
      .bigbench,
      "{\"task_prefix\":\"Table.\",\"examples\":[{\"comment\":\"c\",\"input\":\"q\",\"target_scores\":{\"z\":0,\"y\":1,\"x\":1}}]}",
      [
        "record 1: {\"input\":\"q\",\"options\":[\"z\",\"y\",\"x\"],\"target\":[\"y\",\"x\"],\"task_prefix\":\"Table.\"}"
      ]),
  ]

  @Test(arguments: good)
  func reads(_ file: GoodFile) throws {
    let records = try read(file.format, file.text, list: file.list)
    #expect(canonical(records) == file.records)
    for record in records { #expect(!record.fields.names.isEmpty) }
  }

  @Test(arguments: good)
  func compressedFilesGiveTheSame(_ file: GoodFile) throws {
    let zstd = try Compression.zstdCompressed(Array(file.text.utf8))
    let records = try DataReader(file.format, file: "data", list: file.list).records(of: zstd)
    #expect(canonical(records) == file.records)
  }

  @Test func gzipIsRead() throws {
    // printf '{"a":1}\n' | gzip -n
    let gzip: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xAB, 0x56, 0x4A, 0x54, 0xB2, 0x32, 0xAC, 0xE5, 0x02,
      0x00, 0x46, 0xA3, 0xE8, 0x74, 0x08, 0x00, 0x00, 0x00,
    ]
    #expect(canonical(try DataReader(.jsonl, file: "data").records(of: gzip)) == ["line 1: {\"a\":1}"])
  }

  @Test func whatUnpacksToAThousandTimesItsSizeIsRefused() throws {
    let packed = try Compression.zstdCompressed([UInt8](repeating: 0x20, count: 128 << 20))
    #expect(packed.count < 32 << 10)
    do throws(IngestionError) {
      _ = try DataReader(.jsonl, file: "data").records(of: packed)
      Issue.record("it was unpacked")
    } catch {
      #expect(error.text().contains("the zstd data unpacks to more than"), "\(error.text())")
    }
  }

  static let bad = [
    BadFile(.jsonl, "", "error: data: the file has no records\n  → Give a file with at least one record."),
    BadFile(.jsonl, " \n\n", "error: data: the file has no records\n  → Give a file with at least one record."),
    BadFile(
      .jsonl, "{\"a\":1}\n{\"a\":é}\n",
      """
      data:2:6: error: this is not JSON: unexpected byte 195
       2 | {"a":é}
         |      ^
        → Correct the text at this place.
      """),
    BadFile(
      .jsonl, "[1]\n",
      "data:1:1: error: the record is a list, not a mapping\n"
        + "  → Make every record a mapping such as {\"question\": \"…\"}."),
    BadFile(
      .jsonl, bytes: Array("{\"a\":1}\n{\"a\":\"x".utf8) + [0xE9] + Array("\"}\n".utf8),
      "data:2:8: error: byte 15 of the file (0xE9) is not UTF-8 text\n"
        + "  → Save the file as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`."),
    BadFile(
      .json, "[{\"a\":1},\n {\"a\":1,\"a\":2}]",
      """
      data:2:9: error: this is not JSON: two members are named "a"
       2 |  {"a":1,"a":2}]
         |         ^
        → Correct the text at this place.
      """),
    BadFile(.json, "[]", "error: data: the file has no records\n  → Give a file with at least one record."),
    BadFile(
      .json, "[{\"a\":1}, 7]",
      "error: data, record 2: the record is a number, not a mapping\n"
        + "  → Make every record a mapping such as {\"question\": \"…\"}."),
    BadFile(
      .json, "7",
      "error: data: the document is a number, not a list of records\n"
        + "  → Make the document a list of mappings, or use the format that the file has."),
    BadFile(
      .json, "{\"a\":1,\"b\":[]}",
      "error: data: the mapping has no list of records; its names are \"a\", \"b\"\n"
        + "  → Name the list that holds the records, or keep one list in the file."),
    BadFile(
      .json, "{\"a\":[{}],\"b\":[{}]}",
      "error: data: the mapping has several lists of records: \"a\", \"b\"\n"
        + "  → Name the list that holds the records, or keep one list in the file."),
    BadFile(
      .json, "{\"a\":[{}]}", list: "c",
      "error: data: the mapping has no list of records named \"c\"; its names are \"a\"\n"
        + "  → Name the list that holds the records, or keep one list in the file."),
    BadFile(
      .csv, "a,b\n1\n1,2\n1,2,3\n",
      """
      data:2:1: error: the row has 1 fields, the header names 2
        → Give every row one field a column; quote fields that have commas or line ends.

      data:4:1: error: the row has 3 fields, the header names 2
        → Give every row one field a column; quote fields that have commas or line ends.
      """),
    BadFile(
      .csv, "a,,a\n1,2,3\n",
      """
      data:1:1: error: column 2 has no name in the header
        → Give every column a name of its own in the first line.

      data:1:1: error: two columns are named "a"
        → Give every column a name of its own in the first line.
      """),
    BadFile(
      .csv, "a\n1\n\"2\n3\n",
      "data:3:1: error: a quoted field starts in this row and never ends\n  → Close the field with a quotation mark."),
    BadFile(
      .csv, "a\n\"x\n\"\n\"y\"z\n",
      "data:4:1: error: a quotation mark stands where CSV allows none\n"
        + "  → Quote the whole field and double the quotation marks inside it."),
    BadFile(.csv, "a,b\n", "error: data: the file has no records\n  → Give a file with at least one record."),
    BadFile(
      .csv, bytes: Array("a\n".utf8) + [0xFF, 0x0A],
      "data:2:1: error: byte 2 of the file (0xFF) is not UTF-8 text\n"
        + "  → Save the file as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`."),
    BadFile(
      .bigbench, "{\"subtasks\":[\"three_objects\"]}",
      "error: data: the task has no examples of its own; its subtasks are \"three_objects\"\n"
        + "  → Name the task.json of a task or subtask that has \"examples\"."),
    BadFile(
      .bigbench, "{\"examples\":[{\"target\":\"t\"},{\"input\":\"q\"},{\"input\":3,\"target\":\"t\"}]}",
      """
      error: data, record 1: the example has no "input"
        → Correct the example; a BIG-bench example has "input" and "target" or "target_scores".

      error: data, record 2: the example has no "target"
        → Correct the example; a BIG-bench example has "input" and "target" or "target_scores".

      error: data, record 3: "input" is a number, not text
        → Correct the example; a BIG-bench example has "input" and "target" or "target_scores".
      """),
    BadFile(
      .bigbench, "{\"examples\":[{\"input\":\"q\",\"target_scores\":{\"a\":0,\"b\":0}}]}",
      "error: data, record 1: every option has the same score, so none is right\n"
        + "  → Give the right option the highest score, or drop the example."),
    BadFile(
      .jsonl, bytes: [0x28, 0xB5, 0x2F, 0xFD, 0x04],
      "error: data: the zstd data ends in the middle\n  → Fetch or copy the file again; this copy is not complete."),
  ]

  @Test(arguments: bad)
  func refuses(_ file: BadFile) {
    let error = #expect(throws: IngestionError.self) {
      try DataReader(file.format, file: "data", list: file.list).records(of: file.bytes)
    }
    #expect(error?.text() == file.error)
  }

  @Test func fiveFaultsAreDescribedAndTheRestCounted() throws {
    let error = try #require(throws: IngestionError.self) { try read(.jsonl, String(repeating: "7\n", count: 8)) }
    #expect(error.faults.map(\.place) == (1...5).map { .line($0) })
    #expect(error.total == 8)
    #expect(error.diagnoses.last?.notes == ["and 3 more faults in this file"])
    #expect(error.exit == .inputOutput)
  }

  @Test func otherDelimiters() throws {
    let reader = DataReader(.csv, file: "data", delimiter: "\t")
    let records = try reader.records(of: Array("a\tb\n1,2\t\"x\ty\"\n".utf8))
    #expect(canonical(records) == ["line 2: {\"a\":\"1,2\",\"b\":\"x\\ty\"}"])
  }

  @Test func csvGivesBackWhatWasWritten() throws {
    let pieces = [
      "", " ", "x", "\"", ",", "\n", "\r\n", "\r", "\u{301}", "\u{2028}", "\u{1F468}\u{200D}\u{1F469}", "\0", "\t",
    ]
    var fields: [String] = []
    for first in pieces { for second in pieces { for third in pieces { fields.append(first + second + third) } } }
    let rows = stride(from: 0, to: fields.count - 1, by: 2).map { [fields[$0], fields[$0 + 1]] }
    let text = ([["a", "b"]] + rows).map { row in
      row.map { quoted($0) }.joined(separator: ",")
    }
    let records = try read(.csv, text.joined(separator: "\r\n") + "\r\n")
    try #require(records.count == rows.count)
    for (record, row) in zip(records, rows) {
      let found = ["a", "b"].map { Array((record.fields[$0]?.stringValue ?? "?").utf8) }
      #expect(found == row.map { Array($0.utf8) })
    }
  }

  @Test func canonicalLinesComeBack() throws {
    let records = try read(.jsonl, "{\"b\":[1,2.5,\"é\"],\"a\":{\"y\":null,\"x\":true}}\n{\"z\":\"\"}\n").map(\.fields)
    let bytes = JSONLines.bytes(of: records)
    #expect(
      String(decoding: bytes, as: UTF8.self) == "{\"a\":{\"x\":true,\"y\":null},\"b\":[1,2.5,\"é\"]}\n{\"z\":\"\"}\n")
    #expect(try JSONLines.records(of: bytes, file: "data") == records)
    #expect(try JSONLines.records(of: [], file: "data").isEmpty)
  }
}
