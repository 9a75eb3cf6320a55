// Required claims for which a run fails, each with its place in the spec.
// Knows nothing of how they were judged.

import Diagnostics
import Planning
import Reporting
import Specification
import Statistics

/// Tells of required claims that do not hold or are undecided.
enum FailedClaims {
  /// Those of an experiment's table.
  static func diagnoses(of claims: [JudgedClaim], in experiment: PlannedExperiment) -> [Diagnosis] {
    let spec = experiment.experiment.cells.first?.experiment
    return claims.filter(\.isFailure).map { claim in
      let name = claim.name.replacing("~", with: "~0").replacing("/", with: "~1")
      return diagnosis(of: claim, at: spec?.nearestPlace(of: "table/claims/\(name)/holds"), named: experiment.name)
    }
  }

  /// Those of a table over several experiments.
  static func diagnoses(of claims: [JudgedClaim], in table: TableSpecification, named name: String) -> [Diagnosis] {
    claims.filter(\.isFailure).map { claim in
      diagnosis(of: claim, at: table.places["claims/\(claim.name)"] ?? table.places["claims"], named: name)
    }
  }

  private static func diagnosis(of claim: JudgedClaim, at place: SourcePlace?, named name: String) -> Diagnosis {
    let verdict = claim.verdict == .undecided ? "is undecided" : claim.verdict.rawValue
    return Diagnosis(
      "claim.failed", "the claim `\(claim.name)` of \(name) \(verdict): \(claim.says)", place: place,
      notes: claim.why.map { [$0] } ?? [],
      remedy: "All results are written; write `required: false` where a run need not fail for it.", exit: .claimFailed)
  }
}
