// A program whose lines a test waits for: what happens next hangs on what was told, never on time.

import Foundation
import Testing

/// A program with standard output and standard error in one pipe.
final class PipedRun {
  let process = Process()
  private let pipe = Pipe()
  private(set) var output = ""
  /// `F_SETPIPE_SZ` of Linux.
  private static let setPipeSize: Int32 = 1031

  /// Starts the built program; `shell` is a text for `sh -c` in whose place `$0 "$@"` is the program.
  init(_ space: TestSpace, _ arguments: [String], shell: String = "exec \"$0\" \"$@\"") throws {
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", shell, TestSpace.program] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: space.path)
    process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": space.path]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    // A small pipe: the program cannot be far ahead of what the test has read, however slow the test is.
    _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, Self.setPipeSize, 4096)
    try process.run()
    // Only the program's end of the pipe may keep it open.
    try pipe.fileHandleForWriting.close()
  }

  /// Reads until this text came; false if the program closed its output before.
  func wait(for text: String) -> Bool {
    while !output.contains(text) {
      let piece = pipe.fileHandleForReading.availableData
      if piece.isEmpty { return false }
      output += String(decoding: piece, as: UTF8.self)
    }
    return true
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Reads to the end.
  ///
  /// - Returns: The exit code.
  func finish() -> Int32 {
    output += String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus
  }
}
