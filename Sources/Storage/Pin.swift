// Pins: step results that collection must keep, by name.

public import Digests

/// The form of a pin's file: a first line, the digest of what follows, then the keys, one a line.
enum Pin {
  static let firstLine = "runner-pin 1\n"

  /// The keys that a pin's file names; nil if it is none.
  static func keys(in bytes: [UInt8]) -> [Digest]? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2).dropLast()
    let keys = lines.compactMap { Digest(hex: String($0)) }
    return Self.bytes(of: keys) == bytes ? keys : nil
  }

  static func bytes(of keys: [Digest]) -> [UInt8] {
    let list = keys.sorted().map { "\($0.hex)\n" }.joined()
    return Array("\(firstLine)\(Digest.sha256(list).hex)\n\(list)".utf8)
  }
}

extension Store {
  /// Keeps step results, and all that they were made from, until the pin is replaced or its file removed.
  ///
  /// - Parameters:
  ///   - keys: The steps.
  ///   - name: The pin's name: letters, digits and `-`.
  /// - Throws: ``StorageError`` if the name cannot be a file's, or the file cannot be written.
  public func pin(_ keys: [Digest], as name: String) throws(StorageError) {
    guard StepResult.isKind(name) else { throw .invalidName(name, role: "pin") }
    try files.publish("pins/\(name)") { file throws(StorageError) in try file.write(Pin.bytes(of: keys)) }
  }

  /// The pins by name.
  ///
  /// - Throws: ``StorageError/damagedPin(path:)`` if one cannot be understood: nobody knows then what must be kept.
  public func pins() throws(StorageError) -> [(name: String, keys: [Digest])] {
    var pins: [(String, [Digest])] = []
    for name in try files.list("pins") {
      guard let bytes = try files.read("pins/\(name)") else { continue }
      guard let keys = Pin.keys(in: bytes) else { throw .damagedPin(path: files.path("pins/\(name)")) }
      pins.append((name, keys))
    }
    return pins
  }
}
