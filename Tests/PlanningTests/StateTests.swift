// What a plan says of each step, and why. Nothing here runs anything.

import Diagnostics
import Digests
import Planning
import Testing

@Suite struct States {
  private func states(_ text: String, _ index: MemoryIndex) throws -> [String: StepState] {
    let plan = Plan(graph: try Specs.graph(text).graph, index: index)
    return Dictionary(plan.steps.map { ($0.step.label, $0.state) }) { first, _ in first }
  }

  @Test func onAnEmptyStoreEverythingCertainlyRuns() throws {
    let (graph, _) = try Specs.graph(Specs.evaluating())
    let plan = Plan(graph: graph, index: MemoryIndex())
    // What the two seeds say may be the same, and then it is judged once.
    #expect(plan.bounds == (graph.steps.count - 1)...graph.steps.count)
    #expect(plan.steps.allSatisfy { if case .willRun(_, _, .neverRun) = $0.state { true } else { false } })
  }

  @Test func whatWasRunIsCached() throws {
    let index = MemoryIndex()
    let (graph, _) = try Specs.graph(Specs.evaluating())
    index.run(graph)
    let plan = Plan(graph: graph, index: index)
    #expect(plan.bounds == 0...0)
    #expect(plan.steps.allSatisfy { if case .cached = $0.state { true } else { false } })
  }

  @Test func aChangedTemperatureIsToldWithItsLine() throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating(temperature: "0.5")).graph)
    let plan = Plan(graph: try Specs.graph(Specs.evaluating(temperature: "0.6")).graph, index: index)
    let generate = try #require(plan.steps.first { $0.step.kind == .generate })
    guard case .willRun(_, _, .changed(let changes)) = generate.state else {
      Issue.record("\(generate.state)")
      return
    }
    #expect(
      changes.map(\.change) == [ManifestChange(name: "options/temperature", old: .number(0.5), new: .number(0.6))])
    #expect(changes[0].place?.line == 19)
    #expect(changes[0].place?.sourceLine?.contains("temperature: 0.6") == true)
    // Verdicts and the table may be spared if the responses come out the same.
    #expect(plan.bounds == 2...5)
    let verify = try #require(plan.steps.first { $0.step.kind == .verify })
    #expect(verify.state == .undecided(after: [generate.step.id]))
  }

  @Test func aStepWhoseOptionsAreNewCertainlyRuns() throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating()).graph)
    let changed = Specs.evaluating(temperature: "0.6").replacing("verifier: number", with: "verifier: contains")
    let found = try states(changed, index)
    guard case .willRun(nil, _, .changed(let changes)) = found["verify counting/heldout"] else {
      Issue.record("\(String(describing: found["verify counting/heldout"]))")
      return
    }
    #expect(changes.map(\.words) == ["verifier"])
  }

  /// What is told of a step of a changed spec after the plain one ran: words, old, new, line.
  private func told(_ label: String, of changed: String) throws -> [String] {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating()).graph)
    let plan = Plan(graph: try Specs.graph(changed).graph, index: index)
    let planned = try #require(plan.steps.first { $0.step.label.hasPrefix(label) })
    guard case .willRun(_, _, .changed(let changes)) = planned.state else { return ["\(planned.state)"] }
    return changes.map { leaf in
      let (old, new) = (leaf.change.old?.readable ?? "-", leaf.change.new?.readable ?? "-")
      return "\(leaf.words): \(old) → \(new)" + (leaf.place.map { " in \($0.line):\($0.column)" } ?? "")
    }
  }

  @Test(arguments: ["exact", "choice", "sorted-words", "contains"])
  func anotherKindOfVerifierIsOneChange(kind: String) throws {
    let changed = Specs.evaluating().replacing("verifier: number", with: "verifier: \(kind)")
    #expect(try told("verify counting", of: changed) == ["verifier: number → \(kind) in 9:42"])
  }

  @Test func severalChangesAreToldWhereTheyAre() throws {
    let data = Specs.evaluating(temperature: "0.6").replacing("heldout: 30", with: "heldout: 31")
    #expect(try told("split counting", of: data) == ["split.heldout: 30 → 31 in 10:22"])
    #expect(try told("generate counting", of: data) == ["temperature: 0.5 → 0.6 in 19:71"])
    let words = Specs.evaluating().replacing("Answer with a number only.", with: "Answer.")
      .replacing("max-new-tokens: 16", with: "max-new-tokens: 8")
    #expect(
      try told("render counting", of: words)
        == ["prompt: {question} Answer with a number only. → {question} Answer. in 8:13"])
    #expect(try told("generate counting", of: words) == ["max-new-tokens: 16 → 8 in 19:54"])
  }

  @Test func whatFollowsFromAChangeIsLeftOut() throws {
    // Greedy text draws nothing: seed, top-p and top-k vanish with the temperature.
    let greedy = Specs.evaluating(temperature: "0")
    #expect(try told("generate counting", of: greedy) == ["temperature: 0.5 → 0.0 in 19:71"])
    let fields = Specs.evaluating().replacing("{question} Answer", with: "{question} {hint} Answer")
    #expect(
      try told("split counting", of: fields) == ["the fields that the prompt names: [question] → [hint, question]"])
    let stop = Specs.evaluating().replacing(#"stop: ["\n"]"#, with: #"stop: ["\n", "."]"#)
    #expect(try told("generate counting", of: stop) == ["stop: [\n] → [\n, .] in 19:94"])
    let turns = Specs.evaluating().replacing(
      #"prompt: "{question} Answer with a number only.""#, with: #"prompt: [{system: Brief.}, {user: "{question}"}]"#)
    #expect(
      try told("render counting", of: turns)
        == ["prompt: {question} Answer with a number only. → system: Brief.; user: {question} in 8:23"])
  }

  @Test func otherDataExplainNothing() throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating()).graph)
    let renamed = Specs.evaluating().replacing("counting", with: "sums").replacing(
      "object-sums", with: "object-counting"
    )
    .replacing("seed: 7", with: "seed: 8").replacing("verifier: number", with: "verifier: contains")
    let found = try states(renamed, index)
    guard case .willRun(_, _, .neverRun)? = found["verify sums/heldout"] else {
      Issue.record("\(String(describing: found["verify sums/heldout"]))")
      return
    }
  }

  /// What a model yet to be trained will write is compared with nothing that another model wrote.
  @Test func whatATrainedModelWillDoNeverRan() throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating()).graph)
    let spec = Specs.training(seeds: "{values: [1], vary: [training]}")
    let plan = Plan(graph: try Specs.graph(spec).graph, index: index)
    let after = plan.steps.filter { $0.step.kind == .generate && $0.step.label.contains(", after ") }
    #expect(!after.isEmpty)
    for planned in after {
      if case .willRun(_, _, .changed(let changes)) = planned.state {
        Issue.record("\(planned.step.label): \(changes.map(\.words))")
      }
    }
  }

  @Test func aDamagedResultIsToldAsSuch() throws {
    let index = MemoryIndex()
    let graph = try Specs.graph(Specs.evaluating()).graph
    index.run(graph)
    let states = Plan(graph: graph, index: index).steps
    for planned in states {
      if case .cached(let key, _) = planned.state, planned.step.work.foretold == nil { index.damaged.insert(key) }
    }
    let after = Plan(graph: graph, index: index).steps.filter { $0.step.work.foretold == nil }
    #expect(after.allSatisfy { if case .willRun(_, _, .resultDamaged) = $0.state { true } else { false } })
    #expect(!after.isEmpty)
  }

  @Test func otherWeightsPredictNoTime() throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating()).graph)
    func estimate(_ text: String) throws -> Double? {
      let plan = Plan(graph: try Specs.graph(text).graph, index: index)
      return try #require(plan.steps.first { $0.step.kind == .generate }).estimate?.seconds
    }
    let changed = Specs.evaluating(temperature: "0.6")
    #expect(try estimate(changed) == 12)
    #expect(try estimate(changed.replacing(Specs.digest, with: String(repeating: "c", count: 64))) == nil)
    let random =
      "{random: {layers: 1, width: 4, heads: 1, feed-forward: 4}}, turns: chatml, system: none}"
    let weights = try #require(changed.firstRange(of: "{gguf: {sha256: "))
    let end = try #require(changed[weights.lowerBound...].firstRange(of: "system: none}"))
    #expect(try estimate(changed.replacingCharacters(in: weights.lowerBound..<end.upperBound, with: random)) == nil)
  }

  @Test func keptRecordsAreCounted() throws {
    let index = MemoryIndex()
    let (graph, _) = try Specs.graph(Specs.evaluating())
    index.run(graph)
    // Keep the first sample of two records of the prompts; change the number of samples, which is in no recipe.
    let render = try #require(graph.steps.first { $0.kind == .render })
    guard
      case .cached(let key, _) = Plan(graph: graph, index: index).steps.first(where: { $0.step.id == render.id })?.state
    else {
      Issue.record("render is not cached")
      return
    }
    for record in 0..<2 {
      index.heldKeys.insert(RecordKey.key(identity: RecordKey.identity(content: key, occurrence: record), sample: 0))
    }
    let found = try states(Specs.evaluating().replacing("samples: 2", with: "samples: 4"), index)
    guard case .partlyCached(_, 2, 12, _)? = found["generate counting/heldout, T 0.5, seed 1, 4 samples"] else {
      Issue.record("\(found)")
      return
    }
  }

  @Test func aGoneObjectIsToldByName() throws {
    let index = MemoryIndex()
    let (graph, _) = try Specs.graph(Specs.evaluating())
    index.run(graph)
    let split = try #require(graph.steps.first { $0.label == "split counting" })
    guard
      case .cached(_, let result)? = Plan(graph: graph, index: index).steps.first(where: { $0.step.id == split.id })?
        .state,
      let heldout = result.outputs["heldout"]
    else {
      Issue.record("split is not cached")
      return
    }
    index.forget(object: heldout.digest)
    guard case .willRun(_, _, .resultGone(["heldout"]))? = try states(Specs.evaluating(), index)["split counting"]
    else {
      Issue.record("not told")
      return
    }
  }

  /// The result itself is gone, and every record that it was made of is there.
  @Test func aLostResultIsNotCalledNew() throws {
    let index = MemoryIndex()
    let (graph, _) = try Specs.graph(Specs.evaluating())
    index.run(graph)
    func planned() throws -> PlannedStep {
      try #require(Plan(graph: graph, index: index).steps.first { $0.step.kind == .generate })
    }
    let before = try planned()
    guard case .cached(let key, let result) = before.state else { throw Unexpected(before.state) }
    index.lose(result: key)
    guard case .willRun(_, 6, .resultGone([])) = try planned().state else { throw Unexpected(try planned().state) }
    let render = try #require(graph.steps.first { $0.kind == .render })
    let states = Plan(graph: graph, index: index).steps
    guard case .cached(let prompts, _)? = states.first(where: { $0.step.id == render.id })?.state else {
      throw Unexpected(states.map(\.state))
    }
    for record in 0..<3 {
      let identity = RecordKey.identity(content: prompts, occurrence: record)
      for sample in 0..<2 { index.heldKeys.insert(RecordKey.key(identity: identity, sample: sample)) }
    }
    guard case .partlyCached(_, 6, 6, .resultGone([])) = try planned().state else {
      throw Unexpected(try planned().state)
    }
    // The same where the result is there and what it names is not.
    let another = MemoryIndex()
    another.run(graph)
    another.heldKeys = index.heldKeys
    another.forget(object: try #require(result.outputs["responses"]).digest)
    let found = Plan(graph: graph, index: another).steps.first { $0.step.kind == .generate }?.state
    guard case .partlyCached(_, 6, 6, .resultGone(["responses"]))? = found else {
      throw Unexpected(found as Any)
    }
  }

  /// What is decided later has a number of seconds, and a count of records that may be less.
  @Test func whatIsDecidedLaterHasABound() throws {
    let index = MemoryIndex()
    let text = Specs.evaluating()
    index.run(try Specs.graph(text).graph)
    // Another prompt: the rendering runs, and what comes of it decides the rest.
    let plan = Plan(graph: try Specs.graph(text.replacing("a number only.", with: "one number.")).graph, index: index)
    let undecided = plan.undecided
    #expect(undecided.count == 5 && plan.bounds == 1...6)
    // For two seeds three records of two samples at two seconds each, and three verdicts; and the table, as it took before.
    let later = undecided.map { $0.estimate?.seconds ?? 0 }
    #expect(later == [12, 6, 12, 6, 6])
    #expect(plan.estimates.map(\.seconds) == [6])
  }

  @Test func aFileThatNothingReadsIsNotFetched() throws {
    let index = MemoryIndex()
    let (graph, _) = try Specs.graph(Specs.evaluating())
    index.run(graph)
    index.forget(object: try #require(Digest(hex: Specs.digest)))
    #expect(try states(Specs.evaluating(), index)["fetch model.gguf"] == .notNeeded)
    guard case .willRun? = try states(Specs.evaluating(temperature: "0.7"), index)["fetch model.gguf"] else {
      Issue.record("needed and not fetched")
      return
    }
  }

  @Test func anUnknownDigestBlocks() throws {
    let text = Specs.evaluating().replacing(Specs.digest, with: "unknown")
    #expect(try states(text, MemoryIndex())["fetch model.gguf"] == .blocked(.unknownDigest))
  }

  @Test func timeIsPredictedFromTheStoresHistory() throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating()).graph)
    let plan = Plan(graph: try Specs.graph(Specs.evaluating(temperature: "0.6")).graph, index: index)
    let generate = try #require(plan.steps.first { $0.step.kind == .generate })
    // Six seconds for three records each time: two seconds a record, for 3 records of 2 samples.
    #expect(generate.estimate?.seconds == 12)
    #expect(generate.estimate?.basis == 2)
  }
}

@Suite struct Paces {
  private func seconds(_ kind: StepKind, _ text: String, _ index: MemoryIndex, steps: Int? = nil) throws -> Double? {
    let plan = Plan(graph: try Specs.graph(["test.yaml": text], steps: steps).graph, index: index)
    return try #require(plan.steps.first { $0.step.kind == kind && $0.state.certainlyRuns }).estimate?.seconds
  }

  /// Six seconds for three optimizer steps each time: two seconds a step.
  @Test func trainingsTakeAsLongAsTheirSteps() throws {
    let index = MemoryIndex()
    let text = Specs.training(seeds: "{values: [1]}")
    index.run(try Specs.graph(text).graph)
    #expect(try seconds(.train, text, index, steps: 5) == 10)
    #expect(try seconds(.train, text, index, steps: 50) == 100)
  }

  /// Two seconds a response of at most 16 tokens; what was measured with as many tokens counts alone.
  @Test func generationsTakeAsLongAsTheirTokens() throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.evaluating()).graph)
    let longer = Specs.evaluating(temperature: "0.6").replacing("max-new-tokens: 16", with: "max-new-tokens: 32")
    #expect(try seconds(.generate, longer, index) == 24)
    index.run(try Specs.graph(longer).graph)
    #expect(try seconds(.generate, longer.replacing("0.6", with: "0.7"), index) == 12)
  }
}

@Suite struct Expectations {
  @Test func theSpecSaysWhatNothingMeasuredYet() throws {
    let index = MemoryIndex()
    let plain = Specs.evaluating()
    index.run(try Specs.graph(plain).graph.restricted(to: Set(try prompts(plain))))
    let expecting = Specs.evaluating(extra: "expect: {response-tokens: 6, prompt-tokens: 14, tokens-per-second: 10}")
    let plan = Plan(graph: try Specs.graph(expecting).graph, index: index)
    let generate = try #require(plan.steps.first { $0.step.kind == .generate })
    // Three records of two samples, twenty tokens each, ten a second: twelve seconds.
    #expect(generate.estimate?.seconds == 12)
    #expect(generate.estimate?.basis == 0)
    #expect(try Specs.graph(expecting).graph.steps.map(\.id) == Specs.graph(plain).graph.steps.map(\.id))
  }

  private func prompts(_ text: String) throws -> [StepID] {
    try Specs.graph(text).graph.steps.filter { $0.kind == .render }.map(\.id)
  }
}

@Suite struct SmokeLimit {
  @Test func aLimitIsInTheSplitAlone() throws {
    let whole = try Specs.graph(Specs.evaluating()).graph
    let limited = try Specs.graph(Specs.evaluating(), limit: 8).graph
    let ingest = try #require(whole.steps.first { $0.label == "ingest counting" })
    #expect(limited.steps.contains { $0.id == ingest.id })
    let split = try #require(limited.steps.first { $0.label == "split counting" })
    #expect(split.work.options["limit"] == .integer(8))
    #expect(whole.steps.allSatisfy { $0.work.options["limit"] == nil })
  }
}

@Suite struct Foresight {
  private func plan(_ text: String, _ index: MemoryIndex = MemoryIndex(), limit: Int? = nil) throws -> Plan {
    Plan(graph: try Specs.graph(text, limit: limit).graph, index: index)
  }

  private func records(_ plan: Plan, _ label: String) -> Int? {
    guard case .willRun(_, let records, _)? = plan.steps.first(where: { $0.step.label == label })?.state else {
      return -1
    }
    return records
  }

  @Test func tasksAndSplitsSayHowManyRecordsThereWillBe() throws {
    let plan = try plan(Specs.training(seeds: "{values: [1]}"))
    #expect(records(plan, "ingest counting") == 100)
    #expect(records(plan, "render counting/heldout") == 30)
    #expect(records(plan, "generate counting/train, T 0.3, seed 1, 4 samples") == 240)
    #expect(records(plan, "judge counting/train") == 60)
    #expect(records(plan, "verify counting/heldout, after dpo") == 30)
    // How many pairs there will be is not known before they are made.
    #expect(records(plan, "score examples of counting/train by the reference") == .some(nil))
    #expect(records(plan, "train dpo") == .some(nil))
    let limited = try self.plan(Specs.training(seeds: "{values: [1]}"), limit: 8)
    #expect(records(limited, "generate counting/heldout, greedy") == 8)
    // The part that takes the rest depends on how records fall into groups.
    let rest = try self.plan(Specs.training(seeds: "{values: [1]}").replacing("train: 60", with: "train: rest"))
    #expect(records(rest, "render counting/train") == .some(nil))
  }

  @Test func tokensComeFromWhatIsExpected() throws {
    let spec = Specs.training(seeds: "{values: [1]}", extra: "expect: {response-tokens: 5, tokens-per-second: 100}")
    let plan = try plan(spec)
    let generate = try #require(plan.steps.first { $0.step.label.hasPrefix("generate counting/train") })
    #expect(generate.tokens == 1200)
    #expect(generate.estimate?.seconds == 12)
    #expect(try self.plan(Specs.training()).steps.allSatisfy { $0.tokens == nil })
  }
}

extension String {
  /// The same text with a range replaced.
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}

/// A state that a test did not expect.
private struct Unexpected: Error {
  let found: String

  init(_ found: Any) { self.found = "\(found)" }
}
