// Responses to other prompts: whose they are, and that each is as likely as the next.

import Planning
import Records
import Steps
import Testing

@Suite struct Partners {
  private let examples = [
    pairs([("a1", "a2"), ("a3", "a4")], name: "a"), candidates([], name: "b"), candidates(["c1"], name: "c"),
    candidates(["d1", "d2"], name: "d"),
  ]

  @Test func everyResponseGetsOneOfAnotherRecord() throws {
    let partners = try PartnerStep.partners(of: examples, seed: 1, label: "partner")
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
      let partners = try PartnerStep.partners(of: examples, seed: seed, label: "partner")
      drawn[partners[2].items[0].responses[0].text, default: 0] += 1
    }
    // 6 others, 3000 draws: 500 each, give or take 5 standard deviations of 20.4.
    #expect(drawn.keys.sorted() == ["a1", "a2", "a3", "a4", "d1", "d2"])
    #expect(drawn.values.allSatisfy { (398...602).contains($0) }, "\(drawn)")
  }

  @Test func aDrawIsItsSeedAndItsRecord() throws {
    let one = try PartnerStep.partners(of: examples, seed: 1, label: "partner")
    #expect(try PartnerStep.partners(of: examples, seed: 1, label: "other") == one)
    #expect(try (2..<9).contains { try PartnerStep.partners(of: examples, seed: $0, label: "partner") != one })
    // Who stands beside whom in the file changes the pool's order, but no record's stream.
    let twice = try PartnerStep.partners(of: examples + [examples[2]], seed: 1, label: "partner")
    #expect(twice[2] == twice[4])
    #expect(twice[2].items[0].responses[0].text != "c1")
  }

  @Test func oneRecordHasNoPartner() {
    let message = "step.no-partner | partner: all examples belong to one record, so no response answers another prompt"
    for examples in [[examples[0]], [examples[0], examples[0]], [examples[1]], []] {
      #expect(told { _ = try PartnerStep.partners(of: examples, seed: 1, label: "partner") } == message)
    }
  }
}
