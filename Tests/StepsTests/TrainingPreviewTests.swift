// What a preview says of responses that a model wrote: cut off ones, other tokens than were written, judgments.

import LanguageModel
import Planning
import Records
import Steps
import Testing

@Suite struct TrainingPreviewTests {
  private func preview(_ objective: String, _ records: [FeedbackRecord], count: Int = 9) throws -> TrainingPreview {
    var spec = SmallSpec()
    spec.extra = [
      "data: data/train", "generator: {recorded: {responses: [\"{answer}\", \"no\"]}}",
      "reviser: [{judge: {by: verifier}}]", "objective: \(objective)",
      "hyperparameters:", "  adapter: {lora: {rank: 2, alpha: 4}}", "  optimizer: {adamw: {learning-rate: 1.0e-3}}",
      "  batch: {examples: 8}", "  epochs: 1",
    ]
    guard case .train(let work) = try spec.step(.train).work else { throw NoSuchStep(kind: .train) }
    return try TrainingPreview(
      first: count, of: work, records: records, reference: nil, tokenizer: .byteLevel, label: "train")
  }

  private func record(_ items: [FeedbackItem]) -> FeedbackRecord {
    FeedbackRecord(id: id("a"), turns: [Message(.user, "q")], items: items)
  }

  @Test func aResponseThatWasCutOffHasNoEndOfTurn() throws {
    let preview = try preview(
      "{sft: {}}", [record([.response(said("ab", .length, tokens: 2)), .response(said("ab", .stop, tokens: 3))])])
    let (cut, whole) = (preview.examples[0].responses[0], preview.examples[1].responses[0])
    #expect(cut.tokens.map(\.endsTurn) == [false, false])
    #expect(whole.tokens.map(\.endsTurn) == [false, false, true])
    #expect(cut.label == .response)
    // One batch with 2 + 3 tokens.
    #expect((cut.tokens + whole.tokens).allSatisfy { $0.weight == -0.2 })
    #expect(preview.retokenized.count == 0)
    #expect(cut.written == nil)
  }

  @Test func otherTokensThanTheModelWroteAreCounted() throws {
    let preview = try preview(
      "{sft: {}}", [record([.response(said("ab", tokens: 2)), .response(said("ab", tokens: 3))])])
    #expect(preview.retokenized.count == 1)
    #expect(preview.retokenized.of == 2)
    #expect(preview.examples.map { $0.responses[0].written } == [2, nil])
  }

  @Test func judgedResponsesAreGoodOrBadAndOnlyTheGoodOnesAreImitated() throws {
    let records = [record([.judged(said("a"), judgment: nil), .judged(said("b"), judgment: "wrong")])]
    let sft = try preview("{sft: {}}", records)
    #expect(sft.examples.map { $0.responses[0].label } == [.good, .bad])
    #expect(sft.examples.map { $0.responses[0].isTrained } == [true, false])
    // N is the good one's two tokens.
    #expect(sft.examples[0].responses[0].tokens.map(\.weight) == [-0.5, -0.5])
    #expect(sft.examples[1].responses[0].tokens.map(\.weight) == [nil, nil])
    // ∓β/4 over two responses: ∓0.1/4/2.
    let kto = try preview("{kto: {beta: 0.1}}", records)
    #expect(kto.examples.map { $0.responses[0].tokens[0].weight } == [-0.0125, 0.0125])
  }

  @Test func onlyTheFirstAreShownAndAllAreCounted() throws {
    let preview = try preview("{dpo: {beta: 0.1}}", [pairs([("a", "b"), ("c", "d"), ("e", "f")])], count: 2)
    #expect(preview.examples.map(\.number) == [1, 2])
    #expect(preview.count == 3)
    // ∓β/2 over three pairs.
    let weights = preview.examples[0].responses.map { $0.tokens[0].weight ?? 0 }
    #expect(abs(weights[0] + 0.05 / 3) < 1e-15 && abs(weights[1] - 0.05 / 3) < 1e-15)
  }
}
