// What went wrong, where, and what to do, as a value that any front end can show.
// Knows nothing of the parts that find the faults; each of them turns its closed set of errors into these.

/// A place in a text file that a person can open.
public struct SourcePlace: Hashable, Sendable {
  /// The file as the user named it.
  public let file: String
  /// Line, counted from 1.
  public let line: Int
  /// Column in characters, counted from 1.
  public let column: Int
  /// How many characters the caret underlines; at least 1.
  public let width: Int
  /// The text of the line, without its end.
  public let sourceLine: String?

  /// Makes a place.
  public init(file: String, line: Int, column: Int, width: Int = 1, sourceLine: String? = nil) {
    self.file = file
    self.line = line
    self.column = column
    self.width = max(1, width)
    self.sourceLine = sourceLine
  }

  /// `file:line:column`.
  public var description: String { "\(file):\(line):\(column)" }
}

/// One fault, told so that its reader can act.
public struct Diagnosis: Hashable, Sendable {
  /// How grave it is.
  public enum Severity: String, Hashable, Sendable {
    /// The work cannot go on.
    case error
    /// The work goes on; the user should know.
    case warning
  }

  /// A stable name for machines, such as `spec.unknown-key`.
  public let code: String
  /// How grave it is.
  public let severity: Severity
  /// What is wrong, one sentence without a full stop at its end.
  public let message: String
  /// Where, if it is in a file.
  public let place: SourcePlace?
  /// More facts, a line each.
  public let notes: [String]
  /// What to do next, an imperative sentence.
  public let remedy: String?
  /// The exit code that this fault asks for.
  public let exit: ExitCode

  /// Makes a diagnosis.
  public init(
    _ code: String, _ message: String, place: SourcePlace? = nil, notes: [String] = [], remedy: String? = nil,
    exit: ExitCode, severity: Severity = .error
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.place = place
    self.notes = notes
    self.remedy = remedy
    self.exit = exit
  }
}

/// An error that knows how to be told.
///
/// Each target's closed error enums adopt this.
public protocol DiagnosableError: Error {
  /// The faults, in the order of the file where they have one.
  var diagnoses: [Diagnosis] { get }
}

extension DiagnosableError {
  /// The same faults, those without a place shown where the spec says what caused them.
  public func placed(at place: SourcePlace?) -> Diagnoses {
    Diagnoses(
      diagnoses.map {
        Diagnosis(
          $0.code, $0.message, place: $0.place ?? place, notes: $0.notes, remedy: $0.remedy, exit: $0.exit,
          severity: $0.severity)
      })
  }
}

/// Several faults found in one go.
public struct Diagnoses: DiagnosableError, Hashable, Sendable {
  /// The faults.
  public let diagnoses: [Diagnosis]

  /// Makes an error of several faults.
  public init(_ diagnoses: [Diagnosis]) {
    self.diagnoses = diagnoses
  }

  /// The same faults, each told once.
  public var distinct: Diagnoses {
    var seen: Set<Diagnosis> = []
    return Diagnoses(diagnoses.filter { seen.insert($0).inserted })
  }
}

/// How the process ends.
public enum ExitCode: Int32, Hashable, Sendable, CaseIterable {
  /// Everything asked for was done.
  case done = 0
  /// A step failed.
  case stepFailed = 1
  /// A required claim does not hold or is undecided, or a comparison does not hold.
  case claimFailed = 2
  /// The command line makes no sense.
  case usage = 64
  /// A spec, or another file that says what to do, is wrong.
  case badSpec = 65
  /// Files, disk or network failed.
  case inputOutput = 74

  /// What the code means, for `--help` and the README.
  public var meaning: String {
    switch self {
    case .done: "done"
    case .stepFailed: "a step failed, be it for its data, weights or network, or `exec` was stopped"
    case .claimFailed: "a required claim does not hold or is undecided, or a comparison does not hold"
    case .usage: "wrong usage"
    case .badSpec: "bad spec, or a saved plan that cannot be read"
    case .inputOutput:
      "input or output failed: the store or its disk, amid a step too; a file, weights or network outside of steps"
    }
  }
}
