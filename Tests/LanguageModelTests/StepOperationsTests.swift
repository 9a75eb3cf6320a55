// What a step's operations are counted to be, against counts worked by hand.

import LanguageModel
import Testing

@Suite struct StepOperationsTests {
  private static let configuration = DecoderConfiguration(
    blocks: 2, width: 8, feedForward: 16, heads: 2, keyValueHeads: 1, headSize: 4, context: 32, vocabulary: 10,
    ropeBase: 10_000, normEpsilon: 1e-5, ropeStyle: .halfSplit, tied: true, qkvBias: false)

  /// A pair: a prompt of 3 tokens, responses of 2 and 1.
  private static let pair = [
    ScoreRequest(tokens: [1, 2, 3, 4, 5].map { TokenID($0) }, from: 3),
    ScoreRequest(tokens: [1, 2, 3, 6].map { TokenID($0) }, from: 3),
  ]

  @Test func aPromptRunsOnceAndTheHeadReadsResponses() throws {
    let operations = try StepOperations([Self.pair], Self.configuration, .full)
    // Rows: the prompt's 3, and the first response's first token; the last of each sequence predicts nothing.
    #expect(operations.rows == 4)
    // Of the prompt's end and of the first response's first token.
    #expect(operations.headRows == 2)
    // A block's weights: 8·(8 + 4 + 4) + 8·8 + 3·8·16 = 576. Positions seen: 1 + 2 + 3 + 4 = 10.
    let body: Double = 2 * 2 * 576 * 4
    let attention: Double = 2 * 4 * 8 * 10
    let head: Double = 2 * 8 * 10 * 2
    #expect(operations.forward == body + attention + head)
    #expect(operations.backward == 2 * (body + attention + head))
    #expect(operations.merging == 0)
  }

  @Test func frozenWeightsHaveNoGradients() throws {
    let part = TrainedPart.lowRank(LowRank(rank: 2, scale: 1, targets: [.attentionKey, .feedForwardDown]))
    let operations = try StepOperations([Self.pair, Self.pair], Self.configuration, part)
    #expect(operations.rows == 8)
    // The way back through every matrix but the first block's first, twice the attention, and the head.
    let body: Double = 2 * 2 * 576 * 8 - 2 * 128 * 8
    let attention: Double = 2 * 2 * 4 * 8 * 20
    let head: Double = 2 * 8 * 10 * 4
    // Keys 4 × 8, down 8 × 16: A and B on the way back, and a gradient of each, 36 rows and columns; merged once.
    let thin: Double = 2 * 4 * 8 * 2 * 36
    let backward: Double = body + attention + head + thin
    #expect(operations.backward == backward)
    let merging: Double = 2 * 2 * 2 * 160
    #expect(operations.merging == merging)
    #expect(operations.total == operations.forward + operations.backward + operations.merging)
  }

  @Test func dropoutHasAWayOfItsOwn() throws {
    var options = LowRank(rank: 2, scale: 1, targets: [.attentionKey, .feedForwardDown])
    let merged = try StepOperations([Self.pair], Self.configuration, .lowRank(options))
    options.dropout = 0.1
    let beside = try StepOperations([Self.pair], Self.configuration, .lowRank(options))
    #expect(beside.merging == 0)
    // Forward A and B beside both matrices, 36 rows and columns; back as many products as before, Bᵀ dY and its way through
    // A in the place of x Aᵀ, which is known; below the first block's keys, 8 columns, nothing asks for one.
    let thin: Double = 2 * 4 * 2 * 36
    #expect(beside.forward == merged.forward + 2 * thin)
    let unasked: Double = 2 * 4 * 2 * 8
    #expect(beside.backward == merged.backward - unasked)
  }
}
