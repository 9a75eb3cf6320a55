// A terminal of a width that a test chooses, with the built program in it.

import Foundation
import Glibc
import Testing

/// What a program wrote to a terminal, and how it ended.
struct TerminalOutcome {
  let exitCode: Int32
  /// Standard output and standard error, with the new lines of files.
  let text: String

  /// The lines, without what colors them.
  var lines: [String] {
    text.replacing(#/\u{1B}\[[0-9;]*m/#, with: "").split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
  }
}

extension TestSpace {
  /// `TIOCSPTLCK` and `TIOCGPTN` of Linux: Swift does not see the functions that wrap them.
  private static let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

  /// Runs the program here in a terminal of so many columns.
  func runInTerminal(
    columns: Int, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> TerminalOutcome {
    let own = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(own >= 0)
    defer { close(own) }
    var (lock, number) = (CInt(0), CUnsignedInt(0))
    try #require(ioctl(own, Self.setLock, &lock) == 0 && ioctl(own, Self.getNumber, &number) == 0)
    let other = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(other >= 0)
    var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(other, UInt(TIOCSWINSZ), &size) == 0)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": path, "TERM": "xterm"].merging(environment) { $1 }
    let handle = FileHandle(fileDescriptor: other, closeOnDealloc: false)
    (process.standardOutput, process.standardError) = (handle, handle)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Only the program's end may keep the terminal open.
    close(other)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(own, &piece, piece.count)
      // Once the program's end is closed, reading fails.
      if count <= 0 { break }
      bytes += piece.prefix(count)
    }
    process.waitUntilExit()
    return TerminalOutcome(
      exitCode: process.terminationStatus, text: String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n"))
  }
}
