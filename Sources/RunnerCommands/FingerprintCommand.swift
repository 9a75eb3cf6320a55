// runner fingerprint: asked by the program itself, in a process of its own.

import ArgumentParser
import Digests
import Tensors

struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    "fingerprint", "The digest of what OpenBLAS computes on this host.",
    takes: "",
    examples: [
      "runner fingerprint"
    ], shouldDisplay: false)

  func run() throws {
    Output.line(Digest.sha256(try ArithmeticClass.openblas.batteryDigestBytes()).hex)
  }
}
