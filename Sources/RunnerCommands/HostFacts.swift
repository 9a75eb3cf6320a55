// What a plan must know of this host: digests of local files, and what tells its arithmetic from another host's.

import Diagnostics
import Digests
import FoundationEssentials
import Specification
import Tensors

enum FileDigest {
  /// The digest of a local file.
  ///
  /// - Throws: ``CommandError/unreadable(path:reason:)``.
  static func digest(ofFile path: String) throws -> Digest {
    if let fault = fault(of: path) { throw CommandError.unreadable(path: path.isEmpty ? "." : path, reason: fault) }
    do {
      return try Digest.sha256(ofFile: path).digest
    } catch {
      throw CommandError.unreadable(path: path, reason: SystemReason.text(of: error, at: path))
    }
  }

  /// Why a path is no file that can be hashed: a pipe or a device would be read for ever.
  private static func fault(of path: String) -> String? {
    let resolved = URL(fileURLWithPath: path.isEmpty ? "." : path).resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved) else {
      return "there is no such file"
    }
    switch attributes[.type] as? FileAttributeType {
    case .typeRegular?: return nil
    case .typeDirectory?: return "it is a folder"
    default: return "it is no regular file"
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
    guard let text = try Waiting.value(of: { try await OwnProgram.output(of: ["fingerprint"]) }),
      let line = text.split(separator: "\n").first
    else { throw CommandError.noFingerprint }
    return String(line)
  }
}
