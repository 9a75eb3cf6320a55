// runner explain: one step of a plan, with everything that its key is made of. Runs nothing.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import Planning
import Storage

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "explain", "Show a step's state, why it would run, and what its key is made of.",
    takes: "<step> [<specs> ...] [<options>]",
    discussion: """
      The nearest result is, of the earlier results of the same step, the one that differs least; what differs is shown \
      from it to this step, with the lines of the spec.
      """,
    examples: [
      "runner explain \"train dpo, seed 1\"",
      "runner explain \"train dpo, seed 1\" experiments/quickstart/training.yaml",
      "runner explain 1b64a587 --json",
    ])

  @Argument(help: "A step: its label as `plan` shows it, its key, or the beginning of the key.") var step: String
  @Argument(
    help: "Specs that have the step; default: all in the folder `experiments`.",
    completion: .file(extensions: ["yaml", "yml"]))
  var specs: [String] = []
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "Write it as JSON.") var json = false

  func run() async throws {
    let store = try Store(at: storage.path, mode: .readOnlyIfPresent)
    let finder = StepFinder(name: step, store: store)
    let located =
      specs.isEmpty
      ? try finder.locate(below: "experiments") { try session([$0]) } : try finder.locate(in: try session(specs))
    let explanation = Explanation(located, store)
    if !store.damages.isEmpty { Output.report(Diagnoses(store.damages.map(\.diagnosis))) }
    if json {
      Output.json(explanation.json)
    } else {
      for line in explanation.lines { Output.line(line) }
    }
  }

  private func session(_ specs: [String]) throws -> Session {
    var options = SpecOptions()
    options.specs = specs
    options.sets = sets
    return try Session(options)
  }
}

/// What can be said of a step.
private struct Explanation {
  let planned: PlannedStep
  let graph: StepGraph
  /// What the key is made of; inputs whose content is not known yet are left out.
  let manifest: Manifest
  let isWhole: Bool
  let neighbor: Neighbor?

  init(_ located: LocatedStep, _ store: Store) {
    graph = located.graph
    let index = StoreIndex(store)
    // Whether a candidate is needed, only the whole graph can tell.
    let isAlone = !located.graph.hasCandidates
    let plan = Plan(
      graph: isAlone ? located.graph.restricted(to: [located.step.id]) : located.graph, index: index)
    var resolver = Resolver(index: index)
    for step in plan.graph.steps { _ = resolver.resolve(step) }
    guard let planned = plan.steps.first(where: { $0.step.id == located.step.id }) else {
      fatalError("a graph restricted to a step has it: our own bug")
    }
    self.planned = planned
    let step = planned.step
    let known = step.certainInputs.compactMap { input in
      resolver.input(input.name, of: step).map { (input.name, $0.digest) }
    }
    isWhole = known.count == step.inputs.count
    manifest = step.manifest(contents: Dictionary(known) { first, _ in first })
    neighbor = resolver.neighbor(of: step)
  }

  var lines: [String] {
    let step = planned.step
    var lines = [step.label, "key       \(isWhole ? manifest.key.hex : "not known before its inputs are computed")"]
    lines.append("state     \(PlanText.state(planned))")
    lines += PlanText.reasons(planned, graph).map { "because   \($0)" }
    for input in step.inputs {
      lines.append("reads     \(input.name) = \(input.source.output) of \(graph.step(input.source.step).label)")
    }
    for leaf in manifest.leaves {
      let value = if case .digest(let digest) = leaf.value { digest.hex } else { leaf.value.readable }
      let place = step.places[leaf.name.replacing("options/", with: "", maxReplacements: 1)]
      lines.append("made of   \(leaf.name) = \(value)" + (place.map { "  (\($0.description))" } ?? ""))
    }
    guard let neighbor else { return lines + ["nearest   nothing like it is stored"] }
    let label = neighbor.result.label ?? step.kind.rawValue
    lines.append("nearest   \(neighbor.result.manifest.key.short)  \(label)")
    return lines + PlanText.text(of: .changed(neighbor.changes)).map { "differs   \($0)" }
  }

  var json: JSONValue {
    var object = JSONObject([
      JSONMember("step", .string(planned.step.label)), JSONMember("kind", .string(planned.step.kind.rawValue)),
      JSONMember("state", .string(PlanText.state(planned))),
      JSONMember("key", isWhole ? .string(manifest.key.hex) : .null),
      JSONMember("because", .array(PlanText.reasons(planned, graph).map { .string($0) })),
      JSONMember(
        "manifest",
        .object(
          JSONObject(
            manifest.leaves.map { leaf in
              let value = if case .digest(let digest) = leaf.value { digest.hex } else { leaf.value.readable }
              return JSONMember(leaf.name, .string(value))
            }))),
    ])
    if let neighbor {
      object["nearest"] = .members([
        "key": .string(neighbor.result.manifest.key.hex), "label": neighbor.result.label.map { .string($0) } ?? .null,
        "differs": .array(PlanText.text(of: .changed(neighbor.changes)).map { .string($0) }),
      ])
    }
    return .object(object)
  }
}
