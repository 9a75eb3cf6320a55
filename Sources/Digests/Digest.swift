// SHA-256 digests as values. Knows nothing of what is digested.

import Crypto

/// The SHA-256 of some bytes.
public struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// How many bytes a digest has.
  public static let byteCount = 32

  /// The 32 bytes.
  public let bytes: [UInt8]

  /// Takes 32 bytes; nil for any other number.
  public init?(bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits, lower or upper case; nil for anything else.
  public init?(hex: String) {
    let digits = Array(hex.utf8)
    guard digits.count == 2 * Self.byteCount else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  init(_ digest: SHA256.Digest) {
    bytes = Array(digest)
  }

  /// The digest of bytes.
  public static func sha256(_ bytes: some Collection<UInt8>) -> Digest {
    var hasher = DigestHasher()
    hasher.update(Array(bytes))
    return hasher.finalize()
  }

  /// The digest of a text's UTF-8 bytes.
  public static func sha256(_ text: String) -> Digest { sha256(Array(text.utf8)) }

  /// 64 lower-case hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The first 12 digits, for people.
  public var short: String { String(hex.prefix(12)) }

  /// Same as ``hex``.
  public var description: String { hex }

  /// Orders by bytes.
  public static func < (left: Digest, right: Digest) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
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
    hasher.update(data: bytes)
  }

  /// Adds bytes in memory that belongs to the caller.
  public mutating func update(buffer bytes: UnsafeRawBufferPointer) {
    unsafe hasher.update(bufferPointer: bytes)
  }

  /// The digest of everything added so far.
  public func finalize() -> Digest { Digest(hasher.finalize()) }
}
