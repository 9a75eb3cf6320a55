// Where text goes, and whether it may have colors. The only place that asks about terminals.

import Diagnostics
import FoundationEssentials
import Glibc
import JSON
import Synchronization

/// What the end of the process frees: giving back thousands of steps one by one takes milliseconds and serves nobody.
enum Kept {
  private static let values = Mutex<[any Sendable]>([])

  static func untilExit(_ value: some Sendable) { values.withLock { $0.append(value) } }
}

/// Standard output and standard error.
enum Output {
  /// What was written since the process began.
  private struct Written {
    var text: [UInt8] = []
    var isNoted = false
    var errors = 0
  }

  private static let written = Mutex(Written())

  /// Notes what is written to standard output from here on.
  static func note() { written.withLock { $0.isNoted = true } }

  /// What was written to standard output since ``note()``.
  static var noted: String { written.withLock { String(decoding: $0.text, as: UTF8.self) } }

  /// How often something was written to standard error.
  static var errorCount: Int { written.withLock { $0.errors } }

  /// Whether standard error is a terminal that wants colors.
  static var colorsErrors: Bool { isatty(STDERR_FILENO) == 1 && allowsColor }
  /// Whether standard output is a terminal that wants colors.
  static var colorsText: Bool { isatty(STDOUT_FILENO) == 1 && allowsColor }

  /// The columns of the terminal that standard output is; nil where it is none: text is then as wide as it needs to be.
  static var columns: Int? { columns(of: STDOUT_FILENO) }
  /// The same of standard error.
  static var errorColumns: Int? { columns(of: STDERR_FILENO) }

  /// What `COLUMNS` says counts before what the terminal says, as in the help texts that the library wraps.
  private static func columns(of descriptor: Int32) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    if let told = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init), told > 0 {
      return max(told, fewestColumns)
    }
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return usualColumns }
    return max(Int(size.ws_col), fewestColumns)
  }

  private static let usualColumns = 80
  /// Narrower terminals break lines themselves.
  private static let fewestColumns = 40

  private static var allowsColor: Bool {
    let environment = ProcessInfo.processInfo.environment
    return environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
  }

  /// Writes lines to standard output; in a terminal those that are wider break between words.
  static func line(_ text: String) {
    guard let columns else { return verbatim(text) }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    verbatim(lines.flatMap { String($0).folded(to: columns) }.joined(separator: "\n"))
  }

  /// Writes lines to standard output as they are, whatever reads them.
  static func verbatim(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Writes JSON to standard output, one line.
  static func json(_ value: JSONValue) { verbatim(value.canonical) }

  /// Writes bytes to standard output.
  static func bytes(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  /// Writes text to standard error.
  static func error(_ text: String) { write(text, to: STDERR_FILENO) }

  /// A diagnosis as standard error shows it.
  static func text(of diagnosis: Diagnosis) -> String { diagnosis.text(colored: colorsErrors, columns: errorColumns) }

  /// Tells an error: as text, or as JSON lines when the command line asked for JSON.
  static func report(_ problem: any DiagnosableError) {
    if CommandLine.arguments.contains("--json") {
      for diagnosis in problem.diagnoses { json(diagnosis.json) }
    } else {
      error(problem.text(colored: colorsErrors, columns: errorColumns) + "\n")
    }
  }

  /// Output that cannot be written ends the program; a reader that is gone wants no more text, which is no fault.
  private static func failed(_ descriptor: Int32, _ code: Int32) {
    guard descriptor == STDOUT_FILENO, code != EPIPE else { return }
    let reason = unsafe String(cString: strerror(code))
    let problem = CommandError.unwritable(path: "standard output", reason: reason)
    error(problem.text(colored: colorsErrors, columns: errorColumns) + "\n")
    exit(problem.exit.rawValue)
  }

  private static func write(_ text: consuming String, to descriptor: Int32) {
    text.withUTF8 { unsafe write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    unsafe bytes.withUnsafeBytes { unsafe write($0, to: descriptor) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    written.withLock { written in
      if descriptor == STDERR_FILENO { written.errors += 1 }
      if descriptor == STDOUT_FILENO, written.isNoted { unsafe written.text += bytes }
    }
    var start = 0
    while start < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
      let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written < 0 { return failed(descriptor, errno) }
      start += written
    }
  }
}
