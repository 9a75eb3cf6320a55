// Why a built-in task cannot make the records that a spec asks for.

public import Diagnostics

/// A fault in the options of a built-in task.
public enum TaskError: DiagnosableError, Hashable, Sendable {
  /// An option is out of its range.
  case outOfRange(task: String, option: String, value: String, allowed: String)
  /// The task has fewer distinct prompts than records asked for.
  case tooFewPrompts(task: String, available: Int, wanted: Int)
  /// The task has no operation to ask for.
  case noOperations

  /// The fault as one diagnosis; whoever knows the spec adds the place.
  public var diagnoses: [Diagnosis] {
    switch self {
    case .outOfRange(let task, let option, let value, let allowed):
      [
        Diagnosis(
          "task.out-of-range", "\(task): \(option) is \(value), not \(allowed)", remedy: "Give \(allowed).",
          exit: .badSpec)
      ]
    case .tooFewPrompts(let task, let available, let wanted):
      [
        Diagnosis(
          "task.too-few-prompts",
          "\(task) has \(available) distinct prompts under these options, \(wanted) records were asked for",
          remedy: "Ask for at most \(available) records, or widen the options.", exit: .badSpec)
      ]
    case .noOperations:
      [
        Diagnosis(
          "task.no-operations", "arithmetic: there is no operation", remedy: "Name add, subtract or multiply.",
          exit: .badSpec)
      ]
    }
  }
}
