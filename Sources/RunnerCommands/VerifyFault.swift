// What `runner verify` refuses, and what it finds.
// Knows the facts; the command decides what becomes of them.

import Diagnostics
import Digests
import Steps

enum VerifyFault: DiagnosableError, Hashable {
  /// No step of the specs has this name, and no result in the store.
  case unknown(name: String, nearest: String?)
  /// The store has a result, and no spec that was read has the step.
  case noSpec(step: String, key: Digest)
  /// Several steps have this name.
  case ambiguous(name: String, [String])
  /// Nothing is stored to compare with.
  case notStored(step: String)
  /// An endpoint answered, or this version does not know how.
  case cannotRun(step: String)
  /// What the step reads had to be made anew and came out otherwise.
  case inputsDiffer(step: String)
  /// The user stopped it.
  case stopped
  /// Nothing was named, and the folder has no specs.
  case noSpecs(folder: String)
  /// Of all steps none has a result.
  case nothingStored
  /// Of several computations some gave other bytes, or none; each was told.
  case several(differ: Int, failed: Int, exit: ExitCode)
  /// The second result is another.
  case differs(step: String, StepComparison, storedBy: String)

  var diagnoses: [Diagnosis] { [diagnosis] }

  private var diagnosis: Diagnosis {
    switch self {
    case .unknown(let name, let nearest):
      Diagnosis(
        "verify.unknown", "no step is called `\(name)`, and no key begins so",
        remedy: nearest.map { "Did you mean `\($0)`?" }
          ?? "Name a step as `runner plan SPEC` does, or by its key in lock.json, and the spec that has it.",
        exit: .usage)
    case .noSpec(let step, let key):
      Diagnosis(
        "verify.no-spec", "the store has \(step), and no spec that was read has that step",
        notes: ["Its key is \(key.hex)."],
        remedy: "Name the spec that has it behind the step, or see it with `runner show \(key.short)`. A step of "
          + "`exec --smoke` is in no spec as it stands: `runner verify` looks for it with --smoke.",
        exit: .usage)
    case .ambiguous(let name, let steps):
      Diagnosis(
        "verify.ambiguous", "`\(name)` is \(steps.count) steps", notes: steps,
        remedy: "Name one of them by the digits before it, or with its cell, as they stand here.",
        exit: .usage)
    case .notStored(let step):
      Diagnosis(
        "verify.not-stored", "\(step): no result is stored, so there is nothing to compare with",
        remedy: "Run `runner exec` first.", exit: .usage)
    case .cannotRun(let step):
      Diagnosis(
        "verify.cannot-run", "\(step) cannot be executed again",
        notes: ["Endpoints do not answer the same twice; other kinds may be unknown to this version."],
        remedy: "Verify a step that computes.", exit: .usage)
    case .inputsDiffer(let step):
      Diagnosis(
        "verify.inputs-differ", "\(step): what it reads was damaged or gone, and was made anew with other bytes",
        remedy: "Verify the steps that it reads from; `runner plan` names them.", exit: .claimFailed)
    case .stopped:
      Diagnosis(
        "verify.stopped", "stopped as you asked; nothing was compared", remedy: "Run the same command again.",
        exit: .stepFailed)
    case .noSpecs(let folder):
      Diagnosis(
        "verify.no-specs", "nothing was named, and the folder `\(folder)` has no specs whose steps could be verified",
        remedy: "Name a step, or a spec whose stored steps are to be verified.", exit: .usage)
    case .nothingStored:
      Diagnosis(
        "verify.nothing-stored", "none of the steps has a stored result, so there is nothing to compare with",
        remedy: "Run `runner exec` first.", exit: .usage)
    case .several(let differ, let failed, let exit):
      Diagnosis(
        "verify.several",
        ([differ > 0 ? "\(differ) computation\(differ == 1 ? "" : "s") gave other bytes" : nil]
          + [failed > 0 ? "\(failed) could not be done" : nil]).compactMap { $0 }.joined(separator: ", "),
        remedy: "What differs or failed stands above.", exit: differ > 0 ? .claimFailed : exit)
    case .differs(let step, let comparison, let origin):
      Diagnosis(
        "verify.differs",
        "\(step): executed again it gives other bytes in "
          + comparison.outputs.filter { !$0.isEqual }.map { "`\($0.name)`" }.joined(separator: ", "),
        notes: (comparison.beginning.map { [$0.sentence] } ?? []) + [origin],
        remedy: "If both were made by this version, one of the two computations went wrong: verify again, on another "
          + "host too.",
        exit: .claimFailed)
    }
  }
}

extension StepComparison.Beginning {
  /// Where it begins, as a sentence.
  var sentence: String {
    switch self {
    case .optimizerStep(let step, let values):
      "The first optimizer step that differs is \(step)"
        + (values.isEmpty
          ? ": its report agrees, its weights do not." : ": " + values.map(\.sentence).joined(separator: "; ") + ".")
    case .report(let step):
      "The first optimizer step that differs is \(step): its stored report is not the one that came now, though all that "
        + "can be read of it agrees."
    case .weightsAlone(let steps): "The reports of all \(steps) optimizer steps agree; only weights differ."
    case .steps(let stored, let again): "All reports agree as far as both go: \(stored) are stored, \(again) came now."
    case .record(let number, let output, let id):
      "The first record of `\(output)` that differs is number \(number)" + (id.map { ", \($0)." } ?? ".")
    case .records(let stored, let again, let output):
      "The records of `\(output)` agree as far as both go: \(stored) are stored, \(again) came now."
    case .unreadable(let output): "The stored `\(output)`, which would tell where, cannot be read."
    }
  }
}

extension StepComparison.Value {
  fileprivate var sentence: String {
    "\(name) \(stored.map { "\($0)" } ?? "none") stored, \(again.map { "\($0)" } ?? "none") now"
  }
}
