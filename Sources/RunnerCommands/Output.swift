// Where text goes, and whether it may have colors. The only place that asks about terminals.

import Diagnostics
import Foundation
import JSON

/// Standard output and standard error.
enum Output {
  /// Whether standard error is a terminal that wants colors.
  static var colorsErrors: Bool { isatty(STDERR_FILENO) == 1 && allowsColor }
  /// Whether standard output is a terminal that wants colors.
  static var colorsText: Bool { isatty(STDOUT_FILENO) == 1 && allowsColor }

  private static var allowsColor: Bool {
    let environment = ProcessInfo.processInfo.environment
    return environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
  }

  /// Writes a line to standard output.
  static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Writes JSON to standard output, one line.
  static func json(_ value: JSONValue) { line(value.canonical) }

  /// Writes bytes to standard output.
  static func bytes(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  /// Writes text to standard error.
  static func error(_ text: String) { write(text, to: STDERR_FILENO) }

  /// Tells an error: as text, or as JSON lines when the command line asked for JSON.
  static func report(_ problem: any DiagnosableError) {
    if CommandLine.arguments.contains("--json") {
      for diagnosis in problem.diagnoses { json(diagnosis.json) }
    } else {
      error(problem.text(colored: colorsErrors) + "\n")
    }
  }

  private static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe Foundation.write(descriptor, $0.baseAddress, $0.count) }
      // A reader that is gone wants no more text.
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }
}
