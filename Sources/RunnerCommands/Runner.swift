// The root command: what there is, and how errors leave the program.

public import ArgumentParser
import Diagnostics
import FoundationEssentials
import Glibc

/// The command line of runner.
public struct Runner: AsyncParsableCommand, Sendable {
  /// What `--help` says.
  public static let configuration = CommandConfiguration(
    commandName: "runner",
    abstract: "Runs language-model alignment experiments declared in YAML, computing shared work once.",
    discussion: """
      Start with:
        runner validate SPEC     check a spec; every mistake is shown with its line
        runner plan SPEC         what would run, why, and what it would cost; runs nothing
        runner exec SPEC         run it; what is stored is not computed again
        runner explain STEP      why it would run, and what its key is made of
        runner preview SPEC      the first records as the model sees them, and the first training examples
        runner verify STEP       compute a stored step again and compare
        runner table A B…        the numbers of experiments, laid out
        runner diff A B          where two experiments part, and what their numbers can show
        runner trace SPEC        from a number to what made it; from a record to where it counts
        runner report SPEC       one HTML page with tables, curves, examples and the plan
        runner show STEP         what a stored step made, in a form made for reading
        runner runs              what is going on in the store, and what went on

      Exit codes:
      \(ExitCode.allCases.map { "  \(String(repeating: " ", count: 2 - String($0.rawValue).count))\($0.rawValue)  \($0.meaning)" }.joined(separator: "\n"))

      Environment:
        RUNNER_STORE    folder of stored results (default: .runner-store)
        RUNNER_MIRRORS  folders searched for files by digest, separated by ':'
        NO_COLOR        set to anything: no colors
      """,
    version: Version.text,
    subcommands: [
      ValidateCommand.self, PlanCommand.self, ExecCommand.self, PreviewCommand.self, ExplainCommand.self,
      VerifyCommand.self, ReproduceCommand.self, TableCommand.self, DiffCommand.self, TraceCommand.self,
      ShowCommand.self, RunsCommand.self, ReportCommand.self,
      ExportCommand.self, PinCommand.self, SchemaCommand.self,
      ModelCommand.self, StoreCommand.self, BenchCommand.self, BenchRecordsCommand.self, FingerprintCommand.self,
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
