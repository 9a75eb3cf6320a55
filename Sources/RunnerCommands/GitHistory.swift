// What git says of a spec's files: results name the commit that they were computed from.

import FoundationEssentials
import Specification
import Subprocess
import SystemPackage

enum GitHistory {
  private static let mostBytes = 1 << 20

  /// The last commit that changed one of the files.
  ///
  /// - Returns: Its name in full; nil where git or the history is missing, or a file is not as it was committed.
  static func commit(of files: [ReadFile]) -> String? {
    let paths = files.map { URL(fileURLWithPath: $0.path).resolvingSymlinksInPath().path }
    guard let first = paths.first else { return nil }
    let folder = URL(fileURLWithPath: first).deletingLastPathComponent().path
    guard let changed = ask(["status", "--porcelain", "--"] + paths, in: folder), changed.isEmpty,
      let commit = ask(["log", "-1", "--format=%H", "--"] + paths, in: folder), !commit.isEmpty
    else { return nil }
    return commit
  }

  /// Whether there is a git to ask.
  static var isThere: Bool { ask(["--version"], in: ".") != nil }

  /// What git answers, without the last line's end; nil if it does not end well.
  private static func ask(_ arguments: [String], in folder: String) -> String? {
    guard let text = try? Waiting.value(of: { try await output(of: ["-C", folder] + arguments) }) else { return nil }
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  private static func output(of arguments: [String]) async throws -> String? {
    let ended = try await Subprocess.run(
      .name("git"), arguments: Arguments(arguments), input: .none, output: .bytes(limit: mostBytes), error: .discarded)
    return ended.terminationStatus.isSuccess ? String(decoding: ended.standardOutput, as: UTF8.self) : nil
  }
}
