// What can be wrong with compressed bytes, as facts, and the sentences that tell it.

public import Diagnostics

/// Why bytes could not be compressed or decompressed.
public enum CompressionError: DiagnosableError, Hashable, Sendable {
  /// The bytes end in the middle.
  case truncated(Compression.Format)
  /// The bytes are not what the format allows, or a checksum fails; `reason` is the library's word for it.
  case corrupt(Compression.Format, reason: String)
  /// More plain bytes than the caller accepts; the format is nil for bytes that are plain already.
  case tooLarge(Compression.Format?, maximum: Int)
  /// The library got no memory.
  case outOfMemory(Compression.Format)

  /// The fault in words, one diagnosis.
  public var diagnoses: [Diagnosis] {
    switch self {
    case .truncated(let format):
      [
        Diagnosis(
          "compression.truncated", "the \(format.rawValue) data ends in the middle",
          remedy: "Fetch or copy the file again; this copy is not complete.", exit: .inputOutput)
      ]
    case .corrupt(let format, let reason):
      [
        Diagnosis(
          "compression.corrupt", "the \(format.rawValue) data is damaged: \(reason)",
          remedy: "Fetch or copy the file again, and compare its SHA-256 with the original's.", exit: .inputOutput)
      ]
    case .tooLarge(let format, let maximum):
      [
        Diagnosis(
          "compression.too-large",
          "the \(format.map { "\($0.rawValue) data unpacks to" } ?? "data has") more than \(maximum) bytes",
          remedy: "Split the file, or use one that is not larger.", exit: .inputOutput)
      ]
    case .outOfMemory(let format):
      [
        Diagnosis(
          "compression.memory", "there is not enough memory to run \(format.rawValue)",
          remedy: "Close other programs or lower the number of workers.", exit: .inputOutput)
      ]
    }
  }
}
