// runner fingerprint: asked by the program itself, in a process of its own.

import ArgumentParser
import Digests
import Tensors

struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint", abstract: "The digest of what OpenBLAS computes on this host.", shouldDisplay: false)

  func run() throws {
    Output.line(Digest.sha256(try ArithmeticClass.openblas.batteryDigestBytes()).hex)
  }
}
