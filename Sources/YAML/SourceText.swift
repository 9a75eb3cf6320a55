// The bytes of a file and where its lines are, so that every part of it can be shown to a person.
// Knows nothing of YAML but what ends a line.

public import Diagnostics

/// A file's text with its lines found.
public final class SourceText: Sendable {
  /// The file as the user named it.
  public let file: String
  /// The text's UTF-8 bytes, without a byte order mark.
  public let bytes: [UInt8]
  /// How many bytes the byte order mark took: 0 or 3.
  public let skipped: Int
  /// The longest line, in bytes, that a place shows.
  private static let longestShown = 2000
  /// Where each line starts in ``bytes``.
  private let lineStarts: [Int]

  /// Finds the lines of a text.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8; a byte order mark at its beginning is taken off.
  ///   - file: The file as the user named it.
  public init(_ bytes: [UInt8], file: String) {
    let marked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    self.file = file
    self.skipped = marked ? 3 : 0
    self.bytes = marked ? Array(bytes.dropFirst(3)) : bytes
    self.lineStarts = Self.lineStarts(in: self.bytes)
  }

  /// A place in libyaml's terms and its byte offset.
  struct Mark {
    var line = 0
    var column = 0
    var offset = 0
  }

  /// The byte offset of a place given by line and column, both counted from 0, the column in Unicode scalars.
  ///
  /// - Parameters:
  ///   - line: The line.
  ///   - column: The column.
  ///   - near: A place already known; walking on from there keeps a file of one long line from costing its square.
  /// - Returns: The place with its offset.
  func mark(line: Int, column: Int, near: Mark) -> Mark {
    guard line < lineStarts.count else { return Mark(line: line, column: column, offset: bytes.count) }
    let isAhead = line == near.line && column >= near.column
    var offset = isAhead ? near.offset : lineStarts[line]
    var left = isAhead ? column - near.column : column
    while left > 0, offset < bytes.count {
      offset += 1
      while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
      left -= 1
    }
    return Mark(line: line, column: column, offset: offset)
  }

  /// The place of a range of bytes; what lies on later lines is left out of the width.
  public func place(_ range: Range<Int>) -> SourcePlace {
    let start = min(range.lowerBound, bytes.count)
    let line = lineNumber(at: start)
    let lineRange = contents(ofLine: line)
    // A line that fills no terminal is told by its numbers alone.
    let isShown = lineRange.count <= Self.longestShown
    let before = bytes[lineRange.lowerBound..<max(lineRange.lowerBound, start)]
    let end = max(start, min(range.upperBound, lineRange.upperBound))
    return SourcePlace(
      file: file, line: line + 1, column: Self.width(before) + 1, width: Self.width(bytes[start..<end]),
      sourceLine: isShown ? String(decoding: bytes[lineRange], as: UTF8.self) : nil)
  }

  /// Characters as a person counts them; in very long text Unicode scalars, which are counted fast.
  private static func width(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.count <= longestShown
      ? String(decoding: bytes, as: UTF8.self).count : bytes.count { $0 & 0xC0 != 0x80 }
  }

  func lineNumber(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// The bytes of a line without what ends it.
  private func contents(ofLine line: Int) -> Range<Int> {
    let start = lineStarts[line]
    var end = line + 1 < lineStarts.count ? lineStarts[line + 1] : bytes.count
    if line + 1 < lineStarts.count {
      if end > start, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D {
        end -= 1
        if end > start, bytes[end] == 0x0A, bytes[end - 1] == 0x0D { end -= 1 }
      } else {
        end -= bytes[end - 1] == 0x85 ? 2 : 3
      }
    }
    return start..<end
  }

  /// Line starts as libyaml counts them: after LF, CR, CR LF, U+0085, U+2028 and U+2029.
  private static func lineStarts(in bytes: [UInt8]) -> [Int] {
    var starts = [0]
    var index = 0
    func at(_ position: Int) -> UInt8 { position < bytes.count ? bytes[position] : 0 }
    while index < bytes.count {
      var length = 0
      switch bytes[index] {
      case 0x0A: length = 1
      case 0x0D: length = at(index + 1) == 0x0A ? 2 : 1
      case 0xC2 where at(index + 1) == 0x85: length = 2
      case 0xE2 where at(index + 1) == 0x80 && (at(index + 2) == 0xA8 || at(index + 2) == 0xA9): length = 3
      default: break
      }
      index += max(1, length)
      if length > 0 { starts.append(index) }
    }
    return starts
  }
}

/// A part of a file.
public struct Location: Sendable {
  /// The file's text.
  public let source: SourceText
  /// The part, in bytes of ``SourceText/bytes``.
  public let range: Range<Int>

  /// Makes a location.
  public init(_ source: SourceText, _ range: Range<Int>) {
    self.source = source
    self.range = range
  }

  /// Where a person finds it.
  public var place: SourcePlace { source.place(range) }

  /// Its line, counted from 1.
  public var line: Int { source.lineNumber(at: min(range.lowerBound, source.bytes.count)) + 1 }
}
