// How sums are done: the class of arithmetic that stands in keys, and the instructions that carry it out.
// Knows nothing of models; classes differ in bits, variants of the ordered class never do.

import CKernels
public import Diagnostics

/// How products sum.
///
/// It changes the bits of results, so it belongs in keys.
public enum ArithmeticClass: String, Hashable, Sendable, CaseIterable {
  /// One chain of fused multiply-adds for each element, the same bits on every host.
  case ordered
  /// Whatever OpenBLAS does on this host.
  case openblas
}

/// Which instructions the kernels use.
///
/// The choice never changes the bits of results.
public enum KernelVariant: Int32, Hashable, Sendable, CaseIterable {
  /// C without vector instructions; for checking the others.
  case plain = 0
  /// AVX2 with fused multiply-add.
  case avx2 = 1
  /// AVX-512.
  case avx512 = 2
  /// The products of AVX-512, their vectors and blocks, in AVX2's instructions; for checking them where AVX-512 is not.
  case wide = 3

  /// Whether this host has the instructions.
  public var isSupported: Bool { ck_supported(rawValue) != 0 }

  /// The fastest variant that this host has.
  public static let best: KernelVariant = avx512.isSupported ? .avx512 : avx2.isSupported ? .avx2 : .plain
}

/// What can go wrong before the first product.
public enum ArithmeticError: Error, Hashable, Sendable {
  /// The ordered class was asked for on a host without fused multiply-add instructions.
  case noFusedMultiplyAdd
  /// A variant was asked for by name that the host does not have.
  case unsupportedVariant(KernelVariant)
  /// OpenBLAS cannot be loaded, or lacks a function.
  case openBLASMissing(library: String, reason: String)
  /// There is no memory for so many bytes.
  case outOfMemory(bytes: Int)
}

extension ArithmeticError: DiagnosableError {
  /// The fault as a diagnosis.
  public var diagnoses: [Diagnosis] {
    switch self {
    case .noFusedMultiplyAdd:
      [
        Diagnosis(
          "arithmetic.no-fma", "this host has no fused multiply-add instructions, which ordered arithmetic needs",
          remedy: "set `arithmetic: openblas` in the spec, or run on a host with AVX2 and FMA.", exit: .stepFailed)
      ]
    case .unsupportedVariant(let variant):
      [
        Diagnosis(
          "arithmetic.unsupported-variant", "this host does not have the instructions of kernel variant `\(variant)`",
          remedy: "leave the choice of the variant to the program.", exit: .stepFailed)
      ]
    case .openBLASMissing(let library, let reason):
      [
        Diagnosis(
          "arithmetic.openblas-missing", "\(library) cannot be loaded: \(reason)",
          remedy: "install OpenBLAS (Debian: apt-get install libopenblas0-pthread), or set `arithmetic: ordered`.",
          exit: .stepFailed)
      ]
    case .outOfMemory(let bytes):
      [
        Diagnosis(
          "arithmetic.out-of-memory", "there is no memory for \(bytes) bytes of numbers",
          remedy: "free memory, or use a smaller model, batch or number of new tokens.", exit: .stepFailed)
      ]
    }
  }
}
