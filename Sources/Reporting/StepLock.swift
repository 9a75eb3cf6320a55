// lock.json read back: the steps behind a table's numbers, as `exec` wrote them.
// Knows nothing of files and stores.

public import Digests
public import JSON
public import Planning
public import Records

/// What a `lock.json` says, in the place of a store: which steps results rest on, and what these gave.
public struct StepLock: Sendable {
  /// A step that results rest on.
  public struct Step: Sendable {
    /// As plans call it.
    public let label: String
    /// The digests of its outputs by their names.
    public let outputs: [String: Digest]
    /// The candidate that a search chose there; nil for other steps, and in locks of earlier versions.
    public let chosen: Int?
  }

  /// The steps by their keys.
  public let steps: [Digest: Step]
  /// The class of arithmetic that the numbers were computed with.
  public let arithmetic: String
  private let choices: [Digest: CandidateChoice]
  private let objects: Set<Digest>

  /// Reads a lock.
  ///
  /// - Throws: ``WireFault`` that names what is missing.
  public init(json: JSONValue) throws(WireFault) {
    var steps: [Digest: Step] = [:]
    for step in try json.list("steps") {
      guard let key = Digest(hex: try step.text("key")) else { throw WireFault(member: "key") }
      guard let members = step["outputs"]?.objectValue?.members else { throw WireFault(member: "outputs") }
      var outputs: [String: Digest] = [:]
      for output in members {
        guard let digest = output.value.stringValue.flatMap(Digest.init(hex:)) else {
          throw WireFault(member: "outputs")
        }
        outputs[output.name] = digest
      }
      let chosen = step["chosen"]?.integerValue.flatMap { Int(exactly: $0) }
      steps[key] = Step(label: try step.text("label"), outputs: outputs, chosen: chosen)
    }
    self.init(steps: steps, arithmetic: json["arithmetic"]?.stringValue ?? "ordered")
  }

  /// Takes steps by their keys.
  private init(steps: [Digest: Step], arithmetic: String) {
    (self.steps, self.arithmetic) = (steps, arithmetic)
    objects = Set(steps.values.flatMap(\.outputs.values))
    let made = steps.values.compactMap { step -> (Digest, CandidateChoice)? in
      guard let chosen = step.chosen, (0..<1 << 20).contains(chosen), let digest = step.outputs["choice"] else {
        return nil
      }
      // What the candidates measured stands in no lock.
      return (digest, CandidateChoice(chosen: chosen, means: Array(repeating: nil, count: chosen + 1)))
    }
    choices = Dictionary(made) { first, _ in first }
  }

  /// Both locks' steps.
  public func joined(_ other: StepLock) -> StepLock {
    StepLock(steps: steps.merging(other.steps) { own, _ in own }, arithmetic: arithmetic)
  }

  /// The keys of a graph's steps, as far as they follow from what stands here: a step that is not among them is another now,
  /// because its spec, its data or the program changed.
  public func keys(in graph: StepGraph) -> [StepID: Digest] {
    var resolver = Resolver(index: self)
    var keys: [StepID: Digest] = [:]
    for step in graph.steps { if case .cached(let key, _) = resolver.resolve(step) { keys[step.id] = key } }
    return keys
  }
}

extension StepLock: ResultIndex {
  /// The step's outputs, whole; nothing is damaged in a lock.
  public func answer(for key: Digest) -> IndexAnswer {
    guard let step = steps[key] else { return .absent }
    return .complete(
      StoredResult(outputs: step.outputs.mapValues { StoredOutput(digest: $0, byteCount: 0, recordCount: nil) }))
  }

  /// 0 for what steps gave: sizes stand in no lock.
  public func size(ofObject digest: Digest) -> Int? { objects.contains(digest) ? 0 : nil }
  /// What a search chose; other objects' bytes stand in no lock.
  public func bytes(ofObject digest: Digest) -> [UInt8]? { choices[digest]?.json.canonicalBytes }
  /// None.
  public func hasRecords(recipes: [Digest]) -> Bool { false }
  /// None.
  public func heldRecords(recipes: [Digest], keys: [Digest]) -> Int { 0 }
  /// None.
  public func earlier(_ kind: StepKind) -> [EarlierResult] { [] }
  /// None.
  public func hasDamaged(_ kind: StepKind) -> Bool { false }
}
