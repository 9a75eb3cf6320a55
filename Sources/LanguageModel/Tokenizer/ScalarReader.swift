// Walks valid UTF-8 scalar by scalar and tells each one's class.
// Knows nothing of words; the scanners in PreTokenizer ask it.

/// UTF-8 text and the class table, for one walk.
struct ScalarReader {
  /// Valid UTF-8.
  let bytes: UnsafeBufferPointer<UInt8>
  let table: UnsafeBufferPointer<UInt8>

  /// One scalar of the text.
  struct Element {
    let value: UInt32
    let kind: ScalarClass
    /// Where the next scalar begins.
    let next: Int

    var isLetter: Bool { kind.contains(.letter) }
    var isNumber: Bool { kind.contains(.number) }
    var isSpace: Bool { kind.contains(.space) }
    var isNewline: Bool { kind.contains(.newline) }
    /// `[^\s\p{L}\p{N}]`.
    var isOther: Bool { kind.isDisjoint(with: .kinds) }
  }

  /// The scalar at `at`, which is less than the count and begins a scalar.
  @inline(__always)
  func element(at: Int) -> Element {
    let first = UInt32(bytes[at])
    if first < 0x80 { return Element(value: first, kind: kind(first), next: at + 1) }
    if first < 0xE0 { return make((first & 0x1F) << 6 | tail(at + 1), at + 2) }
    if first < 0xF0 { return make((first & 0x0F) << 12 | tail(at + 1) << 6 | tail(at + 2), at + 3) }
    return make((first & 0x07) << 18 | tail(at + 1) << 12 | tail(at + 2) << 6 | tail(at + 3), at + 4)
  }

  /// Where the run of scalars that meet `condition` ends, at most `end`.
  @inline(__always)
  func run(from start: Int, to end: Int, while condition: (Element) -> Bool) -> Int {
    var at = start
    while at < end {
      let element = element(at: at)
      guard condition(element) else { break }
      at = element.next
    }
    return at
  }

  @inline(__always)
  private func tail(_ at: Int) -> UInt32 { UInt32(bytes[at]) & 0x3F }

  @inline(__always)
  private func make(_ value: UInt32, _ next: Int) -> Element { Element(value: value, kind: kind(value), next: next) }

  @inline(__always)
  private func kind(_ value: UInt32) -> ScalarClass { ScalarClass(rawValue: table[Int(value)]) }
}
