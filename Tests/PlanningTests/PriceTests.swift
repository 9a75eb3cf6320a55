// What a plan says of the cost of steps that cannot run.

import Planning
import Specification
import Testing

@Suite struct Prices {
  private static func spec(_ old: String = "", _ new: String = "") -> String {
    let text = """
      version: 1
      models:
        policy: {weights: {gguf: {sha256: unknown, from: [{path: m.gguf}]}}, turns: chatml, system: none}
        teacher: {weights: {endpoint: {url: "https://a.example/v1", model: big}}}
      datasets:
        prompts: {source: {jsonl: {sha256: unknown, from: [{path: p.jsonl}]}}, prompt: "{p}"}
      data: prompts
      generator: {sample: {samples: 3}}
      reviser: [{minimal-revision: {by: {model: teacher}}}]
      objective: {dpo: {beta: unknown}}
      hyperparameters:
        {adapter: unknown, optimizer: {adamw: {learning-rate: 1.0e-5}}, batch: {examples: 8}, epochs: 2, examples: 100}
      evals: {overlap: {pair-statistics: {}}}
      expect:
        {response-tokens: 10, prompt-tokens: 5, records: {prompts: 1000}, prices: {teacher: {prompt: 10, response: 30}}}
      """
    return old.isEmpty ? text : text.replacing(old, with: new)
  }

  private static func price(_ spec: String) throws -> PlanPrice {
    Plan(graph: try Specs.graph(spec).graph, index: MemoryIndex()).price
  }

  /// A thousand prompts get three responses each, of which the teacher revises every one, and reads it for that.
  @Test func requestsTokensAndMoneyAreCounted() throws {
    let price = try Self.price(Self.spec())
    #expect(price.generations.map(\.model) == [nil, "big"])
    #expect(price.generations.map(\.steps) == [1, 1])
    #expect(price.generations.map(\.responses) == [3000, 3000])
    #expect(price.generations.map { $0.tokens?.prompt } == [15_000, 45_000])
    #expect(price.generations.map { $0.tokens?.response } == [30_000, 30_000])
    #expect(price.generations.map(\.money) == [nil, 1.35])
    // A hundred pairs, twice: each a prompt and two responses.
    #expect(price.trainings.steps == 1 && price.trainings.tokens == 5000)
  }

  /// Nobody pays for more than a response may have: the teacher reads what was written in full, and writes four tokens.
  @Test func responsesHaveNoMoreTokensThanTheyMay() throws {
    let price = try Self.price(Self.spec("{model: teacher}}", "{model: teacher}, max-new-tokens: 4}"))
    #expect(price.generations.map { $0.tokens?.prompt } == [15_000, 45_000])
    #expect(price.generations.map { $0.tokens?.response } == [30_000, 12_000])
    #expect(price.generations.map(\.money) == [nil, 0.81])
  }

  /// Decoding that a paper does not tell stops nobody from planning, and is told as what the step lacks.
  @Test func unknownDecodingIsPlannedAndPriced() throws {
    let settings = "samples: 3, temperature: unknown, max-new-tokens: unknown"
    let graph = try Specs.graph(Self.spec("samples: 3", settings).replacing("sha256: unknown", with: Self.known)).graph
    let plan = Plan(graph: graph, index: MemoryIndex())
    #expect(plan.price.generations.map(\.responses) == [3000, 3000])
    #expect(plan.price.generations.map { $0.tokens?.response } == [30_000, 30_000])
    let told = plan.steps.filter { $0.step.label.hasPrefix("unknown generator.sample.") }
    #expect(
      told.map(\.state) == [
        .blocked(.unknownSetting("generator.sample.max-new-tokens")),
        .blocked(.unknownSetting("generator.sample.temperature")),
      ])
    let generation = try #require(plan.steps.first { $0.step.label.contains("T unknown, seed ") })
    #expect(generation.state == .blocked(.behind(told[0].step.id)))
  }

  private static let known = "sha256: \(String(repeating: "0", count: 64))"

  @Test func whatIsNotExpectedIsNotPriced() throws {
    let unexpected = try Self.price(Self.spec("records: {prompts: 1000}, ", ""))
    #expect(unexpected.generations.isEmpty)
    let uncounted = try Self.price(Self.spec("prompt-tokens: 5, ", ""))
    #expect(uncounted.generations.map(\.responses) == [3000, 3000])
    #expect(uncounted.generations.allSatisfy { $0.tokens == nil && $0.money == nil })
    #expect(uncounted.trainings.steps == 0)
    #expect(try Self.price(Self.spec("epochs: 2", "epochs: unknown")).trainings.steps == 0)
    #expect(try Self.price(Self.spec("{dpo: {beta: unknown}}", "{sft: {}}")).trainings.tokens == 3000)
  }
}
