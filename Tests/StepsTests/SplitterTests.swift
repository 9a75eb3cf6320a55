// Who goes into which part: what moves nobody, what stays together, what cannot be.

import Diagnostics
import JSON
import Planning
import Steps
import Testing

@Suite struct Splitting {
  private let records = questions(40)

  @Test func everyRecordIsInOnePart() throws {
    let parts = try SmallSpec(split: "{heldout: 10, validation: {fraction: 0.25}, train: rest}").parts(of: records)
    #expect(parts.mapValues(\.count) == ["heldout": 10, "validation": 10, "train": 20])
    #expect(Set(parts.values.joined()).count == 40)
  }

  @Test func aFractionIsRoundedDown() throws {
    let parts = try SmallSpec(split: "{heldout: {fraction: 0.3}, train: rest}").parts(of: questions(11))
    #expect(parts.mapValues(\.count) == ["heldout": 3, "train": 8])
  }

  @Test(arguments: [
    "{heldout: 10}", "{heldout: 10, train: 5}", "{heldout: 10, train: 30}", "{heldout: 10, train: rest}",
  ])
  func trainMovesNobodyElse(split: String) throws {
    let parts = try SmallSpec(split: split).parts(of: records)
    #expect(parts["heldout"] == (try SmallSpec(split: "{heldout: 10, train: 20}").parts(of: records))["heldout"])
  }

  @Test func aLargerTrainBeginsWithTheSmaller() throws {
    let small = try #require(try SmallSpec(split: "{heldout: 10, train: 7}").parts(of: records)["train"])
    for size in ["12", "30", "rest"] {
      let large = try #require(try SmallSpec(split: "{heldout: 10, train: \(size)}").parts(of: records)["train"])
      #expect(Array(large.prefix(7)) == small)
    }
  }

  @Test func aFurtherPartMovesNobodyBeforeIt() throws {
    let one = try SmallSpec(split: "{heldout: 10, train: 12}").parts(of: records)
    let two = try SmallSpec(split: "{heldout: 10, validation: 8, train: 12}").parts(of: records)
    #expect(one["heldout"] == two["heldout"])
    #expect(one["train"] == two["train"])
    #expect(Set(two.values.joined()).count == 30)
  }

  @Test func anAnswerMovesNobody() throws {
    var changed = records
    for index in changed.indices { changed[index]["answer"] = .integer(Int64(7 * index)) }
    #expect(try SmallSpec().parts(of: changed) == (try SmallSpec().parts(of: records)))
  }

  /// The last turn of a dialogue is the response, so dialogues that differ in nothing else have equal prompts.
  @Test func aReplyMovesNobody() throws {
    let spec = SmallSpec(
      prompt: "{conversation: {field: chosen, format: human-assistant, up-to: last-assistant}}",
      split: "{heldout: 20, train: rest}")
    let records = (0..<60).map { number in
      JSONObject([
        JSONMember("chosen", .string("\n\nHuman: Question \(number / 3)?\n\nAssistant: Reply \(number).")),
        JSONMember("question", .string("\(number / 3)")),
      ])
    }
    let parts = try spec.parts(of: records)
    let shared = Set(parts["heldout"] ?? []).intersection(parts["train"] ?? [])
    #expect(parts["heldout"]?.count == 20 && shared.isEmpty, "\(shared)")
  }

  @Test func theOrderOfTheFileMovesNobody() throws {
    let split = SmallSpec(split: "{heldout: 10, validation: 3, train: 12}")
    let turned = Array(records.reversed())
    #expect(try split.parts(of: turned) == (try split.parts(of: records)))
    #expect(try split.parts(of: Array(records[17...] + records[..<17])) == (try split.parts(of: records)))
  }

  @Test func aNewRecordMovesAtMostOneOutOfAPart() throws {
    let before = Set(try #require(try SmallSpec(split: "{heldout: 10}").parts(of: records)["heldout"]))
    for count in 41...60 {
      let more = questions(count).filter { $0["question"] == questions(count).last?["question"] }
      let after = Set(try #require(try SmallSpec(split: "{heldout: 10}").parts(of: records + more)["heldout"]))
      #expect(before.subtracting(after).count == after.subtracting(before).count)
      #expect(before.subtracting(after).count <= 1)
    }
  }

  @Test func equalPromptsStayTogether() throws {
    // Thirty prompts, each with two answers: ten of them in the first part, whole.
    var doubled: [JSONObject] = []
    for record in questions(30) {
      var other = record
      other["answer"] = .string("none")
      doubled += [record, other]
    }
    let parts = try SmallSpec(split: "{heldout: 20, train: rest}").parts(of: doubled)
    let heldout = try #require(parts["heldout"])
    #expect(Set(heldout).count == 10)
    #expect(Set(heldout).isDisjoint(with: Set(try #require(parts["train"]))))
  }

  @Test func recordsThatSayTheSameInTheirPromptStayTogether() throws {
    // Null, nothing and no field say the same in `{#note}…{/note}`, and so do 5 and "5".
    let notes: [JSONValue?] = [.null, .string(""), nil]
    let sames = (0..<12).flatMap { number in
      notes.enumerated().map { index, note in
        JSONObject(
          [
            JSONMember("question", index == 0 ? .integer(Int64(number)) : .string("\(number)")),
            JSONMember("name", .string("\(number)")),
          ]
            + (note.map { [JSONMember("note", $0)] } ?? []))
      }
    }
    let spec = SmallSpec(prompt: #""{question}{#note} {note}{/note}""#, split: "{heldout: 9, train: rest}")
    let parts = try spec.parts(of: sames, reading: "name")
    func said(_ part: String) throws -> [String] { try #require(parts[part]) }
    #expect(Set(try said("heldout")).count == 3)
    #expect(Set(try said("heldout")).isDisjoint(with: try said("train")))
  }

  @Test func aCutGroupGivesItsOtherRecordsToNobody() throws {
    let same = Array(repeating: questions(1)[0], count: 5)
    let parts = try SmallSpec(split: "{heldout: 3, train: rest}").parts(of: same)
    #expect(parts.mapValues(\.count) == ["heldout": 3, "train": 0])
  }

  private static let families = (1...24).map { number in
    JSONObject([
      JSONMember("question", .string("Family \(number % 6)? Version \(number)")),
      JSONMember("family", .string("f\(number % 6)")), JSONMember("answer", .integer(1)),
    ])
  }

  @Test(arguments: [#""{family}""#, "{field: family}", #"{field: question, until: "?"}"#])
  func groupsStayTogether(grouping: String) throws {
    let split = "{heldout: 8, train: rest, group-by: \(grouping)}"
    let parts = try SmallSpec(split: split).parts(of: Self.families, reading: "family")
    let heldout = try #require(parts["heldout"])
    #expect(heldout.count == 8)
    #expect(Set(heldout).count == 2)
    #expect(Set(heldout).isDisjoint(with: Set(try #require(parts["train"]))))
  }

  /// Each question in four spellings, which only what is ignored tells apart.
  @Test(arguments: [
    #"{ignore: [case, space, punctuation]}"#, #"{field: question, ignore: [case, space, punctuation]}"#,
    #"{field: question, until: "zz", ignore: [punctuation, case, space]}"#,
  ])
  func spellingsOfOnePromptStayTogether(grouping: String) throws {
    let names = ["one", "two", "three", "four", "five", "six"]
    let records = names.flatMap { name in
      ["Where is \(name)?", "where is \(name)", "Where is \(name.uppercased())!", "Where  is, \(name) ?"].map { text in
        JSONObject([
          JSONMember("question", .string(text)), JSONMember("family", .string(name)), JSONMember("answer", .integer(1)),
        ])
      }
    }
    let whole = try SmallSpec(split: "{heldout: 8, train: rest, group-by: \(grouping)}").parts(
      of: records, reading: "family")
    let heldout = Set(try #require(whole["heldout"]))
    #expect(heldout.count == 2)
    #expect(heldout.isDisjoint(with: Set(try #require(whole["train"]))))
    // Without it they are records like others.
    let plain = try SmallSpec(split: "{heldout: 8, train: rest}").parts(of: records, reading: "family")
    #expect(Set(try #require(plain["heldout"])).count > 2)
  }

  @Test func aLineEndOfTwoCharactersEndsALine() throws {
    let records = (1...12).map { number in
      JSONObject([
        JSONMember("question", .string("Family \(number % 3)\r\nVersion \(number)")), JSONMember("answer", .integer(1)),
      ])
    }
    let parts = try SmallSpec(split: #"{heldout: 4, train: rest, group-by: {field: question, until: "\n"}}"#).parts(
      of: records)
    #expect(Set(try #require(parts["heldout"]).map { $0.utf8.prefix(8).map { $0 } }).count == 1)
  }

  @Test func aGroupThatSharesAPromptWithAnotherIsOneWithIt() throws {
    func made(_ family: String, _ question: String) -> JSONObject {
      JSONObject([
        JSONMember("question", .string(question)), JSONMember("family", .string(family)),
        JSONMember("answer", .integer(1)),
      ])
    }
    // a and b share the prompt "two", so all four are one group.
    let chained = [made("a", "one"), made("a", "two"), made("b", "two"), made("b", "three")]
    for extra in 0..<8 {
      let records = chained + (0..<extra).map { made("other \($0)", "question \($0)") }
      let parts = try SmallSpec(split: #"{heldout: 1, train: rest, group-by: "{family}"}"#).parts(
        of: records, reading: "family")
      let cut = try #require(parts["heldout"]).contains { ["a", "b"].contains($0) }
      #expect(try #require(parts["train"]).count { ["a", "b"].contains($0) } == (cut ? 0 : 4))
    }
  }

  @Test func recordsLeftOverOfAGroupAreCounted() throws {
    let step = try SmallSpec(split: "{heldout: 3, train: 3}").step(.split)
    guard case .split(let work) = step.work else { throw NoSuchStep(kind: .split) }
    let splitter = Splitter(work, label: step.label, place: step.places)
    // Four groups of two records with equal prompts: each part needs one group and half of another.
    let doubled = (0..<8).map { JSONObject([JSONMember("question", .string("question \($0 / 2)"))]) }
    let division = try splitter.division(of: doubled)
    #expect(division.parts.map(\.records.count) == [3, 3])
    #expect(division.cut == 2)
    let warning = try #require(splitter.warning(of: division))
    #expect(warning.severity == .warning && warning.message.contains("2 records are in no part"))
    let whole = try splitter.division(of: records)
    #expect(whole.cut == 0 && splitter.warning(of: whole) == nil)
  }

  @Test func tooFewRecordsAreToldWithTheLine() throws {
    #expect(
      told { _ = try SmallSpec(split: "{heldout: 30, validation: 20, train: rest}").parts(of: records) }
        == "step.too-few-records | split data: `validation` asks for 20 records and 10 are left | line 12")
    #expect(
      told { _ = try SmallSpec(split: "{heldout: 30, train: 11}").parts(of: records) }
        == "step.too-few-records | split data: `train` asks for 11 records and 10 are left | line 12")
  }

  @Test func aMissingGroupFieldIsToldWithTheRecord() throws {
    #expect(
      told { _ = try SmallSpec(split: #"{heldout: 3, train: rest, group-by: "{family}"}"#).parts(of: records) }
        == "step.missing-field | split data: record 1 has no field `family` | line 12")
    var some = Self.families
    some[4]["family"] = nil
    #expect(
      told { _ = try SmallSpec(split: "{heldout: 3, train: rest, group-by: {field: family}}").parts(of: some) }
        == "step.missing-field | split data: record 5 has no field `family` | line 12")
  }

  @Test func aLimitTakesTheFirstOfEachPart() throws {
    guard case .split(let work) = try SmallSpec().step(.split, limit: 4).work else {
      Issue.record("no split")
      return
    }
    #expect(work.limit == 4)
    #expect(try Splitter(work, label: "split data").division(of: records).parts.map(\.records.count) == [3, 37])
    let splitter = Splitter(work, label: "split data")
    let limited = splitter.limited(try splitter.division(of: records).parts)
    #expect(limited.map(\.name) == ["heldout", "train"])
    #expect(limited.map(\.records.count) == [3, 4])
    #expect(
      limited[1].records == Array(try splitter.division(of: records).parts[1].records.prefix(4)))
  }
}
