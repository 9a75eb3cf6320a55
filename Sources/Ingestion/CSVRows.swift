// The rows of comma-separated values, by libcsv in its strict mode.
// The only place that knows libcsv. It is told that nothing is white space, since it would drop that around fields.

import CCSV

/// Rows with the line on which each starts; blank lines are rows without fields.
final class CSVRows {
  enum Fault {
    /// A quotation mark inside a field that has none around it, or text behind a closing one.
    case strayQuote
    /// A quotation that never ends.
    case openQuote
  }

  private(set) var rows: [(line: Int, fields: [String])] = []
  /// What ended the reading early.
  private(set) var fault: Fault?
  /// Where the row starts in which ``fault`` was found.
  var faultLine: Int { line }

  private var fields: [String] = []
  private var line = 1

  /// Memory for a field is taken in pieces of so many bytes.
  private static let pieceSize = 1 << 16

  /// Reads the rows of a text that is UTF-8.
  init(_ text: ArraySlice<UInt8>, delimiter: UInt8) {
    let text = Self.withoutCarriageReturns(text)
    var parser = unsafe csv_parser()
    // It allocates nothing yet, and knows these options.
    _ = unsafe csv_init(&parser, UInt8(CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL))
    defer { unsafe csv_free(&parser) }
    unsafe csv_set_delim(&parser, delimiter)
    unsafe csv_set_blk_size(&parser, Self.pieceSize)
    unsafe csv_set_space_func(&parser) { _ in 0 }
    unsafe csv_set_term_func(&parser) { $0 == UInt8(ascii: "\n") ? 1 : 0 }
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    let read = unsafe csv_parse(&parser, text, text.count, Self.takeField, Self.takeRow, context)
    if read < text.count {
      fault = .strayQuote
    } else if unsafe csv_fini(&parser, Self.takeField, Self.takeRow, context) != 0 {
      fault = .openQuote
    }
    Self.refuseLackOfMemory(unsafe csv_error(&parser))
  }

  /// Where memory ends, Swift's own arrays end the program, too.
  private static func refuseLackOfMemory(_ error: CInt) {
    if error == CSV_ENOMEM || error == CSV_ETOOBIG { fatalError("no memory is left for a field of the data") }
  }

  private static let takeField: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Void = {
    let bytes = unsafe UnsafeRawBufferPointer(start: $0, count: $1)
    unsafe of($2).fields.append(String(decoding: bytes, as: UTF8.self))
  }

  private static let takeRow: @convention(c) (CInt, UnsafeMutableRawPointer?) -> Void = { unsafe of($1).endRow() }

  private static func of(_ context: UnsafeMutableRawPointer?) -> CSVRows {
    guard let context = unsafe context else { fatalError("a row of no file: our own bug") }
    return unsafe Unmanaged<CSVRows>.fromOpaque(context).takeUnretainedValue()
  }

  private func endRow() {
    rows.append((line, fields))
    line += 1 + fields.reduce(0) { $0 + $1.utf8.count { $0 == UInt8(ascii: "\n") } }
    fields = []
  }

  /// The text with its line ends outside quotations as single line feeds; any other carriage return is part of a field.
  private static func withoutCarriageReturns(_ text: ArraySlice<UInt8>) -> [UInt8] {
    guard text.contains(UInt8(ascii: "\r")) else { return Array(text) }
    var kept: [UInt8] = []
    kept.reserveCapacity(text.count)
    var isQuoted = false
    for (index, byte) in zip(text.indices, text) {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      let next = index + 1
      if byte == UInt8(ascii: "\r"), !isQuoted, next < text.endIndex, text[next] == UInt8(ascii: "\n") { continue }
      kept.append(byte)
    }
    return kept
  }
}
