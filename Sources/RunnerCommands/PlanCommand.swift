// runner plan: what would run, why, and what it would cost.

import ArgumentParser
import Diagnostics
import Execution
import Planning
import Storage

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what would run, why, and what it would cost. Runs nothing.",
    discussion: """
      Each step is one of:
        cached         its result is stored
        partly cached  the results of some of its records are stored
        being computed by another run, whose result will be used
        will run       and the indented lines say why: old → new, with the line of the spec
        undecided      an input is still to be computed; if it comes out as before, the step is spared
        not needed     a file that nothing that runs reads
        blocked        this version cannot run it, or a digest is unknown
      A plan saved with -o can be given to `exec` in the place of specs: it is run as it was shown, or refused.
      """)

  @OptionGroup var spec: SpecOptions
  @OptionGroup var storage: StoreOptions
  @Option(name: .shortAndLong, help: "Save the plan in a file that `exec` takes.", completion: .file())
  var output: String?
  @Flag(help: "Write the plan as JSON.") var json = false

  func run() async throws {
    let session = try Session(spec)
    let store = try Store(at: storage.storePath, mode: .readOnlyIfPresent)
    let plan = Plan(graph: session.graph, index: StoreIndex(store))
    let warnings = store.damages.map(\.diagnosis)
    if let output { try SavedPlan(plan, of: spec, session).write(to: output) }
    if json {
      Output.json(PlanJSON.value(of: plan, session.experiments, warnings: warnings))
    } else {
      if !warnings.isEmpty { Output.report(Diagnoses(warnings)) }
      Output.line(PlanText(plan: plan, experiments: session.experiments, colored: Output.colorsText).text)
    }
  }
}
