// What a step made, and its file's bytes. Knows nothing of where the file stands.

public import Digests
public import JSON

/// What a step made: the digests of its outputs, what it was made of, and where it came from.
public struct StepResult: Hashable, Sendable {
  /// One output.
  public struct Output: Hashable, Sendable {
    /// Its name, unique in the step.
    public let name: String
    /// The digest of its content.
    public let digest: Digest
    /// Its uncompressed size in bytes.
    public let byteCount: Int
    /// How many records it has, if it holds records.
    public let recordCount: Int?
    /// The size of the object's file when the result was published; nil if nobody noted it.
    ///
    /// A file of another size is looked at before anybody counts on it: it may have been cut off.
    public internal(set) var fileByteCount: Int?

    /// Makes an output.
    public init(
      _ name: String, _ digest: Digest, byteCount: Int, recordCount: Int? = nil, fileByteCount: Int? = nil
    ) {
      self.name = name
      self.digest = digest
      self.byteCount = byteCount
      self.recordCount = recordCount
      self.fileByteCount = fileByteCount
    }

    /// Whether two outputs are the same, however large their objects' files are.
    public static func == (left: Self, right: Self) -> Bool {
      (left.name, left.digest, left.byteCount, left.recordCount)
        == (right.name, right.digest, right.byteCount, right.recordCount)
    }

    /// Hashes what makes outputs the same.
    public func hash(into hasher: inout Hasher) {
      hasher.combine(name)
      hasher.combine(digest)
    }
  }

  /// The step's kind: a letter, then letters, digits and `-`.
  public let kind: String
  /// The outputs, sorted by the bytes of their names.
  public private(set) var outputs: [Output]
  /// Everything that can change the outputs; its digest is the step's key.
  public let manifest: Manifest
  /// When, where, how long and by which program; part of no key.
  public let provenance: JSONObject

  /// Makes a result of outputs in any order; their names must differ.
  public init(kind: String, outputs: [Output], manifest: Manifest, provenance: JSONObject = JSONObject()) {
    self.kind = kind
    self.outputs = outputs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    self.manifest = manifest
    self.provenance = provenance
  }
}

extension StepResult {
  /// The same result, its outputs with the sizes of their objects' files.
  func noting(fileSizes: [Digest: Int]) -> StepResult {
    var noted = self
    for index in outputs.indices { noted.outputs[index].fileByteCount = fileSizes[outputs[index].digest] }
    return noted
  }

  static let firstLine = "runner-step 1\n"

  /// The file's bytes.
  package var fileBytes: [UInt8] {
    let outputs = outputs.map { output in
      var object = JSONObject([
        JSONMember("name", .string(output.name)), JSONMember("sha256", .string(output.digest.hex)),
        JSONMember("bytes", .integer(Int64(output.byteCount))),
      ])
      if let count = output.recordCount { object["records"] = .integer(Int64(count)) }
      if let count = output.fileByteCount { object["file-bytes"] = .integer(Int64(count)) }
      return JSONValue.object(object)
    }
    let facts = JSONValue.members([
      "kind": .string(kind), "outputs": .array(outputs), "provenance": .object(provenance),
    ])
    let checked = facts.canonicalBytes + [UInt8(ascii: "\n")] + manifest.bytes
    return Array("\(Self.firstLine)\(Digest.sha256(checked).hex)\n".utf8) + checked
  }

  /// Reads the bytes of the file that stands under a key.
  ///
  /// - Throws: What departs from the format.
  package init(fileBytes: [UInt8], key: Digest) throws(Malformed) {
    let first = Array(Self.firstLine.utf8)
    let head = first.count + 2 * Digest.byteCount + 1
    guard fileBytes.starts(with: first), fileBytes.count >= head, fileBytes[head - 1] == UInt8(ascii: "\n") else {
      throw Malformed("it does not begin as a step result does")
    }
    let checked = fileBytes[head...]
    guard fileBytes[first.count..<(head - 1)].elementsEqual(Digest.sha256(checked).hex.utf8) else {
      throw Malformed("its second line is not the digest of what follows")
    }
    guard let end = checked.firstIndex(of: UInt8(ascii: "\n")) else { throw Malformed("it has no manifest") }
    let bytes = Array(checked[(end + 1)...])
    guard Digest.sha256(bytes) == key else { throw Malformed("it is the result of another step") }
    guard let manifest = Manifest(parsing: bytes) else { throw Malformed("its manifest cannot be read") }
    guard let facts = try? JSONValue(parsing: checked[..<end]), let kind = facts["kind"]?.stringValue,
      Self.isKind(kind), let listed = facts["outputs"]?.arrayValue,
      let provenance = facts["provenance"]?.objectValue
    else { throw Malformed("its third line is not a step result's") }
    var outputs: [Output] = []
    for value in listed {
      guard let output = Output(value), outputs.last.map({ $0.precedes(output) }) ?? true else {
        throw Malformed("its outputs are not a step result's")
      }
      outputs.append(output)
    }
    self.init(kind: kind, outputs: outputs, manifest: manifest, provenance: provenance)
  }

  /// Whether a name can be a step's kind.
  static func isKind(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 64 else { return false }
    return name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  /// Whether the names of the outputs differ.
  var hasUniqueNames: Bool { zip(outputs, outputs.dropFirst()).allSatisfy { $0.precedes($1) } }
}

extension StepResult.Output {
  /// Sizes and counts that a file may say; whatever is added up of them stays a number.
  private static let possible = 0..<(1 << 48)

  fileprivate init?(_ value: JSONValue) {
    guard let name = value["name"]?.stringValue, let digest = value["sha256"]?.stringValue.flatMap(Digest.init(hex:)),
      let byteCount = value["bytes"]?.integerValue, Self.possible.contains(byteCount)
    else { return nil }
    let (records, fileBytes) = (value["records"], value["file-bytes"])
    for count in [records, fileBytes] where count != nil {
      guard Self.possible.contains(count?.integerValue ?? -1) else { return nil }
    }
    self.init(
      name, digest, byteCount: byteCount, recordCount: records?.integerValue, fileByteCount: fileBytes?.integerValue)
  }

  /// Whether the first stands before the second in a step's file.
  fileprivate func precedes(_ other: Self) -> Bool {
    name.utf8.lexicographicallyPrecedes(other.name.utf8)
  }
}

/// How a file departs from its format.
package struct Malformed: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}
