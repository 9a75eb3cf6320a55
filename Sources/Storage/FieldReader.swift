// Fields of a binary file, one after the other: what catalogs and memos consist of.
// Trusts no length: what is not there is nil.

import Digests

/// Takes fields from the front of a part of some bytes.
struct FieldReader {
  private let bytes: [UInt8]
  private let end: Int
  var position: Int

  init(_ bytes: [UInt8], _ part: Range<Int>) {
    self.bytes = bytes
    position = part.lowerBound
    end = part.upperBound
  }

  var isAtEnd: Bool { position == end }

  /// How many bytes are left.
  var remaining: Int { end - position }

  /// Where the next bytes stand; nil if there are not so many.
  private mutating func take(_ count: Int) -> Range<Int>? {
    guard end - position >= count else { return nil }
    defer { position += count }
    return position..<(position + count)
  }

  mutating func digest() -> Digest? { take(Digest.byteCount).flatMap { Digest(bytes: bytes[$0]) } }

  mutating func number(_ byteCount: Int) -> Int? {
    guard let place = take(byteCount), byteCount < 8 || bytes[place.upperBound - 1] < 0x80 else { return nil }
    return place.reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
  }

  /// Eight bytes as ``Digest/leading`` has them.
  mutating func leading() -> UInt64? { take(8).map { $0.reduce(0) { $0 << 8 | UInt64(bytes[$1]) } } }

  /// Text behind its length of so many bytes.
  mutating func text(_ lengthByteCount: Int = 2) -> String? {
    number(lengthByteCount).flatMap { take($0) }.flatMap { String(validating: bytes[$0], as: UTF8.self) }
  }

  /// As many values as a number of four bytes says.
  mutating func list<Value>(_ value: (inout FieldReader) -> Value?) -> [Value]? {
    guard let count = number(4) else { return nil }
    var values: [Value] = []
    // Every value has a byte, so that no count makes more room than there are bytes.
    values.reserveCapacity(min(count, remaining))
    for _ in 0..<count {
      guard let next = value(&self) else { return nil }
      values.append(next)
    }
    return values
  }
}

/// Puts fields one after the other, as ``FieldReader`` takes them.
struct FieldWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ digest: Digest) { bytes += digest.bytes }

  mutating func write(_ number: Int, byteCount: Int) {
    for shift in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * shift))) }
  }

  mutating func write(_ text: String) {
    write(text.utf8.count, byteCount: 4)
    bytes += text.utf8
  }

  mutating func write<Value>(list values: [Value], _ value: (inout FieldWriter, Value) -> Void) {
    write(values.count, byteCount: 4)
    for each in values { value(&self, each) }
  }
}
