// Responses to other prompts: whose they are; drawn, that each is as likely as the next; rotated, against batches by hand.

import Planning
import Records
import Steps
import Testing
import Training

@Suite struct Partners {
  private let examples = [
    pairs([("a1", "a2"), ("a3", "a4")], name: "a"), candidates([], name: "b"), candidates(["c1"], name: "c"),
    candidates(["d1", "d2"], name: "d"),
  ]

  @Test func everyResponseGetsOneOfAnotherRecord() throws {
    let partners = try PartnerStep.drawn(for: examples, seed: 1, label: "partner")
    #expect(partners.map(\.id) == examples.map(\.id))
    #expect(partners.map(\.turns) == examples.map(\.turns))
    #expect(partners.map(\.items.count) == [4, 0, 1, 2])
    for (record, own) in zip(partners, examples) {
      let texts = own.items.flatMap(\.texts)
      for item in record.items {
        guard case .response(let response) = item else { throw NoSuchStep(kind: .partner) }
        #expect(!texts.contains(response.text))
      }
    }
  }

  @Test func everyOtherResponseIsDrawnEquallyOften() throws {
    var drawn: [String: Int] = [:]
    for seed in 0..<3000 {
      let partners = try PartnerStep.drawn(for: examples, seed: seed, label: "partner")
      drawn[partners[2].items[0].responses[0].text, default: 0] += 1
    }
    // 6 others, 3000 draws: 500 each, give or take 5 standard deviations of 20.4.
    #expect(drawn.keys.sorted() == ["a1", "a2", "a3", "a4", "d1", "d2"])
    #expect(drawn.values.allSatisfy { (398...602).contains($0) }, "\(drawn)")
  }

  @Test func aDrawIsItsSeedAndItsRecord() throws {
    let one = try PartnerStep.drawn(for: examples, seed: 1, label: "partner")
    #expect(try PartnerStep.drawn(for: examples, seed: 1, label: "other") == one)
    #expect(try (2..<9).contains { try PartnerStep.drawn(for: examples, seed: $0, label: "partner") != one })
    // Who stands beside whom in the file changes the pool's order, but no record's stream.
    let twice = try PartnerStep.drawn(for: examples + [examples[2]], seed: 1, label: "partner")
    #expect(twice[2] == twice[4])
    #expect(twice[2].items[0].responses[0].text != "c1")
  }

  @Test func recordsWithEqualPromptsAreNoPartners() throws {
    let twin = FeedbackRecord(id: id("z"), turns: examples[2].turns, items: [.response(said("z1"))])
    for seed in 0..<50 {
      let partners = try PartnerStep.drawn(for: examples + [twin], seed: seed, label: "partner")
      #expect(!["c1", "z1"].contains(partners[4].items[0].responses[0].text))
      #expect(!["c1", "z1"].contains(partners[2].items[0].responses[0].text))
    }
    let alone = [examples[2], twin]
    #expect(told { _ = try PartnerStep.drawn(for: alone, seed: 1, label: "partner") }?.contains("no-partner") == true)
  }

  @Test func oneRecordHasNoPartner() {
    let message = "step.no-partner | partner: all examples belong to one record, so no response answers another prompt"
    for examples in [[examples[0]], [examples[0], examples[0]], [examples[1]], []] {
      #expect(told { _ = try PartnerStep.drawn(for: examples, seed: 1, label: "partner") } == message)
    }
  }

  // MARK: - Rotation

  /// By record, the texts of its partners in order.
  private func rotated(_ order: BatchOrder) throws -> [[String]] {
    let partners = try PartnerStep.rotated(examples, label: "partner") { count in
      #expect(count == 5)
      return order
    }
    #expect(partners.map(\.id) == examples.map(\.id) && partners.map(\.turns) == examples.map(\.turns))
    return partners.map { $0.items.flatMap(\.texts) }
  }

  /// Items by number: 0 (a1, a2), 1 (a3, a4), 2 c1, 3 d1, 4 d2.
  @Test func thePartnerIsTheResponseBeforeInTheBatch() throws {
    // First responses, then second ones: d1 a1 a3 a2 a4 gives a4 d1 a1 a3 a2; d2 c1 gives c1 d2.
    #expect(
      try rotated(BatchOrder(batches: [[3, 0, 1], [4, 2]])) == [["d1", "a3", "a1", "a2"], [], ["d2"], ["a4", "c1"]])
    // a1 a3 c1 d1 a2 a4 gives a4 a1 a3 c1 d1 a2; alone in the last batch, d2 has only itself, as in TRL.
    #expect(
      try rotated(BatchOrder(batches: [[0, 1, 2, 3], [4]])) == [["a4", "d1", "a1", "a2"], [], ["a3"], ["c1", "d2"]])
    // A pair alone: its two responses change places.
    #expect(
      try rotated(BatchOrder(batches: [[0], [1, 2], [3, 4]])) == [["a2", "a1", "a4", "c1"], [], ["a3"], ["d2", "d1"]])
  }

  @Test func everyEpochThatBeginsHasPartnersOfItsOwn() throws {
    func order(_ epochs: Double, limit: Int? = nil, seed: UInt64 = 3) -> BatchOrder {
      BatchOrder(examples: 5, batch: 2, epochs: epochs, seed: seed, limit: limit)
    }
    let all = examples.flatMap { $0.items.flatMap(\.texts) }.sorted()
    let two = try rotated(order(1.5))
    #expect(two.map(\.count) == [8, 0, 2, 4])
    var epochs: [[[String]]] = []
    for epoch in 0..<2 {
      let own = two.map { Array($0[$0.count / 2 * epoch..<$0.count / 2 * (epoch + 1)]) }
      #expect(own.joined().sorted() == all)
      let batches = (0..<3).map { order(1.5).batch(at: 3 * epoch + $0) }
      #expect(try rotated(BatchOrder(batches: batches)) == own)
      epochs.append(own)
    }
    #expect(epochs[0] != epochs[1])
    #expect(try rotated(order(1)) == epochs[0] && rotated(order(9, limit: 3)) == epochs[0])
    #expect(try rotated(order(0.2)) == epochs[0] && rotated(order(9, limit: 4)) == two)
    #expect(try rotated(order(1.5, seed: 4)) != two)
  }

  @Test func oneRecordHasNoNeighbor() {
    let message = "step.no-partner | partner: all examples belong to one record, so no response answers another prompt"
    for examples in [[examples[0]], [examples[0], examples[0]], [examples[1]], []] {
      let found = told {
        _ = try PartnerStep.rotated(examples, label: "partner") {
          BatchOrder(examples: $0, batch: 2, epochs: 1, seed: 1)
        }
      }
      #expect(found == message)
    }
  }
}
