// What steps an experiment becomes, and what cells share.

import Digests
import Foundation
import Planning
import Specification
import Testing

@Suite struct Graphs {
  @Test func anExperimentBecomesTheseSteps() throws {
    let (graph, _) = try Specs.graph(Specs.evaluating())
    #expect(
      graph.steps.map { "\($0.kind.rawValue): \($0.label)" } == [
        "ingest: ingest counting", "split: split counting", "render: render counting/heldout",
        "fetch: fetch model.gguf", "generate: generate counting/heldout, T 0.5, seed 1, 2 samples",
        "verify: verify counting/heldout", "generate: generate counting/heldout, T 0.5, seed 2, 2 samples",
        "verify: verify counting/heldout", "fetch: fetch task.json", "ingest: ingest quiz", "split: split quiz",
        "render: render quiz/heldout", "score: score quiz/heldout", "choice: choice quiz/heldout",
        "render: render counting/heldout", "score: score counting/heldout", "perplexity: perplexity counting/heldout",
        "aggregate: table of test",
      ])
  }

  @Test func aKeyIsTheDigestOfTheManifest() throws {
    let (graph, _) = try Specs.graph(Specs.evaluating())
    for step in graph.steps {
      var contents: [String: Digest] = [:]
      for input in step.inputs { contents[input.name] = .sha256(input.name) }
      #expect(step.key(contents: contents) == step.manifest(contents: contents).key, "\(step.label)")
      #expect(step.key(contents: [:]) == step.manifest(contents: [:]).key, "\(step.label)")
    }
  }

  @Test func greedyDecodingRunsOnceWhateverTheSeeds() throws {
    let (graph, _) = try Specs.graph(Specs.evaluating(temperature: "0"))
    #expect(graph.steps.count { $0.kind == .generate } == 1)
  }

  @Test func cellsShareTheStepsThatTheyHaveInCommon() throws {
    let grid = """
      ablations:
        temperature:
          cold: {evals: {accuracy: {accuracy: {temperature: 0}}}}
          warm: {}
      """
    let (graph, planned) = try Specs.graph(Specs.evaluating(extra: grid))
    #expect(planned.users == ["test: cold", "test: warm"])
    #expect(graph.steps.count { $0.kind == .ingest } == 2)
    #expect(graph.steps.count { $0.kind == .generate } == 3)
    let split = try #require(graph.steps.first { $0.kind == .split })
    #expect(graph.users[split.id] == planned.users)
  }

  @Test func rewordingAPromptMovesNoRecordBetweenParts() throws {
    func split(_ prompt: String) throws -> StepID {
      let text = Specs.evaluating().replacing("{question} Answer with a number only.", with: prompt)
      return try #require(Specs.graph(text).graph.steps.first { $0.label == "split counting" }).id
    }
    #expect(try split("{question}") == split("Please: {question}"))
    #expect(try split("{question}") != split("{question} {objects}"))
  }

  /// Held-out records come first whatever the order in which a file names the parts.
  @Test func theOrderOfPartsIsNoPartOfASplit() throws {
    func split(_ parts: String) throws -> StepID? {
      let text = Specs.training().replacing("{heldout: 30, train: 60}", with: parts)
      return try Specs.graph(text).graph.steps.first { $0.kind == .split }?.id
    }
    let expected = try split("{heldout: 10, validation: 5, b: 4, c: 3, train: rest}")
    for parts in [
      "{validation: 5, heldout: 10, b: 4, c: 3, train: rest}", "{train: rest, c: 3, b: 4, validation: 5, heldout: 10}",
    ] {
      #expect(try split(parts) == expected)
    }
    #expect(try split("{heldout: 10, validation: 6, b: 4, c: 3, train: rest}") != expected)
  }

  @Test func inertTextIsInNoStep() throws {
    let plain = try Specs.graph(Specs.evaluating()).graph.steps.map(\.id)
    let other = try Specs.graph("# A comment.\n" + Specs.evaluating(extra: "description: Other words.")).graph.steps
    #expect(other.map(\.id) == plain)
  }

  @Test func everySpecOfTheLanguageCanBePlanned() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("SpecificationTests/Fixtures/specs")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
      .sorted()
    #expect(names.count == 7)
    for name in names {
      let resolved = try SpecificationReader().read(folder.appendingPathComponent(name).path)
      var planner = Planner(context: PlanningContext(digestOfFile: { .sha256($0) }, fingerprint: { _ in nil }))
      let planned = try planner.plan(resolved, name: name)
      #expect(planner.steps.steps.last?.id == planned.table)
      // Weights of a spec that is not there.
      let plan = Plan(graph: planner.steps, index: MemoryIndex())
      let isWhole = !["b-clha.yaml", "d-clair-apo.yaml"].contains(name)
      #expect(plan.blocked.isEmpty == isWhole, "\(name): \(plan.blocked.map(\.step.label))")
      #expect(planner.steps.steps.contains { $0.kind == .train }, "\(name)")
    }
  }
}
