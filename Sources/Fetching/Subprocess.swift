// Runs another program to its end and keeps what it wrote.
// Knows nothing of what the program does.

import Diagnostics
import Foundation

enum Subprocess {
  struct Result: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  /// The first file of that name on a search path that may be run.
  static func find(_ name: String, path: String) -> String? {
    path.split(separator: ":").map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program; a cancelled task ends it.
  ///
  /// What it writes goes through files in the work folder, so that no pipe can fill up and stop it.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String], workFolder: String
  ) async throws(FetchFailure) -> Result {
    let name = "\(workFolder)/.\(UUID().uuidString)"
    let (output, errors) = ("\(name).out", "\(name).err")
    defer {
      LocalFile.remove(output)
      LocalFile.remove(errors)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try handle(output)
    process.standardError = try handle(errors)
    let running = Running(process)
    do {
      try await running.finish()
    } catch {
      throw .python(reason: "\(program) cannot be run: \(SystemReason.text(of: error, at: program))")
    }
    if Task.isCancelled { throw .cancelled }
    return Result(status: process.terminationStatus, output: text(output), errors: text(errors))
  }

  private static func handle(_ path: String) throws(FetchFailure) -> FileHandle {
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
    else {
      throw .unwritable(path, reason: "it cannot be created")
    }
    return file
  }

  private static func text(_ path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Carries the process into the handler of a cancellation.
  ///
  /// `Process` is documented as safe to signal from any thread once it runs, and nothing else is done from there.
  private final class Running: @unchecked Sendable {
    private let process: Process

    init(_ process: Process) {
      self.process = process
    }

    func finish() async throws {
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
          process.terminationHandler = { _ in continuation.resume() }
          do {
            try process.run()
            // A cancellation that came before there was anything to end.
            if Task.isCancelled { self.kill() }
          } catch {
            process.terminationHandler = nil
            continuation.resume(throwing: error)
          }
        }
      } onCancel: {
        self.kill()
      }
    }

    /// Ends the process for sure: it inherits the signal mask of a thread of the pool, which blocks every gentler signal.
    private func kill() {
      if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }
  }
}
