// What a plan must know of this host: digests of local files, and what tells its arithmetic from another host's.

import Digests
import Foundation
import Specification
import Tensors

enum FileDigest {
  /// The digest of a local file.
  ///
  /// - Throws: ``CommandError/unreadable(path:reason:)``.
  static func digest(ofFile path: String) throws -> Digest {
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? file.close() }
      var hasher = DigestHasher()
      while let data = try file.read(upToCount: 1 << 20), !data.isEmpty { hasher.update(Array(data)) }
      return hasher.finalize()
    } catch {
      let reason = FileManager.default.fileExists(atPath: path) ? error.localizedDescription : "there is no such file"
      throw CommandError.unreadable(path: path, reason: reason)
    }
  }
}

enum Fingerprint {
  /// What tells this host's arithmetic of a class from another host's; nil for the ordered class, which is the same
  /// everywhere.
  ///
  /// A process of its own computes it, so that planning never loads OpenBLAS.
  static func text(of arithmetic: Specification.ArithmeticClass) throws -> String? {
    guard arithmetic == .openblas else { return nil }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["fingerprint"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0, let line = text.split(separator: "\n").first else {
      throw CommandError.noFingerprint
    }
    return String(line)
  }
}
