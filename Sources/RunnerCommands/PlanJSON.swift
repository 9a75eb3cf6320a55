// A plan for machines.

import Diagnostics
import Digests
import JSON
import Planning

enum PlanJSON {
  static func value(
    of plan: Plan, _ experiments: [PlannedExperiment], memory: PlannedMemory, warnings: [Diagnosis]
  ) -> JSONValue {
    .members([
      "experiments": .array(experiments.map { experiment($0, plan) }),
      "seconds": .number(plan.estimates.reduce(0) { $0 + $1.seconds }),
      "seconds-undecided": .number(plan.undecided.reduce(0) { $0 + ($1.estimate?.seconds ?? 0) }),
      "at-least": .integer(Int64(plan.bounds.lowerBound)), "at-most": .integer(Int64(plan.bounds.upperBound)),
      "price": price(of: plan), "warnings": .array(warnings.map(\.json)),
      "steps": .array(plan.steps.map { step($0, plan.graph, memory) }),
    ])
  }

  /// What the steps that cannot run would cost.
  private static func price(of plan: Plan) -> JSONValue {
    let price = plan.price
    return .members([
      "generations": .array(
        price.generations.map { generation in
          .members([
            "model": generation.model.map { .string($0) } ?? .null, "steps": .integer(Int64(generation.steps)),
            "responses": .integer(Int64(generation.responses)),
            "tokens-read": generation.tokens.map { .number($0.prompt) } ?? .null,
            "tokens-written": generation.tokens.map { .number($0.response) } ?? .null,
            "money": generation.money.map { .number($0) } ?? .null,
          ])
        }),
      "trainings": .integer(Int64(price.trainings.steps)), "tokens-trained-on": .number(price.trainings.tokens),
    ])
  }

  private static func experiment(_ experiment: PlannedExperiment, _ plan: Plan) -> JSONValue {
    var object = JSONObject([
      JSONMember("name", .string(experiment.name)),
      JSONMember("cells", .array(experiment.users.map { .string($0) })),
    ])
    if !experiment.searches.isEmpty {
      object["trials"] = .integer(Int64(experiment.searches.reduce(0) { $0 + $1.candidates.count }))
    }
    if let sharing = Sharing(experiment, plan) {
      object["steps-of-all-cells"] = .integer(Int64(sharing.total))
      object["distinct-steps"] = .integer(Int64(sharing.distinct))
    }
    return .object(object)
  }

  private static func step(_ planned: PlannedStep, _ graph: StepGraph, _ memory: PlannedMemory) -> JSONValue {
    var object = JSONObject([
      JSONMember("step", .string(planned.step.label)), JSONMember("kind", .string(planned.step.kind.rawValue)),
      JSONMember("id", .string(planned.step.id.digest.hex)),
      JSONMember("state", .string(PlanText.state(planned))),
      JSONMember("cells", .array((graph.users[planned.step.id] ?? []).map { .string($0) })),
      JSONMember(
        "inputs",
        .array(
          planned.step.inputs.map { input in
            .members([
              "name": .string(input.name), "step": .string(input.source.step.digest.hex),
              "output": .string(input.source.output),
            ])
          })),
    ])
    if let computing = planned.computing {
      object["computing"] = .members([
        "run": .string(computing.run), "host": .string(computing.host), "since": .string(computing.since),
      ])
    }
    if let twin = planned.twin { object["same-as"] = .string(twin.digest.hex) }
    switch planned.state {
    case .cached(let key, _): object["key"] = .string(key.hex)
    case .partlyCached(let key, let held, let total, let reason):
      object["key"] = .string(key.hex)
      object["held"] = .integer(Int64(held))
      object["records"] = .integer(Int64(total))
      object["reason"] = json(of: reason)
    case .willRun(let key, let records, let reason):
      object["key"] = key.map { .string($0.hex) }
      object["records"] = records.map { .integer(Int64($0)) }
      object["reason"] = json(of: reason)
    case .undecided(let after): object["after"] = .array(after.map { .string($0.digest.hex) })
    case .notNeeded, .blocked: break
    }
    if let tokens = planned.tokens { object["tokens"] = .number(tokens) }
    if let kept = planned.stepsKept {
      if case .willRun(_, _, .neverRun) = planned.state { object["reason"] = .members(["kind": "interrupted"]) }
      object["steps-kept"] = .integer(Int64(kept.done))
      object["steps"] = kept.of.map { .integer(Int64($0)) }
    }
    if planned.mayReuse { object["records-at-most"] = .bool(true) }
    if let bytes = memory.stored[planned.step.id] { object["bytes"] = .number(bytes) }
    if let bytes = memory.steps[planned.step.id] { object["memory"] = .integer(Int64(bytes)) }
    if let estimate = planned.estimate {
      object["seconds"] = .number(estimate.seconds)
      object["basis"] = .integer(Int64(estimate.basis))
    }
    return .object(object)
  }

  private static func json(of reason: Reason) -> JSONValue {
    switch reason {
    case .neverRun: .members(["kind": "never-run"])
    case .resultDamaged: .members(["kind": "result-damaged"])
    case .resultGone(let outputs):
      .members(["kind": "result-gone", "outputs": .array(outputs.map { .string($0) })])
    case .changed(let changes):
      .members([
        "kind": "changed",
        "changes": .array(
          changes.map { leaf in
            .members([
              "leaf": .string(leaf.change.name), "words": .string(leaf.words),
              "old": leaf.change.old.map { .string($0.readable) } ?? .null,
              "new": leaf.change.new.map { .string($0.readable) } ?? .null,
              "place": leaf.place.map { .string($0.description) } ?? .null,
            ])
          }),
      ])
    }
  }
}
