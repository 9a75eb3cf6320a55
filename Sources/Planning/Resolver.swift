// From a graph and an index to the state of each step. The plan and the executor both ask this one, step by step,
// so what runs is what the plan said.

import Diagnostics
public import Digests
import Records
import Specification

/// Finds the states of steps in order, as far as the contents of their inputs are known.
public struct Resolver: Sendable {
  private let index: any ResultIndex
  private var steps: [StepID: Step] = [:]
  private var outputs: [StepID: [String: StoredOutput]] = [:]
  private var earlier: [StepKind: [EarlierResult]] = [:]
  private var unsettled: Set<StepID> = []
  private var blocked: Set<StepID> = []
  /// The choices that were read.
  private var choices: [Digest: Int] = [:]
  /// How many records outputs will have that are not there yet.
  private var counts: [OutputReference: Int] = [:]

  /// Starts with nothing resolved.
  public init(index: any ResultIndex) {
    self.index = index
  }

  /// Makes room for what becomes known of so many steps.
  mutating func reserveCapacity(_ count: Int) {
    steps.reserveCapacity(count)
    outputs.reserveCapacity(count)
  }

  /// The state of a step whose inputs' steps were all resolved before.
  public mutating func resolve(_ step: Step) -> StepState {
    let step = decided(step)
    let state = state(of: step)
    take(step, in: state)
    return state
  }

  /// The step, with the one candidate that it takes if that is known.
  public mutating func decided(_ step: Step) -> Step { choice(of: step).map { step.choosing($0) } ?? step }

  /// The candidate that a step takes; nil while the choice is not made or cannot be read, and of a step that takes none.
  private mutating func choice(of step: Step) -> Int? {
    guard let source = step.choice, let digest = outputs[source.step]?[source.output]?.digest else { return nil }
    if let known = choices[digest] { return known }
    guard let bytes = index.bytes(ofObject: digest), let choice = CandidateChoice(bytes: bytes) else { return nil }
    choices[digest] = choice.chosen
    return choice.chosen
  }

  /// Takes a step's state over from who resolved it before, when nothing has changed since.
  public mutating func take(_ step: Step, in state: StepState) {
    steps[step.id] = step
    switch state {
    case .cached(_, let result): outputs[step.id] = result.outputs
    case .notNeeded: break
    case .blocked:
      blocked.insert(step.id)
      foretellCounts(of: step)
    default:
      if outputs[step.id] == nil { unsettled.insert(step.id) }
      foretellCounts(of: step)
    }
  }

  /// Tells that a step ran and what came out.
  public mutating func finished(_ step: Step, outputs result: [String: StoredOutput]) {
    outputs[step.id] = result
    unsettled.remove(step.id)
  }

  /// The digests of a step's inputs by name; nil while one is not known.
  public func contents(of step: Step) -> [String: Digest]? {
    digests(of: step).map { Dictionary($0.map { ($0.name, $0.digest) }, uniquingKeysWith: { $1 }) }
  }

  /// The digests of a step's inputs in their order; nil while one is not known.
  private func digests(of step: Step) -> [(name: String, digest: Digest)]? {
    if step.awaitsChoice { return nil }
    var digests: [(name: String, digest: Digest)] = []
    digests.reserveCapacity(step.inputs.count)
    for input in step.inputs {
      guard let output = outputs[input.source.step]?[input.source.output] else { return nil }
      digests.append((input.name, output.digest))
    }
    return digests
  }

  /// What is known of an input.
  public func input(_ name: String, of step: Step) -> StoredOutput? {
    step.inputs.first { $0.name == name }.flatMap { outputs[$0.source.step]?[$0.source.output] }
  }

  /// What is known of another output of the step that makes an input.
  public func output(_ output: String, beside name: String, of step: Step) -> StoredOutput? {
    step.inputs.first { $0.name == name }.flatMap { outputs[$0.source.step]?[output] }
  }

  private mutating func state(of step: Step) -> StepState {
    if let obstacle = step.obstacle { return .blocked(obstacle) }
    if let (name, digest) = step.foretold { return foretold(step, name, digest) }
    guard let digests = digests(of: step) else { return unknownInputs(step) }
    let key = step.key(of: digests)
    let (standing, answer) = self.answer(for: key, of: step)
    switch answer {
    case .complete(let result): return .cached(key: standing, result)
    case .incomplete(let missing): return running(step, key, .resultGone(missing))
    case .absent: return running(step, key, index.isLost(key, step.kind) ? .resultGone([]) : reason(step))
    case .damaged: return running(step, key, .resultDamaged)
    }
  }

  /// What stands under a step's key, or, if nothing whole does, under a key that it would have had before.
  ///
  /// Who finds a result there names it by the key under which it stands: that is what its manifest says.
  private func answer(for key: Digest, of step: Step) -> (key: Digest, answer: IndexAnswer) {
    let own = index.answer(for: key)
    if case .complete = own { return (key, own) }
    var known = own
    for manifest in step.earlierManifests(contents: knownContents(of: step)) {
      let earlier = index.answer(for: manifest.key)
      if case .complete = earlier { return (manifest.key, earlier) }
      if known == .absent { known = earlier }
    }
    return (key, known)
  }

  /// A step whose output's digest the spec names: the step after it can be looked up before it has run.
  private mutating func foretold(_ step: Step, _ name: String, _ digest: Digest) -> StepState {
    let key = step.key(contents: [:])
    // Who fetched it noted how large its file is: one that was cut off is as good as gone.
    let answer = index.answer(for: key)
    let size = index.size(ofObject: digest)
    let output = StoredOutput(digest: digest, byteCount: size ?? 0, recordCount: nil)
    outputs[step.id] = [name: output]
    if case .incomplete(let missing) = answer { return .willRun(key: key, records: nil, .resultGone(missing)) }
    if size != nil { return .cached(key: key, StoredResult(outputs: [name: output])) }
    if answer == .damaged { return .willRun(key: key, records: nil, .resultDamaged) }
    return .willRun(key: key, records: nil, .neverRun)
  }

  /// An input is not known.
  ///
  /// If no earlier result has these options and the inputs that are known, nothing that comes out can spare the step.
  private mutating func unknownInputs(_ step: Step) -> StepState {
    let inputs = step.certainInputs
    if let source = inputs.first(where: { blocked.contains($0.source.step) })?.source {
      return .blocked(.behind(source.step))
    }
    let isLike = step.isLike(knowing: knownContents(of: step))
    let known = earlier(step).contains { isLike($0.manifest) }
    if !known { return .willRun(key: nil, records: records(of: step), reason(step)) }
    return .undecided(after: inputs.map(\.source.step).filter { unsettled.contains($0) })
  }

  private func running(_ step: Step, _ key: Digest, _ reason: Reason) -> StepState {
    let recipes = step.recipes(contents: knownContents(of: step)).map(\.key)
    // Reading records to know their keys takes time, and only what is kept of some can make a difference.
    guard let recipe = step.work.recipe, recipe.identities != nil || index.hasRecords(recipes: recipes),
      let keys = recordKeys(step, recipe)
    else { return .willRun(key: key, records: records(of: step), reason) }
    let held = index.heldRecords(recipes: recipes, keys: keys)
    if held == 0 { return .willRun(key: key, records: keys.count, reason) }
    return .partlyCached(key: key, held: held, of: keys.count, reason)
  }

  /// The keys of a record-wise step's records, from the list of identities beside its input, or from what it reads.
  private func recordKeys(_ step: Step, _ recipe: RecordRecipe) -> [Digest]? {
    guard let name = recipe.identities else {
      return step.recordKeys { name in input(name, of: step).flatMap { index.bytes(ofObject: $0.digest) } }
    }
    guard let source = step.inputs.first(where: { $0.name == name })?.source,
      let list = outputs[source.step]?["identities"], let bytes = index.bytes(ofObject: list.digest)
    else { return nil }
    var keys: [Digest] = []
    for start in stride(from: 0, to: bytes.count - Digest.byteCount + 1, by: Digest.byteCount) {
      guard let identity = Digest(bytes: bytes[start..<(start + Digest.byteCount)]) else { return nil }
      for sample in 0..<recipe.samples { keys.append(RecordKey.key(identity: identity, sample: sample)) }
    }
    return keys
  }

  /// Whether two steps under one recipe have records in common; true where that cannot be told.
  public func mayShareRecords(_ one: Step, _ other: Step) -> Bool {
    let keys = [one, other].map { step in step.work.recipe.flatMap { recordKeys(step, $0) } }
    guard let first = keys[0], let second = keys[1] else { return true }
    return !Set(first).isDisjoint(with: second)
  }

  /// Whether some of a step's records may turn out to be stored once its inputs are known.
  func mayReuseRecords(_ step: Step) -> Bool {
    guard step.work.recipe != nil, digests(of: step) == nil else { return false }
    return index.hasRecords(recipes: step.recipes(contents: knownContents(of: step)).map(\.key))
  }

  /// How many records a step works on, one for each sample; nil if that is not known.
  func records(of step: Step) -> Int? {
    guard let records = inputCount(of: step) else { return nil }
    return records * (step.work.recipe?.samples ?? 1)
  }
}

// Counts of records that can be foretold: tasks and splits say theirs, and most steps give as many as they read.
extension Resolver {
  private func inputCount(of step: Step) -> Int? {
    let read = step.inputs.lazy.compactMap { input in
      outputs[input.source.step]?[input.source.output]?.recordCount ?? counts[input.source]
    }.first
    return step.work.records(reading: read)
  }

  private mutating func foretellCounts(of step: Step) {
    guard let read = inputCount(of: step) else { return }
    for (output, count) in step.work.recordsWritten(reading: read) { counts[OutputReference(step.id, output)] = count }
  }
}

// Reasons and costs.
extension Resolver {
  /// The earlier result that is closest to a step and not its own; nil if nothing like it was ever stored.
  public mutating func neighbor(of step: Step) -> Neighbor? {
    let earlier = earlier(step)
    return ReasonFinder(step: step, contents: knownContents(of: step), steps: steps).nearest(among: earlier)
  }

  private mutating func reason(_ step: Step) -> Reason {
    let earlier = earlier(step)
    let reason = ReasonFinder(step: step, contents: knownContents(of: step), steps: steps).reason(among: earlier)
    // Nobody can say "never" of a step whose kind has results that cannot be read.
    return reason == .neverRun && index.hasDamaged(step.kind) ? .resultDamaged : reason
  }

  /// The digests of those inputs that are known.
  private func knownContents(of step: Step) -> [String: Digest] {
    var contents: [String: Digest] = [:]
    for input in step.certainInputs { contents[input.name] = outputs[input.source.step]?[input.source.output]?.digest }
    return contents
  }

  /// Earlier results of a step's kind, with what they were made of in the words of today.
  private mutating func earlier(_ step: Step) -> [EarlierResult] {
    if let known = earlier[step.kind] { return known }
    let found = index.earlier(step.kind).map { $0.with(step.today($0.manifest)) }
    earlier[step.kind] = found
    return found
  }

  /// The bytes that a record of such a step's results took before.
  public mutating func bytesPerRecord(of step: Step) -> Double? {
    let contents = knownContents(of: step)
    let known = earlier(step).filter { step.work.recipe == nil || Self.sameModel($0.manifest, step, contents) }
      .compactMap(\.bytesPerRecord)
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }

  /// The bytes that a whole result of such a step took before.
  public mutating func bytesPerResult(of step: Step) -> Double? {
    let contents = knownContents(of: step)
    let known = earlier(step).filter { step.work.modelUse == nil || Self.sameModel($0.manifest, step, contents) }
      .compactMap(\.byteCount)
    return known.isEmpty ? nil : Double(known.reduce(0, +)) / Double(known.count)
  }

  /// How many optimizer steps a training takes, as far as that is known before it begins.
  func optimizerSteps(of work: TrainWork, _ step: Step) -> Int? {
    if let limit = work.limit { return limit }
    var items = work.hyperparameters.examples?.exact
    if items == nil, let counts = output("counts", beside: "examples", of: step),
      let bytes = index.bytes(ofObject: counts.digest)
    {
      items = (try? FeedbackCounts(reading: bytes))?.items
    }
    return items.flatMap { $0 > 0 ? work.hyperparameters.optimizerSteps(examples: $0) : nil }
  }

  /// How many of a training's optimizer steps are kept from a run that was interrupted, and of how many, if that is known.
  func stepsKept(of step: Step, in state: StepState) -> (done: Int, of: Int?)? {
    guard case .train(let work) = step.work, let key = state.openKey, let done = index.stepsKept(key) else {
      return nil
    }
    let total = optimizerSteps(of: work, step)
    return total.map { done > $0 } == true ? nil : (done, total)
  }

  /// How much longer a step may take than an earlier one because of an option on which a record's time depends: responses may
  /// have more tokens.
  private static func stretch(from before: Manifest, to step: Step) -> Double {
    guard case .generate(let work) = step.work, case .integer(let tokens)? = before["options/max-new-tokens"],
      tokens > 0
    else { return 1 }
    return Double(work.decoding.maxNewTokens) / Double(tokens)
  }

  /// The seconds that a record of such a step took before, or an optimizer step, and a whole step; and how many results say so.
  ///
  /// Of steps that use a model only results with the same weights count; of record-wise ones those that computed records. Of
  /// generations those count that could write as many tokens; where there are none, others by that number.
  public mutating func pace(of step: Step) -> (secondsPerRecord: Double?, secondsPerResult: Double, results: Int)? {
    let contents = knownContents(of: step)
    var seconds = 0.0
    var records = 0
    var results = 0
    let like = earlier(step).filter { result in
      result.seconds != nil && (result.computed ?? 0 > 0 || step.work.recipe == nil)
        && (step.work.modelUse == nil || Self.sameModel(result.manifest, step, contents))
    }
    let equal = like.filter { Self.stretch(from: $0.manifest, to: step) == 1 }
    for result in equal.isEmpty ? like : equal {
      guard let spent = result.seconds else { continue }
      let computed = result.computed ?? 0
      seconds += spent * Self.stretch(from: result.manifest, to: step)
      records += computed
      results += 1
    }
    guard results > 0 else { return nil }
    return (records > 0 ? seconds / Double(records) : nil, seconds / Double(results), results)
  }

  /// Whether a result was computed with the step's model: its options, and its weights if they are known.
  ///
  /// Adapters cost next to nothing beside the weights that they are laid over.
  private static func sameModel(_ manifest: Manifest, _ step: Step, _ contents: [String: Digest]) -> Bool {
    let options = step.work.recipe?.options ?? step.work.options
    let inputs = step.inputs.map(\.name).filter { $0 == "model" || $0.hasPrefix("model/") }
    return options.leaves.filter { $0.name.hasPrefix("model/") }.allSatisfy {
      manifest["options/\($0.name)"] == $0.value
    }
      && inputs.allSatisfy { name in
        contents[name].map { manifest["inputs/\(name)"] == .digest($0) } ?? false
      }
  }
}

extension Manifest {
  /// The leaves below `options`, without that word.
  var options: Manifest {
    let prefix = "options/"
    return Manifest(
      sorting: leaves.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.value) })
  }
}
