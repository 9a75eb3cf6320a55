// Examples from feedback: their order, their lengths, their number, and where the others went.

import Diagnostics
import LanguageModel
import Planning
import Records
import Specification
import Steps
import Testing

@Suite struct Merging {
  private func part(_ name: String, _ counts: [Int]) -> [FeedbackRecord] {
    counts.enumerated().map { index, count in
      candidates(Array(repeating: name, count: count), name: "\(name)\(index)")
    }
  }

  private func order(_ parts: [[FeedbackRecord]], _ weights: [Double]) -> String {
    Interleaving.merged(parts, weights: weights).flatMap { $0.items.flatMap(\.texts) }.joined()
  }

  @Test func onePartKeepsItsOrder() {
    let records = part("a", [1, 0, 2])
    #expect(Interleaving.merged([records], weights: [1]) == records)
  }

  @Test func partsComeByTheirWeights() {
    let (a, b) = (part("a", [1, 1, 1, 1]), part("b", [1, 1, 1, 1, 1, 1]))
    #expect(order([a, b], [1, 1]) == "abababab" + "bb")
    #expect(order([a, b], [1, 2]) == "abbabbabba")
    #expect(order([a, b], [0.25, 0.75]) == "abbbabbbaa")
    #expect(order([a, []], [1, 5]) == "aaaa")
  }

  @Test func itemsCountNotRecords() {
    #expect(order([part("a", [2, 2]), part("b", [1, 1, 1])], [1, 1]) == "aabbaab")
  }

  @Test func nothingIsLost() {
    for seed in 1..<30 {
      let sizes = (0..<4).map { part in (0..<((seed * (part + 3)) % 9)).map { (seed + $0 * part) % 3 } }
      let parts = sizes.enumerated().map { self.part("p\($0)", $1) }
      let merged = Interleaving.merged(parts, weights: [1, 0.3, 2, Double(seed)])
      #expect(merged.count == sizes.joined().count)
      for (index, part) in parts.enumerated() {
        let ids = Set(part.map(\.id))
        #expect(merged.filter { ids.contains($0.id) }.map(\.id) == part.map(\.id), "part \(index)")
      }
    }
  }
}

@Suite struct Fittings {
  /// `<|im_start|>user\nq a<|im_end|>\n<|im_start|>assistant\n` is 22 tokens of the byte tokenizer; the end is one more.
  private let frame = 22

  private func fitting(
    _ maxLength: Int, cuts: Bool = false, examples: ExampleCount? = nil, turns: String = "chatml"
  ) throws -> Fitting {
    Fitting(
      try SmallSpec(turns: turns).encoder(), maxLength: maxLength, cuts: cuts, examples: examples, label: "fit")
  }

  @Test func whatIsTooLongIsDropped() throws {
    let records = [pairs([("12345", "1"), ("1", "12345"), ("1234", "1")]), candidates(["1234", "12345"], name: "b")]
    let (fitted, cut) = try fitting(frame + 5).fit([records])
    #expect(fitted.map { $0.items.map(\.texts) } == [[["1234", "1"]], [["1234"]]])
    #expect(fitted.map(\.kinds) == [["too-long", "too-long"], ["too-long"]])
    #expect(fitted[0].leftovers[0].reason == "28 tokens, at most 27 are allowed")
    #expect(cut == 0)
    #expect(try fitting(frame + 6).fit([records]).records.allSatisfy { $0.leftovers.isEmpty })
  }

  @Test func promptsAreCutUntilAllFits() throws {
    // The user says `q é a`; five characters, six bytes.
    let record = FeedbackRecord(
      id: id("a"), turns: [Message(.system, "s"), Message(.user, "q é a"), Message(.user, "z")],
      items: [.response(said("12")), .response(said("1234")), .response(said("123456789"))])
    let system = "^system\ns$\n".utf8.count
    let last = "^user\nz$\n".utf8.count
    let bare = "^user\n$\n^assistant\n".utf8.count + system + last
    // With its end, `1234` has room beside `é a` (4 bytes), but not beside ` é a` (5).
    let (fitted, cut) = try fitting(bare + 5 + 4, cuts: true).fit([[record]])
    #expect(fitted[0].turns == [Message(.system, "s"), Message(.user, "é a"), Message(.user, "z")])
    // The longest has no room beside nothing, so nothing is cut for it.
    #expect(fitted[0].items.map(\.texts) == [["12"], ["1234"]])
    #expect(fitted[0].kinds == ["too-long"])
    #expect(cut == 1)
  }

  @Test func promptsOfAnItemsOwnAreCutToo() throws {
    let bare = "^user\n$\n^assistant\n".utf8.count
    let (long, longer) = ([Message(.user, "abcdef")], [Message(.user, "abcdefgh")])
    let record = FeedbackRecord(
      id: id("a"), turns: [Message(.user, "abc")],
      items: [
        .relabeled(said("12"), turns: long, contrast: longer),
        .judged(said("12"), judgment: "no", context: .prompt(longer)),
        .judged(said("12"), judgment: "bad", context: .question(long)),
      ])
    // Two characters of a response and its end leave room for four of a prompt; `bad` for three.
    let (fitted, cut) = try fitting(bare + 3 + 4, cuts: true).fit([[record]])
    let (four, three) = ([Message(.user, "cdef")], [Message(.user, "def")])
    #expect(
      fitted[0].items == [
        .relabeled(said("12"), turns: four, contrast: [Message(.user, "efgh")]),
        .judged(said("12"), judgment: "no", context: .prompt([Message(.user, "efgh")])),
        .judged(said("12"), judgment: "bad", context: .question(three)),
      ])
    #expect(cut == 1 && fitted[0].leftovers.isEmpty && fitted[0].turns == record.turns)
    // Dropped where nothing is cut.
    #expect(try fitting(bare + 3 + 5, cuts: false).fit([[record, candidates(["1"])]]).records[0].kinds.count == 3)
  }

  @Test func whatFitsIsNotCut() throws {
    let (fitted, cut) = try fitting(frame + 6, cuts: true).fit([[candidates(["12345"])]])
    #expect(fitted == [candidates(["12345"])])
    #expect(cut == 0)
    // Without anything left of the prompt it is still too long.
    let (rest, none) = try fitting(frame - 3 + 2, cuts: true).fit([[candidates(["12", "1"])]])
    #expect(rest[0].items.map(\.texts) == [["1"]])
    #expect(rest[0].turns == [Message(.user, "")])
    #expect(rest[0].kinds == ["too-long"])
    #expect(none == 1)
  }

  @Test func aResponseWithoutTokensIsNoExample() throws {
    let records = [candidates(["", "x"])]
    #expect(try fitting(99).fit([records]).records[0].items.count == 2)
    let (raw, _) = try fitting(99, turns: "raw").fit([records])
    #expect(raw[0].items.map(\.texts) == [["x"]])
    #expect(raw[0].kinds == ["empty"])
  }

  @Test func exactlyAsManyAsAskedFor() throws {
    let records = [candidates(["1", "123456", "2"]), candidates([], name: "b"), candidates(["3", "4"], name: "c")]
    let (fitted, _) = try fitting(frame + 3, examples: .exactly(3)).fit([records])
    #expect(fitted.map { $0.items.flatMap(\.texts) } == [["1", "2"], [], ["3"]])
    #expect(fitted.map(\.kinds) == [["too-long"], [], ["surplus"]])
    #expect(
      try fitting(frame + 3, examples: .exactly(1)).fit([records]).records.map(\.kinds) == [
        ["too-long", "surplus"], [], ["surplus", "surplus"],
      ])
  }

  @Test func atMostAsManyAsAskedFor() throws {
    let records = [candidates(["1", "2"]), candidates(["3"], name: "b")]
    let most = try fitting(frame + 3, examples: .atMost(2)).fit([records]).records
    let exact = try fitting(frame + 3, examples: .exactly(2)).fit([records]).records
    #expect(most == exact)
    let all = try fitting(frame + 3, examples: .atMost(9)).fit([records]).records
    #expect(all.map { $0.items.flatMap(\.texts) } == [["1", "2"], ["3"]])
    #expect(all.allSatisfy { $0.leftovers.isEmpty })
    #expect(told { _ = try fitting(frame + 3, examples: .atMost(9)).fit([[]]) }?.hasPrefix("step.no-examples") ?? false)
  }

  @Test func everyPromptGivesAnExampleBeforeAnyGivesTwo() throws {
    let parts = [
      [candidates(["1", "2", "3"], name: "a"), candidates(["4", "5"], name: "b")],
      [candidates(["6", "7"], name: "c"), candidates(["8"], name: "d")],
    ]
    func texts(_ examples: Int, _ weights: [Double]) throws -> [[String]] {
      try fitting(frame + 3, examples: .exactly(examples)).fit(parts, weights: weights).records
        .map { $0.items.flatMap(\.texts) }
    }
    #expect(try texts(4, [1, 1]) == [["1"], ["6"], ["4"], ["8"]])
    // Twice as many of the first part: 1, 6, 4, 2, 8, in this order.
    #expect(try texts(5, [2, 1]) == [["1", "2"], ["6"], ["4"], ["8"]])
    #expect(try texts(8, [1, 1]) == [["1", "2", "3"], ["6", "7"], ["8"], ["4", "5"]])
  }

  @Test func tooFewAreTold() throws {
    let records = [
      candidates(["1", "123456"], leftovers: [Leftover("already-right")]),
      candidates(["2"], name: "b", leftovers: [Leftover("already-right"), Leftover("error")]),
    ]
    #expect(
      told { _ = try fitting(frame + 3, examples: .exactly(3)).fit([records]) }
        == "step.too-few-examples | fit: 3 examples are asked for and there are 2")
    let three = try fitting(frame + 3, examples: .exactly(3))
    let error = #expect(throws: StepError.self) { try three.fit([records]) }
    #expect(
      error?.diagnoses.first?.notes == ["2 items from 2 of 2 prompts; left over: 2 already-right, 1 error, 1 too-long"])
    #expect(error?.diagnoses.first?.remedy == "Ask for fewer, or take more records or more samples.")
  }

  @Test func anEmptyTrainingIsRefused() throws {
    #expect(
      told { _ = try fitting(3).fit([[candidates(["1"])]]) }
        == "step.no-examples | fit: there are no examples, so nothing can be learned or compared")
    #expect(told { _ = try fitting(99).fit([[]]) }?.hasPrefix("step.no-examples") ?? false)
    #expect(told { _ = try fitting(99, examples: .exactly(2)).fit([[]]) }?.hasPrefix("step.no-examples") ?? false)
  }

  @Test func everyItemIsAnExampleOrALeftover() throws {
    for seed in 1..<40 {
      let records = (0..<(seed % 6 + 1)).map { record in
        candidates(
          (0..<((seed + record) % 4)).map { String(repeating: "x", count: (seed * 7 + $0 * 5) % 12) }, name: "\(record)"
        )
      }
      let items = records.reduce(0) { $0 + $1.items.count }
      for cuts in [false, true] {
        guard let (fitted, _) = try? fitting(frame + seed % 9, cuts: cuts, examples: nil).fit([records]) else {
          continue
        }
        let counts = FeedbackCounts(fitted)
        #expect(counts.items + counts["too-long"] + counts["empty"] == items)
        let few = counts.items / 2
        guard few > 0 else { continue }
        let limit = try fitting(frame + seed % 9, cuts: cuts, examples: .exactly(few))
        let limited = FeedbackCounts(try limit.fit([records]).records)
        #expect(limited.items == few)
        #expect(limited.items + limited.leftovers.reduce(0) { $0 + $1.count } == items)
      }
    }
  }
}
