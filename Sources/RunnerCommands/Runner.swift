// The root command: what there is, and how errors leave the program.

public import ArgumentParser
import Diagnostics
import FoundationEssentials
import Glibc

/// The command line of runner.
public struct Runner: AsyncParsableCommand, Sendable {
  private static let exitCodes = HelpText.list(
    ExitCode.allCases.map { (name: String($0.rawValue), meaning: $0.meaning) })

  private static let environment = HelpText.list([
    ("RUNNER_STORE", "folder of stored results (default: .runner-store)"),
    ("RUNNER_MIRRORS", "folders searched for files by digest, separated by ':'"),
    ("COLUMNS", "how wide a terminal is; pipes and files get lines as long as they are"),
    ("NO_COLOR", "set to anything: no colors"),
  ])

  /// What `--help` says.
  public static let configuration = CommandConfiguration(
    "", "Runs language-model alignment experiments declared in YAML, computing shared work once.",
    takes: "<subcommand>",
    discussion: """
      Exit codes:
      \(exitCodes)

      Environment:
      \(environment)
      """,
    examples: [
      "runner validate spec.yaml",
      "runner plan spec.yaml",
      "runner exec spec.yaml",
      "runner table spec.yaml other.yaml",
      "runner report spec.yaml",
      "runner --generate-completion-script bash",
    ],
    version: Version.text,
    subcommands: [
      ValidateCommand.self, PlanCommand.self, ExecCommand.self, PreviewCommand.self, ExplainCommand.self,
      VerifyCommand.self, ReproduceCommand.self, TableCommand.self, DiffCommand.self, TraceCommand.self,
      ShowCommand.self, RunsCommand.self, ReportCommand.self,
      ExportCommand.self, PinCommand.self, SchemaCommand.self,
      ModelCommand.self, StoreCommand.self, DoctorCommand.self, BenchCommand.self, BenchRecordsCommand.self,
      BenchObjectsCommand.self, FingerprintCommand.self,
    ])

  /// Makes the command.
  public init() {}
}

/// The program's version.
enum Version {
  static let text = "0.1.0"
}

/// Runs the command line and ends the process with the exit code that the outcome asks for.
public func runCommandLine() -> Never {
  // Output to a pipe whose reader is gone ends the write with an error instead of the process.
  signal(SIGPIPE, SIG_IGN)
  // A file size limit ends a write with an error, too.
  signal(SIGXFSZ, SIG_IGN)
  do {
    try refuseBrokenArguments()
    var command = try Runner.parseAsRoot()
    if let command = command as? any AsyncParsableCommand {
      try Waiting.value(of: {
        var command = command
        try await command.run()
      })
    } else {
      try command.run()
    }
    exit(ExitCode.done.rawValue)
  } catch let error as any DiagnosableError {
    Output.report(error)
    exit(error.exit.rawValue)
  } catch {
    refuseUsage(error)
  }
}

/// Swift repairs arguments that are not UTF-8; what was meant is then lost.
private func refuseBrokenArguments() throws(CommandError) {
  // Swift puts U+FFFD in the place of what it cannot read.
  let mark: Unicode.Scalar = "\u{FFFD}"
  guard let broken = CommandLine.arguments.firstIndex(where: { $0.unicodeScalars.contains(mark) }), broken > 0 else {
    return
  }
  guard let raw = FileManager.default.contents(atPath: "/proc/self/cmdline") else { return }
  let arguments = raw.split(separator: 0, omittingEmptySubsequences: false)
  guard broken < arguments.count, String(validating: arguments[broken], as: UTF8.self) == nil else { return }
  throw .argumentNotUTF8(number: broken)
}

/// Ends the process because of the command line, or because help was asked for.
private func refuseUsage(_ error: any Error) -> Never {
  let code = Runner.exitCode(for: error).rawValue
  guard code == ExitCode.usage.rawValue, CommandLine.arguments.contains("--json") else {
    Runner.exit(withError: error)
  }
  let problem = Diagnosis(
    "command.usage", Runner.message(for: error), remedy: "Run the command with --help to see what it takes.",
    exit: .usage)
  Output.report(Diagnoses([problem]))
  exit(code)
}
