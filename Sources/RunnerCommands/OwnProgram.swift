// This program as a process of its own.

import FoundationEssentials
import Subprocess
import SystemPackage

/// Runs the program that runs.
enum OwnProgram {
  private static let mostBytes = 1 << 16

  private static var executable: Executable {
    .path(FilePath(URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path))
  }

  /// What it prints; nil if it does not end well.
  static func output(of arguments: [String]) async throws -> String? {
    let ended = try await Subprocess.run(
      executable, arguments: Arguments(arguments), output: .bytes(limit: mostBytes), error: .currentStandardError)
    return ended.terminationStatus.isSuccess ? String(decoding: ended.standardOutput, as: UTF8.self) : nil
  }

  /// Whether it ends well; what it prints is not shown, and its messages only where they are to be told.
  static func run(_ arguments: [String], isTold: Bool) async throws -> Bool {
    let arguments = Arguments(arguments)
    let status =
      isTold
      ? try await Subprocess.run(executable, arguments: arguments, output: .discarded, error: .currentStandardError)
        .terminationStatus
      : try await Subprocess.run(executable, arguments: arguments, output: .discarded, error: .discarded)
        .terminationStatus
    return status.isSuccess
  }
}
