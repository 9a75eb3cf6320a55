// The header of a GGUF file (version 2 or 3): metadata and where each tensor lies.
// Knows the container only; what the entries mean for a model stands in GGUFWeights and TokenizerFromGGUF.

/// One metadata value; texts and lists stay in the file and are named by their place.
public enum GGUFValue: Hashable, Sendable {
  /// An integer of any width.
  case integer(Int64)
  /// An unsigned 64-bit integer beyond the signed range.
  case large(UInt64)
  /// A number of 32 or 64 bits.
  case number(Double)
  /// A truth value.
  case bool(Bool)
  /// Text.
  case text(String)
  /// A list.
  case list(GGUFList)

  var kindInWords: String {
    switch self {
    case .integer(let value): "the integer \(value)"
    case .large(let value): "the integer \(value)"
    case .number(let value): "the number \(value)"
    case .bool(let value): "\(value)"
    case .text(let text): "the text \"\(text)\""
    case .list(let list): "a list of \(list.count)"
    }
  }
}

/// A list that stays in the file.
public struct GGUFList: Hashable, Sendable {
  /// GGUF's number of the elements' type.
  public let elementType: UInt32
  /// How many elements.
  public let count: Int
  /// Where the elements lie, in bytes from the start of the file.
  public let place: Range<Int>
}

/// Where one tensor lies and how it is stored.
public struct GGUFTensor: Hashable, Sendable {
  /// The tensor's name.
  public let name: String
  /// Sizes, the fastest-running first: (columns, rows).
  public let sizes: [Int]
  /// How its numbers are stored.
  public let type: GGUFTensorType
  /// Its bytes, counted from the start of the file.
  public let place: Range<Int>

  /// How many numbers it holds.
  public var elements: Int { sizes.reduce(1, *) }
}

/// The header of a GGUF file, every length and place in it checked.
public struct GGUFFile: Sendable {
  /// The whole file.
  public let bytes: ModelBytes
  /// The format's version, 2 or 3.
  public let version: UInt32
  /// Metadata in the order of the file.
  public let metadata: [(key: String, value: GGUFValue)]
  /// Tensors in the order of the file.
  public let tensors: [GGUFTensor]
  private let keyIndex: [[UInt8]: Int]
  private let tensorIndex: [[UInt8]: Int]

  /// Reads the header; the tensors' numbers are not touched.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, or its beginning if the header is all that is wanted.
  ///   - size: The whole file's size in bytes; nil: that of `bytes`.
  /// - Throws: ``ModelFileError`` with the byte offset or the tensor's name.
  public init(_ bytes: ModelBytes, size: Int? = nil) throws(ModelFileError) {
    self.bytes = bytes
    let header = try bytes.withUnsafeBytes { buffer throws(ModelFileError) in
      var parser = GGUFHeaderParser(
        cursor: GGUFCursor(file: bytes.name, bytes: buffer), fileSize: size ?? buffer.count)
      try parser.parse()
      return parser
    }
    version = header.version
    metadata = header.metadata
    keyIndex = header.keyIndex
    tensors = header.tensors
    tensorIndex = header.tensorIndex
  }

  /// The value of a metadata entry, if there is one.
  public subscript(key: String) -> GGUFValue? { keyIndex[Array(key.utf8)].map { metadata[$0].value } }

  /// The tensor of that name, if there is one.
  public func tensor(named name: String) -> GGUFTensor? { tensorIndex[Array(name.utf8)].map { tensors[$0] } }

  /// An error about this file.
  func error(_ fault: ModelFileError.Fault) -> ModelFileError { ModelFileError(file: bytes.name, fault) }
}

extension GGUFFile {
  /// The text of an entry.
  ///
  /// - Throws: ``ModelFileError`` when the entry is missing or no text.
  func text(_ key: String) throws(ModelFileError) -> String {
    guard let value = self[key] else { throw error(.missingKey(key)) }
    guard case .text(let text) = value else { throw wrong(key, "text", value) }
    return text
  }

  /// The integer of an entry, nil if it is not there.
  func integer(ifPresent key: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int? {
    guard let value = self[key] else { return nil }
    guard case .integer(let number) = value, let number = Int(exactly: number), range.contains(number) else {
      throw wrong(key, "an integer from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  /// The integer of an entry that must be there.
  func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int {
    guard let number = try integer(ifPresent: key, in: range) else { throw error(.missingKey(key)) }
    return number
  }

  /// The finite number of an entry, nil if it is not there.
  func number(ifPresent key: String) throws(ModelFileError) -> Double? {
    switch self[key] {
    case nil: return nil
    case .number(let number)? where number.isFinite: return number
    case .integer(let number)?: return Double(number)
    case let value?: throw wrong(key, "a finite number", value)
    }
  }

  /// The truth value of an entry, nil if it is not there.
  func bool(ifPresent key: String) throws(ModelFileError) -> Bool? {
    switch self[key] {
    case nil: return nil
    case .bool(let flag)?: return flag
    case let value?: throw wrong(key, "true or false", value)
    }
  }

  /// Calls `body` with the bytes of each text of a list, in order.
  func forEachText(
    _ key: String, _ body: (Int, UnsafeRawBufferPointer) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    let list = try list(key, ofType: 8, "a list of texts")
    try bytes.withUnsafeBytes { buffer throws(ModelFileError) in
      var cursor = GGUFCursor(file: bytes.name, bytes: buffer)
      cursor.at = list.place.lowerBound
      for index in 0..<list.count {
        try body(index, UnsafeRawBufferPointer(rebasing: buffer[try cursor.framed(key)]))
      }
    }
  }

  /// The numbers of a list of 32-bit integers.
  func integers(_ key: String) throws(ModelFileError) -> [Int32] {
    guard let value = self[key] else { throw error(.missingKey(key)) }
    guard case .list(let list) = value, list.elementType == 4 || list.elementType == 5 else {
      throw wrong(key, "a list of 32-bit integers", value)
    }
    return bytes.withUnsafeBytes { buffer in
      (0..<list.count).map {
        Int32(littleEndian: buffer.loadUnaligned(fromByteOffset: list.place.lowerBound + 4 * $0, as: Int32.self))
      }
    }
  }

  /// The length of a list that must be there.
  func list(_ key: String, ofType type: UInt32, _ expected: String) throws(ModelFileError) -> GGUFList {
    guard let value = self[key] else { throw error(.missingKey(key)) }
    guard case .list(let list) = value, list.elementType == type else { throw wrong(key, expected, value) }
    return list
  }

  private func wrong(_ key: String, _ expected: String, _ found: GGUFValue) -> ModelFileError {
    error(.wrongValue(key: key, expected: expected, found: found.kindInWords))
  }
}
