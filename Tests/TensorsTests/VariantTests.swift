// Which variants of the kernels the tests of this host compare; said aloud, since a host cannot run them all.

import Tensors
import Testing

@Suite struct Variants {
  @Test func whatIsComparedHereIsSaid() {
    let missing = KernelVariant.allCases.filter { !$0.isSupported }
    let absent =
      missing.isEmpty ? "" : "; this host lacks the instructions of \(missing.map { "\($0)" }.joined(separator: ", "))"
    print("kernels: compared bit for bit here: \(variants.map { "\($0)" }.joined(separator: ", "))\(absent)")
    // The text of AVX-512's products is compared on every host that has AVX2, which the ordered class asks for.
    #expect(variants.contains(.plain) && variants.contains(.avx2) && variants.contains(.wide))
  }
}
