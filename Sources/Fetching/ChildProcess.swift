// Runs another program to its end and keeps what it wrote.
// Knows nothing of what the program does.

import FoundationEssentials
import Subprocess
import SystemPackage

enum ChildProcess {
  struct Result: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  /// How much a program may write, in bytes: many times what a list of any package's files takes.
  private static let mostOutput = 1 << 26

  /// The first file of that name on a search path that may be run.
  static func find(_ name: String, path: String) -> String? {
    path.split(separator: ":").map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program with nothing to read; a cancelled task ends it.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String]
  ) async throws(FetchFailure) -> Result {
    let variables = environment.map { Array("\($0)=\($1)\0".utf8) }
    do {
      let ended = try await Subprocess.run(
        .path(FilePath(program)), arguments: Arguments(arguments), environment: .custom(variables), input: .none,
        output: .bytes(limit: mostOutput), error: .bytes(limit: mostOutput))
      if Task.isCancelled { throw FetchFailure.cancelled }
      return Result(
        status: code(of: ended.terminationStatus), output: String(decoding: ended.standardOutput, as: UTF8.self),
        errors: String(decoding: ended.standardError, as: UTF8.self))
    } catch let failure as FetchFailure {
      throw failure
    } catch {
      if Task.isCancelled { throw .cancelled }
      throw .python(reason: "\(program) cannot be run: \(reason(of: error))")
    }
  }

  /// What a program ended with; a signal as shells tell it.
  private static func code(of status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }

  private static func reason(of error: any Error) -> String {
    guard let error = error as? SubprocessError else { return "\(error)" }
    return error.underlyingError.map { "\($0)" } ?? "\(error)"
  }
}
