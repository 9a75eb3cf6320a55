// Reads GGUF's little-endian primitives from bytes, checking each against the end of the file first.
// Knows nothing of what the values mean.

/// A place in the bytes of a file that only moves forward.
struct GGUFCursor {
  let file: String
  let bytes: UnsafeRawBufferPointer
  var at = 0

  init(file: String, bytes: UnsafeRawBufferPointer) {
    self.file = file
    self.bytes = bytes
  }

  var left: Int { bytes.count - at }

  func error(_ fault: ModelFileError.Fault) -> ModelFileError { ModelFileError(file: file, fault) }

  /// Steps over `length` bytes and returns where they lie.
  mutating func skip(_ length: UInt64, _ what: String) throws(ModelFileError) -> Range<Int> {
    guard length <= UInt64(left) else {
      throw error(.truncated(what: what, offset: at, needed: length, available: left))
    }
    defer { at += Int(length) }
    return at..<at + Int(length)
  }

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type, _ what: String) throws(ModelFileError) -> T {
    let place = try skip(UInt64(MemoryLayout<T>.size), what)
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: place.lowerBound, as: T.self))
  }

  /// A count whose elements need at least `size` bytes each in what is left of the file.
  mutating func count(of size: Int, _ what: String) throws(ModelFileError) -> Int {
    let start = at
    let value = try integer(UInt64.self, what)
    let limit = UInt64(left / size)
    guard value <= limit else {
      throw error(.implausible(what: what, offset: start, value: value, limit: limit))
    }
    return Int(value)
  }

  /// The place of a length-framed text, whose bytes are not looked at.
  mutating func framed(_ what: String) throws(ModelFileError) -> Range<Int> {
    let length = try integer(UInt64.self, "the length of \(what)")
    return try skip(length, what)
  }

  mutating func text(_ what: String) throws(ModelFileError) -> String {
    let start = at
    let place = try framed(what)
    guard let text = String(validating: bytes[place], as: UTF8.self) else {
      throw error(.invalidText(what: what, offset: start))
    }
    return text
  }
}
