// What the optimizer's steps of a policy's trainings told, round after round: the numbers of curves.
// Finds stored logs; knows nothing of how they are shown.

import FoundationEssentials
import JSON
import Planning
import Storage

/// The logs of the trainings of one cell and seed.
struct PolicyLog {
  /// The log of one training, with the time that it took.
  struct Round {
    let log: [JSONObject]
    /// In seconds since 1970; 0 where the store does not know.
    let began: Double
    let seconds: Double
  }

  /// What one optimizer step told.
  struct Line {
    /// Counted from 1; the first step of a round comes behind the last of the one before.
    let step: Int
    /// In seconds since 1970.
    let time: Double
    let numbers: [(tag: String, value: Double)]
  }

  let policy: TrainedPolicy
  /// Its trainings in the order of the rounds; none while it is not known which of several is chosen.
  let trainings: [StepID]
  /// The rounds that are stored, up to the first that is not.
  let rounds: [Round]
  /// The label of the first training that is not stored; nil if all are.
  let missing: String?

  /// The logs of every policy that an experiment trains.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - stored: The plan's steps.
  ///   - context: What the plan was made with.
  /// - Returns: Cell by cell and seed by seed; none if it trains nothing.
  /// - Throws: What planning or reading the store throws.
  static func all(
    of experiment: PlannedExperiment, in stored: StoredGraph, planned context: PlanningContext = Session.context()
  ) throws -> [PolicyLog] {
    var planner = Planner(context: context)
    return try planner.planPolicies(of: experiment.experiment).map { policy in
      var rounds: [Round] = []
      let trainings = policy.trainings(in: stored.graph)
      for training in trainings {
        guard let round = try Round(training, in: stored) else {
          return PolicyLog(
            policy: policy, trainings: trainings, rounds: rounds, missing: planner.steps.step(training).label)
        }
        rounds.append(round)
      }
      return PolicyLog(
        policy: policy, trainings: trainings, rounds: rounds,
        missing: policy.awaited(in: stored.graph).map { planner.steps.step($0).label })
    }
  }

  /// Every step of all rounds.
  var lines: [Line] {
    var lines: [Line] = []
    for round in rounds {
      let earlier = lines.last?.step ?? 0
      for (index, line) in round.log.enumerated() {
        let share = Double(index + 1) / Double(round.log.count)
        lines.append(
          Line(
            step: earlier + (line["step"]?.integerValue ?? index + 1), time: round.began + round.seconds * share,
            numbers: Self.numbers(of: line)))
      }
    }
    return lines
  }

  /// The last steps of all rounds but the last one.
  var breaks: [Int] {
    var (last, breaks) = (0, [Int]())
    for round in rounds.dropLast() {
      last += round.log.last?["step"]?.integerValue ?? round.log.count
      breaks.append(last)
    }
    return breaks
  }

  /// Every number of a line, and of what stands in it, but the step itself.
  private static func numbers(of line: JSONObject) -> [(tag: String, value: Double)] {
    var numbers: [(tag: String, value: Double)] = []
    for member in line.members where member.name != "step" {
      if let number = member.value.doubleValue { numbers.append((member.name, number)) }
      for inner in member.value.objectValue?.members ?? [] {
        if let number = inner.value.doubleValue { numbers.append(("\(member.name)/\(inner.name)", number)) }
      }
    }
    if let chosen = line["chosen-log-ratio"]?.doubleValue, let rejected = line["rejected-log-ratio"]?.doubleValue {
      numbers.append(("margin", chosen - rejected))
    }
    return numbers
  }
}

extension PolicyLog.Round {
  /// Reads a training's log; nil if it is not stored.
  fileprivate init?(_ training: StepID, in stored: StoredGraph) throws {
    guard let log = try stored.fields(of: OutputReference(training, "log")) else { return nil }
    self.log = log
    let provenance = stored.provenance(of: training)
    seconds = provenance["seconds"]?.doubleValue ?? 0
    let ended = provenance["time"]?.stringValue.flatMap { try? Date($0, strategy: .iso8601) }
    began = max(0, (ended?.timeIntervalSince1970 ?? 0) - seconds)
  }
}
