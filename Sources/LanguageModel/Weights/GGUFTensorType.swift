// The number formats of GGUF tensors: their names and the sizes of their blocks.
// Knows which of them can be read; how is in Dequantization.swift and DequantizationPacked.swift.

/// How a tensor's numbers are stored, by GGUF's own numbers.
public enum GGUFTensorType: UInt32, Hashable, Sendable, CaseIterable {
  /// 32-bit floats.
  case f32 = 0
  /// 16-bit floats.
  case f16 = 1
  /// 32 four-bit integers with one scale.
  case q40 = 2
  /// 32 four-bit integers with a scale and a minimum.
  case q41 = 3
  /// 32 five-bit integers with one scale.
  case q50 = 6
  /// 32 five-bit integers with a scale and a minimum.
  case q51 = 7
  /// 32 eight-bit integers with one scale.
  case q80 = 8
  /// 256 numbers of two bits in a super-block.
  case q2K = 10
  /// 256 numbers of three bits in a super-block.
  case q3K = 11
  /// 256 numbers of four bits in a super-block.
  case q4K = 12
  /// 256 numbers of five bits in a super-block.
  case q5K = 13
  /// 256 numbers of six bits in a super-block.
  case q6K = 14
  /// The upper halves of 32-bit floats.
  case bf16 = 30

  /// The name that llama.cpp gives it.
  public var name: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .q40: "Q4_0"
    case .q41: "Q4_1"
    case .q50: "Q5_0"
    case .q51: "Q5_1"
    case .q80: "Q8_0"
    case .q2K: "Q2_K"
    case .q3K: "Q3_K"
    case .q4K: "Q4_K"
    case .q5K: "Q5_K"
    case .q6K: "Q6_K"
    case .bf16: "BF16"
    }
  }

  /// How many numbers share a block.
  public var blockElements: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q40, .q41, .q50, .q51, .q80: 32
    case .q2K, .q3K, .q4K, .q5K, .q6K: 256
    }
  }

  /// How many bytes a block takes.
  public var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q40: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    case .q2K: 84
    case .q3K: 110
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    }
  }

  /// The formats that can be turned into floats here.
  public static let readable: [GGUFTensorType] = [
    .f32, .f16, .bf16, .q80, .q40, .q41, .q50, .q51, .q4K, .q5K, .q6K,
  ]

  /// Turns whole blocks into floats; for tests.
  package func floats(of blocks: [UInt8]) -> [Float]? {
    guard isReadable, blocks.count.isMultiple(of: blockBytes) else { return nil }
    var floats = [Float](repeating: .nan, count: blocks.count / blockBytes * blockElements)
    let damage = blocks.withUnsafeBytes { source in
      floats.withUnsafeMutableBufferPointer { Dequantization.fill(self, from: source, into: $0) }
    }
    return damage == nil ? floats : nil
  }

  /// Whether this one can.
  public var isReadable: Bool { Self.readable.contains(self) }
}
