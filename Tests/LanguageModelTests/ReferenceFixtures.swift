// What the tests of this target share: reference values by file, the real model by environment, checksums.
// Knows nothing of what is compared.

import JSON
import LanguageModel
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why a test cannot begin.
struct MissingInput: Error, CustomStringConvertible {
  let description: String
}

enum Reference {
  /// The path of SmolLM2-135M-Instruct.Q4_1.gguf; a missing variable fails the test.
  static func modelPath() throws -> String {
    guard let value = getenv("RUNNER_TEST_MODEL") else {
      throw MissingInput(
        description:
          "RUNNER_TEST_MODEL is not set: it must be the path of SmolLM2-135M-Instruct.Q4_1.gguf (make test sets it)")
    }
    return String(cString: value)
  }

  static func file() throws -> GGUFFile { try GGUFFile(try ModelBytes(path: try modelPath())) }

  private static let loaded = Result { try Tokenizer(try file()) }

  /// The real model's tokenizer, read once.
  static func tokenizer() throws -> Tokenizer { try loaded.get() }

  private static let cases = Result { try fixture("tokenizer_cases.json") }

  /// The texts and tokens of the tokenizer's reference, read once.
  static func tokenizerCases() throws -> JSONValue { try cases.get() }

  /// A file of the folder Fixtures beside this one.
  static func fixture(_ name: String, here: String = #filePath) throws -> JSONValue {
    let folder = here.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let bytes = try ModelBytes(path: "\(folder)/Fixtures/\(name)")
    return try JSONValue(parsing: bytes.withUnsafeBytes { Array($0) })
  }
}

extension JSONValue {
  /// The member of that name; a fixture without it is broken.
  func member(_ name: String) throws -> JSONValue {
    try #require(self[name], "the fixture lacks \"\(name)\"")
  }

  func list(_ name: String) throws -> [JSONValue] { try #require(try member(name).arrayValue) }

  func text(_ name: String) throws -> String { try #require(try member(name).stringValue) }

  func integers(_ name: String) throws -> [Int] { try list(name).map { try #require($0.integerValue) } }

  func numbers(_ name: String) throws -> [Double] { try list(name).map { try #require($0.doubleValue) } }

  func tokens(_ name: String) throws -> [TokenID] { try integers(name).map { TokenID($0) } }
}

/// CRC-32 as zlib computes it.
struct Checksum {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  private var state = UInt32.max

  var value: Int { Int(~state) }

  mutating func add(_ byte: UInt8) { state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8 }

  mutating func add(_ word: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { add(UInt8(truncatingIfNeeded: word >> shift)) }
  }
}

extension String {
  /// Equality of scalars, which == is not.
  func isSame(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

/// All scalars of a plane, surrogates left out.
func scalars(ofPlane plane: Int) -> [Unicode.Scalar] {
  (plane << 16..<(plane + 1) << 16).compactMap { Unicode.Scalar(UInt32($0)) }
}
