// One file that leaves for other programs: its name, and its bytes piece by piece, so that weights need not be in memory whole.
// Knows nothing of folders and disks.

public import JSON

/// One file of an export.
public struct ExportedFile: Sendable {
  /// Its name in its folder.
  public let name: String
  private let pieces: @Sendable (_ sink: ([UInt8]) throws -> Void) throws -> Void

  /// Makes a file of bytes.
  ///
  /// - Parameters:
  ///   - name: Its name in its folder.
  ///   - bytes: All of it.
  public init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    pieces = { sink in try sink(bytes) }
  }

  /// Makes a JSON file for people; members keep their order.
  ///
  /// - Parameters:
  ///   - name: Its name in its folder.
  ///   - value: What it says.
  public init(_ name: String, _ value: JSONValue) {
    self.init(name, Array(value.prettyInOrder.utf8))
  }

  /// Makes a file whose bytes are made while they are written.
  init(_ name: String, pieces: @escaping @Sendable (_ sink: ([UInt8]) throws -> Void) throws -> Void) {
    self.name = name
    self.pieces = pieces
  }

  /// Gives the file's bytes in order.
  ///
  /// - Parameter sink: Is given each piece.
  /// - Throws: What the sink throws, or ``ModelFileError`` when weights cannot be read.
  public func write(to sink: ([UInt8]) throws -> Void) throws { try pieces(sink) }

  /// All bytes at once.
  ///
  /// - Throws: ``ModelFileError`` when weights cannot be read.
  public func bytes() throws -> [UInt8] {
    var bytes: [UInt8] = []
    try write { bytes += $0 }
    return bytes
  }
}

extension ExportedFile {
  /// The numbers of one piece of weights, at most.
  private static let pieceNumbers = 1 << 20

  /// All weights of a source as one safetensors file under Transformers' names, float32.
  ///
  /// - Parameter source: The weights, in the order of halves.
  /// - Returns: The file `model.safetensors`.
  static func weights(_ source: any WeightSource) -> ExportedFile {
    precondition(source.configuration.ropeStyle == .halfSplit, "Hugging Face's order is that of halves")
    return ExportedFile("model.safetensors") { sink in
      let names = source.configuration.tensorNames
      let tensors = names.map { name in
        let shape = name.shape(source.configuration)
        return (name.huggingFaceName, name.isVector ? [shape.columns] : [shape.rows, shape.columns])
      }
      // Transformers refuses files that do not say which library's layout they have.
      try sink(SafetensorsWriter.header(tensors, metadata: ["format": "pt"]))
      for name in names { try write(name, of: source, to: sink) }
    }
  }

  private static func write(_ name: TensorName, of source: any WeightSource, to sink: ([UInt8]) throws -> Void) throws {
    let shape = name.shape(source.configuration)
    let step = max(1, pieceNumbers / shape.columns)
    for first in stride(from: 0, to: shape.rows, by: step) {
      let rows = first..<min(first + step, shape.rows)
      let count = rows.count * shape.columns
      var numbers = [Float](repeating: 0, count: count)
      try numbers.withUnsafeMutableBufferPointer { try source.fill(name, rows: rows, into: $0) }
      try sink(numbers.withUnsafeBytes { Array($0) })
    }
  }
}
