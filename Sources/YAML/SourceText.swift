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

  /// The byte offset of a place given by line and column, both counted from 0, the column in Unicode scalars.
  func offset(line: Int, column: Int) -> Int {
    guard line < lineStarts.count else { return bytes.count }
    var offset = lineStarts[line]
    var left = column
    while left > 0, offset < bytes.count {
      offset += 1
      while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
      left -= 1
    }
    return offset
  }

  /// The place of a range of bytes; what lies on later lines is left out of the width.
  public func place(_ range: Range<Int>) -> SourcePlace {
    let start = min(range.lowerBound, bytes.count)
    let line = lineNumber(at: start)
    let lineRange = contents(ofLine: line)
    let before = String(decoding: bytes[lineRange.lowerBound..<max(lineRange.lowerBound, start)], as: UTF8.self)
    let end = max(start, min(range.upperBound, lineRange.upperBound))
    let width = String(decoding: bytes[start..<end], as: UTF8.self).count
    return SourcePlace(
      file: file, line: line + 1, column: before.count + 1, width: width,
      sourceLine: String(decoding: bytes[lineRange], as: UTF8.self))
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
