// The results in `results/` against the specs in `experiments/`: what a lock says is what its spec plans today. Nothing is
// computed: every step's key follows from the spec and the digests in the lock.

import Digests
import Foundation
import JSON
import Planning
import Records
import Specification
import Testing

private let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// What a lock knows, in the place of a store.
private struct LockIndex: ResultIndex {
  let results: [Digest: StoredResult]
  private let objects: Set<Digest>
  /// What searches chose, by the objects that say so; what the candidates measured stands in no lock.
  private var choices: [Digest: CandidateChoice] = [:]

  init(lock path: String) throws {
    let lock = try JSONValue(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    var results: [Digest: StoredResult] = [:]
    for step in try #require(lock["steps"]?.arrayValue) {
      let key = try #require(step["key"]?.stringValue.flatMap(Digest.init(hex:)))
      let outputs = try #require(step["outputs"]?.objectValue).members.map { output in
        (
          output.name,
          StoredOutput(
            digest: try #require(output.value.stringValue.flatMap(Digest.init(hex:))), byteCount: 0, recordCount: nil)
        )
      }
      results[key] = StoredResult(outputs: Dictionary(uniqueKeysWithValues: outputs))
      if let chosen = step["chosen"]?.integerValue.flatMap({ Int(exactly: $0) }),
        let choice = results[key]?.outputs["choice"]
      {
        choices[choice.digest] = CandidateChoice(chosen: chosen, means: Array(repeating: nil, count: chosen + 1))
      }
    }
    self.results = results
    objects = Set(results.values.flatMap { $0.outputs.values.map(\.digest) })
  }

  func answer(for key: Digest) -> IndexAnswer { results[key].map { .complete($0) } ?? .absent }
  func size(ofObject digest: Digest) -> Int? { objects.contains(digest) ? 0 : nil }
  func bytes(ofObject digest: Digest) -> [UInt8]? { choices[digest]?.json.canonicalBytes }
  func hasRecords(recipes: [Digest]) -> Bool { false }
  func heldRecords(recipes: [Digest], keys: [Digest]) -> Int { 0 }
  func earlier(_ kind: StepKind) -> [EarlierResult] { [] }
  func hasDamaged(_ kind: StepKind) -> Bool { false }
}

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

  private static func read(_ path: String) throws -> ResolvedExperiment { try SpecificationReader().read(path) }

  @Test func thereAreResults() {
    #expect(Self.names.count >= 15, "\(Self.names)")
  }

  @Test(arguments: names) func aLockHasTheStepsThatItsSpecPlans(_ name: String) throws {
    let index = try LockIndex(lock: "\(Self.results)/\(name)/lock.json")
    var planner = Planner(
      context: PlanningContext(
        limit: nil, trainingSteps: nil, digestOfFile: { _ in throw CocoaError(.fileNoSuchFile) },
        fingerprint: { _ in nil }, experiment: { try Self.read($0.resolved) }))
    let experiment = try planner.plan(try Self.read(Self.spec(name)), name: name)
    let plan = Plan(graph: planner.steps, index: index)
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
    let unknown = index.results.keys.filter { !keys.contains($0) }
    #expect(unknown.isEmpty, "\(name): \(unknown.count) steps of the lock are in no plan; run the spec again")
  }
}
