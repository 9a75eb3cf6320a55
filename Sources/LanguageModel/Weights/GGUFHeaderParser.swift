// Walks the header of a GGUF file once, from the magic to the last tensor's place.
// Knows the layout only; it trusts no count, length, type or offset before it has been compared with the file.

/// The state of one walk.
struct GGUFHeaderParser {
  var cursor: GGUFCursor
  var version: UInt32 = 0
  var metadata: [(key: String, value: GGUFValue)] = []
  var keyIndex: [[UInt8]: Int] = [:]
  var tensors: [GGUFTensor] = []
  var tensorIndex: [[UInt8]: Int] = [:]

  /// The whole file's size in bytes, of which the cursor may see the beginning only.
  private let fileSize: Int

  init(cursor: GGUFCursor, fileSize: Int) {
    self.cursor = cursor
    self.fileSize = fileSize
  }

  /// What the header says of a tensor before its place is known.
  private struct Announcement {
    let name: String
    let sizes: [Int]
    let type: GGUFTensorType
    let length: UInt64
    let offset: UInt64
  }

  mutating func parse() throws(ModelFileError) {
    let magic = Array(cursor.bytes.prefix(4))
    guard magic == Array("GGUF".utf8) else { throw cursor.error(.wrongMagic(found: magic)) }
    cursor.at = 4
    version = try cursor.integer(UInt32.self, "the version")
    guard version == 2 || version == 3 else { throw cursor.error(.unsupportedVersion(version)) }
    // The least room: name's length, dimension count, type and offset; key's length, type and a one-byte value.
    let tensorCount = try cursor.count(of: 24, "the number of tensors")
    let entryCount = try cursor.count(of: 13, "the number of metadata entries")
    for _ in 0..<entryCount { try parseEntry() }
    var announcements: [Announcement] = []
    var names: Set<[UInt8]> = []
    for _ in 0..<tensorCount {
      let start = cursor.at
      let announcement = try parseTensor()
      guard names.insert(Array(announcement.name.utf8)).inserted else {
        throw cursor.error(.duplicate(what: "tensor", name: announcement.name, offset: start))
      }
      announcements.append(announcement)
    }
    try place(announcements)
  }

  private mutating func parseEntry() throws(ModelFileError) {
    let start = cursor.at
    let key = try cursor.text("a metadata key")
    let typeOffset = cursor.at
    let type = try cursor.integer(UInt32.self, "the type of \"\(key)\"")
    let value = try parseValue(type, key, typeOffset)
    guard keyIndex.updateValue(metadata.count, forKey: Array(key.utf8)) == nil else {
      throw cursor.error(.duplicate(what: "metadata entry", name: key, offset: start))
    }
    metadata.append((key, value))
  }

  private mutating func parseValue(
    _ type: UInt32, _ key: String, _ typeOffset: Int
  ) throws(ModelFileError) -> GGUFValue {
    let what = "the value of \"\(key)\""
    switch type {
    case 0: return .integer(Int64(try cursor.integer(UInt8.self, what)))
    case 1: return .integer(Int64(try cursor.integer(Int8.self, what)))
    case 2: return .integer(Int64(try cursor.integer(UInt16.self, what)))
    case 3: return .integer(Int64(try cursor.integer(Int16.self, what)))
    case 4: return .integer(Int64(try cursor.integer(UInt32.self, what)))
    case 5: return .integer(Int64(try cursor.integer(Int32.self, what)))
    case 6: return .number(Double(Float(bitPattern: try cursor.integer(UInt32.self, what))))
    case 7: return .bool(try cursor.integer(UInt8.self, what) != 0)
    case 8: return .text(try cursor.text(what))
    case 9: return .list(try parseList(key, what))
    case 10:
      let value = try cursor.integer(UInt64.self, what)
      return Int64(exactly: value).map(GGUFValue.integer) ?? .large(value)
    case 11: return .integer(try cursor.integer(Int64.self, what))
    case 12: return .number(Double(bitPattern: try cursor.integer(UInt64.self, what)))
    default: throw cursor.error(.unknownValueType(key: key, type: type, offset: typeOffset))
    }
  }

  /// Lists of lists are in the format but in no model; they are refused rather than walked without bound.
  private mutating func parseList(_ key: String, _ what: String) throws(ModelFileError) -> GGUFList {
    let typeOffset = cursor.at
    let type = try cursor.integer(UInt32.self, "the element type of \"\(key)\"")
    guard let size = Self.elementSize(type) else {
      throw cursor.error(.unknownValueType(key: key, type: type, offset: typeOffset))
    }
    let count = try cursor.count(of: size, "the number of elements of \"\(key)\"")
    let start = cursor.at
    if type == 8 {
      for _ in 0..<count { _ = try cursor.framed(what) }
    } else {
      _ = try cursor.skip(UInt64(count * size), what)
    }
    return GGUFList(elementType: type, count: count, place: start..<cursor.at)
  }

  /// The least size of an element in bytes; a text has at least its length.
  private static func elementSize(_ type: UInt32) -> Int? {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 8, 10, 11, 12: 8
    default: nil
    }
  }

  private mutating func parseTensor() throws(ModelFileError) -> Announcement {
    let name = try cursor.text("a tensor's name")
    let dimensionsOffset = cursor.at
    let dimensions = try cursor.integer(UInt32.self, "the number of dimensions of \"\(name)\"")
    guard (1...4).contains(dimensions) else {
      throw cursor.error(
        .implausible(
          what: "the number of dimensions of \"\(name)\"", offset: dimensionsOffset, value: UInt64(dimensions), limit: 4
        ))
    }
    var sizes: [Int] = []
    var elements: UInt64 = 1
    for _ in 0..<dimensions {
      let offset = cursor.at
      let what = "a size of \"\(name)\""
      let size = try cursor.integer(UInt64.self, what)
      let (product, overflow) = elements.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow, product < 1 << 40 else {
        throw cursor.error(.implausible(what: what, offset: offset, value: size, limit: (1 << 40) / elements))
      }
      elements = product
      sizes.append(Int(size))
    }
    let number = try cursor.integer(UInt32.self, "the type of \"\(name)\"")
    guard let type = GGUFTensorType(rawValue: number), sizes[0] % type.blockElements == 0 else {
      let found = GGUFTensorType(rawValue: number).map { "\($0.name) with rows of \(sizes[0])" } ?? "type \(number)"
      throw cursor.error(
        .unsupportedTensorType(tensor: name, type: found, supported: GGUFTensorType.readable.map(\.name)))
    }
    let offset = try cursor.integer(UInt64.self, "the offset of \"\(name)\"")
    let length = elements / UInt64(type.blockElements) * UInt64(type.blockBytes)
    return Announcement(name: name, sizes: sizes, type: type, length: length, offset: offset)
  }

  /// Turns offsets into places, once the start of the data is known.
  private mutating func place(_ announcements: [Announcement]) throws(ModelFileError) {
    let alignment = try alignment()
    let start = (cursor.at + alignment - 1) / alignment * alignment
    let available = max(0, fileSize - start)
    for announcement in announcements {
      let (end, overflow) = announcement.offset.addingReportingOverflow(announcement.length)
      guard !overflow, end <= UInt64(available), announcement.offset % UInt64(alignment) == 0 else {
        throw cursor.error(
          .tensorOutOfRange(
            tensor: announcement.name, offset: announcement.offset, length: announcement.length, available: available))
      }
      tensorIndex[Array(announcement.name.utf8)] = tensors.count
      tensors.append(
        GGUFTensor(
          name: announcement.name, sizes: announcement.sizes, type: announcement.type,
          place: start + Int(announcement.offset)..<start + Int(end)))
    }
    let ordered = tensors.sorted { $0.place.lowerBound < $1.place.lowerBound }
    for (first, second) in zip(ordered, ordered.dropFirst()) where second.place.lowerBound < first.place.upperBound {
      throw cursor.error(
        .overlappingTensors(
          first: first.name, second: second.name, offset: UInt64(second.place.lowerBound - start)))
    }
  }

  private func alignment() throws(ModelFileError) -> Int {
    let key = "general.alignment"
    guard let value = keyIndex[Array(key.utf8)].map({ metadata[$0].value }) else { return 32 }
    guard case .integer(let number) = value, (1...(1 << 20)).contains(number), number.nonzeroBitCount == 1 else {
      throw cursor.error(
        .wrongValue(key: key, expected: "a power of two up to 1048576", found: value.kindInWords))
    }
    return Int(number)
  }
}
