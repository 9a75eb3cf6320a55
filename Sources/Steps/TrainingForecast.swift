// What can be said of a training once its examples are stored, before it runs.

public import Diagnostics
public import Planning
import Records
import Specification
public import Storage

/// Foretells what trainings with stored examples will meet.
public enum TrainingForecast: Sendable {
  /// Warnings of warm-ups that never end, each told once.
  public static func warnings(of plan: Plan, in store: Store) -> [Diagnosis] {
    if !plan.steps.contains(where: { $0.step.kind == .train }) { return [] }
    var states: [StepID: StepState] = [:]
    for planned in plan.steps where planned.step.kind == .fit { states[planned.step.id] = planned.state }
    let found = plan.steps.compactMap { planned -> Diagnosis? in
      guard case .train(let work) = planned.step.work, work.limit == nil, work.hyperparameters.examples?.exact == nil,
        let source = planned.step.inputs.first(where: { $0.name == "examples" })?.source.step,
        case .cached(_, let result)? = states[source], let counts = result.outputs["counts"],
        let bytes = try? store.read(counts.digest), let counts = try? FeedbackCounts(reading: bytes)
      else { return nil }
      return warning(work, examples: counts.items, at: planned.step)
    }
    return Diagnoses(found).distinct.diagnoses
  }

  /// The warning of a training on so many examples, unless the spec alone told it when it was planned.
  static func warning(_ work: TrainWork, examples: Int, at step: Step) -> Diagnosis? {
    let hyperparameters = work.hyperparameters
    if hyperparameters.endlessWarmup(examples: hyperparameters.examples?.exact, place: nil) != nil { return nil }
    let names = ["schedule/warmup/steps", "schedule/warmup/fraction", "schedule"]
    let place = names.lazy.compactMap { step.places[$0] }.first
    return hyperparameters.endlessWarmup(examples: examples, place: place)
  }
}
