// The results in `results/` against the specs in `experiments/`: what a lock says is what its spec plans today. Nothing is
// computed: every step's key follows from the spec and the digests in the lock.

import Digests
import Foundation
import JSON
import Planning
import Reporting
import Specification
import Testing

private let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

@Suite struct CheckedInResults {
  private static let results = repository.appending(path: "results").path

  /// The experiments that have results, by their paths below the folder.
  private static let names: [String] = {
    let walk = FileManager.default.enumerator(atPath: results)
    var names: [String] = []
    while let name = walk?.nextObject() as? String {
      if name.hasSuffix("/lock.json") { names.append(String(name.dropLast("/lock.json".count))) }
    }
    return names.sorted()
  }()

  private static func spec(_ name: String) -> String { repository.appending(path: "experiments/\(name).yaml").path }

  private static func json(of path: String) throws -> JSONValue {
    try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
  }

  private static func read(_ path: String) throws -> ResolvedExperiment { try SpecificationReader().read(path) }

  @Test func thereAreResults() {
    #expect(Self.names.count >= 15, "\(Self.names)")
  }

  @Test(arguments: names) func aLockHasTheStepsThatItsSpecPlans(_ name: String) throws {
    let lock = try StepLock(json: try Self.json(of: "\(Self.results)/\(name)/lock.json"))
    var planner = Planner(
      context: PlanningContext(
        limit: nil, trainingSteps: nil, digestOfFile: { _ in throw CocoaError(.fileNoSuchFile) },
        fingerprint: { _ in nil }, experiment: { try Self.read($0.resolved) }))
    let experiment = try planner.plan(try Self.read(Self.spec(name)), name: name)
    let plan = Plan(graph: planner.steps, index: lock)
    let own = Set(planner.steps.steps(of: experiment).steps.map(\.id))
    var keys: Set<Digest> = []
    for planned in plan.steps where own.contains(planned.step.id) {
      switch planned.state {
      case .cached(let key, _): keys.insert(key)
      case .notNeeded: break
      default: Issue.record("\(name): the lock lacks `\(planned.step.label)`; run the spec again")
      }
    }
    // Fetches are told by their digests alone, and none is told that nothing reads.
    let unknown = lock.steps.keys.filter { !keys.contains($0) }
    #expect(unknown.isEmpty, "\(name): \(unknown.count) steps of the lock are in no plan; run the spec again")
  }
}
