// The header of a safetensors file: which tensors it holds and where.
// Knows the container only; every place is checked against the file before anything is read from it.

import JSON

/// Where one tensor lies in a safetensors file.
public struct SafetensorsTensor: Hashable, Sendable {
  /// The tensor's name.
  public let name: String
  /// Sizes, the slowest-running first: (rows, columns).
  public let sizes: [Int]
  /// How its numbers are stored: F32, F16 or BF16.
  public let type: GGUFTensorType
  /// Its bytes, counted from the start of the file.
  public let place: Range<Int>
}

/// One safetensors file.
public struct SafetensorsFile: Sendable {
  private static let readable: [GGUFTensorType] = [.f32, .f16, .bf16]
  /// The format's own limit for the header.
  private static let longestHeader: UInt64 = 100_000_000

  /// The whole file.
  public let bytes: ModelBytes
  /// The tensors, in the order of the header.
  public let tensors: [SafetensorsTensor]
  /// The texts of the header's `__metadata__`, by name.
  public let metadata: [String: String]

  /// Reads the header; the tensors' numbers are not touched.
  ///
  /// - Parameter bytes: The whole file.
  /// - Throws: ``ModelFileError`` with the byte offset or the tensor's name.
  public init(_ bytes: ModelBytes) throws(ModelFileError) {
    self.bytes = bytes
    let (header, start) = try bytes.withUnsafeBytes { buffer throws(ModelFileError) in
      var cursor = GGUFCursor(file: bytes.name, bytes: buffer)
      let length = try cursor.integer(UInt64.self, "the header's length")
      guard length <= Self.longestHeader else {
        throw cursor.error(
          .implausible(what: "the header's length", offset: 0, value: length, limit: Self.longestHeader))
      }
      let place = try cursor.skip(length, "the header")
      return (Array(buffer[place]), cursor.at)
    }
    let file = try JSONFile(ModelBytes(header, name: bytes.name))
    var metadata: [String: String] = [:]
    for member in file.root["__metadata__"]?.objectValue?.members ?? [] {
      metadata[member.name] = member.value.stringValue
    }
    self.metadata = metadata
    var tensors: [SafetensorsTensor] = []
    for member in file.root.objectValue?.members ?? [] where member.name != "__metadata__" {
      tensors.append(try Self.tensor(member, file, start, bytes.count))
    }
    let ordered = tensors.sorted { $0.place.lowerBound < $1.place.lowerBound }
    for (first, second) in zip(ordered, ordered.dropFirst()) where second.place.lowerBound < first.place.upperBound {
      throw file.error(
        .overlappingTensors(first: first.name, second: second.name, offset: UInt64(second.place.lowerBound - start)))
    }
    self.tensors = tensors
  }

  private static func tensor(
    _ member: JSONMember, _ file: JSONFile, _ start: Int, _ end: Int
  ) throws(ModelFileError) -> SafetensorsTensor {
    let (name, value) = (member.name, member.value)
    guard let dtype = value["dtype"]?.stringValue, let shape = value["shape"]?.arrayValue,
      let offsets = value["data_offsets"]?.arrayValue?.map(\.integerValue), offsets.count == 2,
      let from = offsets[0], let to = offsets[1], from >= 0, to >= from
    else { throw file.wrong(name, "a mapping with dtype, shape and two rising data_offsets", value) }
    guard let type = readable.first(where: { $0.name == dtype }) else {
      throw file.error(.unsupportedTensorType(tensor: name, type: dtype, supported: readable.map(\.name)))
    }
    var sizes: [Int] = []
    var elements = 1
    for size in shape {
      guard let size = size.integerValue, size > 0 else { throw file.wrong(name, "a shape of positive sizes", size) }
      let (product, overflow) = elements.multipliedReportingOverflow(by: size)
      guard !overflow, product < 1 << 40 else {
        throw file.error(
          .implausible(what: "a size of \"\(name)\"", offset: 8, value: UInt64(size), limit: 1 << 40))
      }
      elements = product
      sizes.append(size)
    }
    guard to <= end - start, to - from == elements * type.blockBytes else {
      throw file.error(
        .tensorOutOfRange(
          tensor: name, offset: UInt64(from), length: UInt64(elements * type.blockBytes), available: end - start))
    }
    return SafetensorsTensor(name: name, sizes: sizes, type: type, place: start + from..<start + to)
  }
}
