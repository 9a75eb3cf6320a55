// SHA-256 digests as values. Knows nothing of what is digested.

import Crypto

/// The SHA-256 of some bytes.
public struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// How many bytes a digest has.
  public static let byteCount = 32

  /// The bytes in four big-endian words, in order: a digest costs no allocation, however many a plan holds.
  @usableFromInline let words: (UInt64, UInt64, UInt64, UInt64)

  /// The 32 bytes.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    eachByte { bytes.append($0) }
    return bytes
  }

  /// Takes 32 bytes; nil for any other number.
  public init?(bytes: some Sequence<UInt8>) {
    let known = bytes.withContiguousStorageIfAvailable { buffer -> (UInt64, UInt64, UInt64, UInt64)? in
      guard buffer.count == Self.byteCount else { return nil }
      return unsafe Self.words(of: UnsafeRawBufferPointer(buffer))
    }
    if let known {
      guard let known else { return nil }
      words = known
      return
    }
    var collector = Collector()
    for byte in bytes { collector.add(byte) }
    guard collector.count == Self.byteCount else { return nil }
    words = collector.words
  }

  /// Reads 64 hexadecimal digits, lower or upper case; nil for anything else.
  public init?(hex: String) {
    var collector = Collector()
    var high: UInt8?
    for digit in hex.utf8 {
      guard let value = Self.value(of: digit) else { return nil }
      if let first = high {
        collector.add(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    guard high == nil, collector.count == Self.byteCount else { return nil }
    words = collector.words
  }

  init(_ digest: SHA256.Digest) {
    words = unsafe digest.withUnsafeBytes { unsafe Self.words(of: $0) }
  }

  private static func words(of raw: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
    unsafe (
      UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
      UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
      UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
      UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    )
  }

  /// Equal bytes.
  public static func == (left: Digest, right: Digest) -> Bool {
    left.words.0 == right.words.0 && left.words.1 == right.words.1 && left.words.2 == right.words.2
      && left.words.3 == right.words.3
  }

  /// A digest's first bytes are as good a hash as any of it.
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  /// The same without a hasher: the bytes are mixed already, and each table's seed gives them another order.
  @inlinable public func _rawHashValue(seed: Int) -> Int {
    Int(truncatingIfNeeded: words.0 &+ words.1 &* UInt64(truncatingIfNeeded: seed))
  }

  /// The digest of bytes.
  public static func sha256(_ bytes: some Collection<UInt8>) -> Digest {
    var hasher = DigestHasher()
    let isDone: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      unsafe hasher.update(buffer: UnsafeRawBufferPointer(buffer))
    }
    if isDone == nil { hasher.update(Array(bytes)) }
    return hasher.finalize()
  }

  /// The digest of a text's UTF-8 bytes.
  public static func sha256(_ text: String) -> Digest { sha256(text.utf8) }

  /// 64 lower-case hexadecimal digits.
  public var hex: String {
    unsafe String(unsafeUninitializedCapacity: Self.digitCount) { buffer in
      unsafe writeDigits(to: UnsafeMutableRawBufferPointer(buffer))
      return Self.digitCount
    }
  }

  /// How many digits ``hex`` has.
  public static let digitCount = 2 * byteCount

  /// Writes the digits of ``hex``, as ASCII.
  ///
  /// Eight at a time: a plan over thousands of steps writes some hundred thousand of them.
  ///
  /// - Parameter buffer: At least ``digitCount`` bytes.
  public func writeDigits(to buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count >= Self.digitCount)
    for (index, word) in [words.0, words.1, words.2, words.3].enumerated() {
      for (half, part) in [UInt32(truncatingIfNeeded: word >> 32), UInt32(truncatingIfNeeded: word)].enumerated() {
        unsafe buffer.storeBytes(
          of: Self.digits(of: part).littleEndian, toByteOffset: 16 * index + 8 * half, as: UInt64.self)
      }
    }
  }

  /// The eight digits of a number, the first in the lowest byte.
  private static func digits(of number: UInt32) -> UInt64 {
    // One half-byte in each byte, in the order of the digits.
    var nibbles = UInt64(number.byteSwapped)
    nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
    nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
    nibbles = (nibbles >> 4 | nibbles << 8) & 0x0F0F_0F0F_0F0F_0F0F
    // 1 in the byte of each that is a letter, which stand 39 places behind where digits would go on.
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return nibbles + 0x3030_3030_3030_3030 + letters * 39
  }

  /// The first eight bytes as a number, the first byte greatest.
  public var leading: UInt64 { words.0 }

  /// The first 12 digits, for people.
  public var short: String { String(hex.prefix(12)) }

  /// Same as ``hex``.
  public var description: String { hex }

  /// Orders by bytes.
  public static func < (left: Digest, right: Digest) -> Bool {
    if left.words.0 != right.words.0 { return left.words.0 < right.words.0 }
    if left.words.1 != right.words.1 { return left.words.1 < right.words.1 }
    if left.words.2 != right.words.2 { return left.words.2 < right.words.2 }
    return left.words.3 < right.words.3
  }

  private func eachByte(_ body: (UInt8) -> Void) {
    for word in [words.0, words.1, words.2, words.3] {
      for shift in stride(from: 56, through: 0, by: -8) { body(UInt8(truncatingIfNeeded: word >> shift)) }
    }
  }

  /// Gathers bytes into words.
  private struct Collector {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var count = 0

    mutating func add(_ byte: UInt8) {
      switch count >> 3 {
      case 0: words.0 = words.0 << 8 | UInt64(byte)
      case 1: words.1 = words.1 << 8 | UInt64(byte)
      case 2: words.2 = words.2 << 8 | UInt64(byte)
      case 3: words.3 = words.3 << 8 | UInt64(byte)
      default: break
      }
      count += 1
    }
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// Digests bytes that come in pieces.
public struct DigestHasher: Sendable {
  private var hasher = SHA256()

  /// Starts with no bytes.
  public init() {}

  /// Adds bytes.
  public mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
  }

  /// Adds bytes in memory that belongs to the caller.
  public mutating func update(buffer bytes: UnsafeRawBufferPointer) {
    unsafe hasher.update(bufferPointer: bytes)
  }

  /// The digest of everything added so far.
  public func finalize() -> Digest { Digest(hasher.finalize()) }
}
