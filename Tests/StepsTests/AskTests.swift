// What a model is asked about responses.

import JSON
import Planning
import Records
import Specification
import Steps
import Testing

@Suite struct Asking {
  private let records = SourceRecord.identified(questions(2))

  private func candidates(_ index: Int, _ items: [FeedbackItem]) -> FeedbackRecord {
    FeedbackRecord(id: records[index].id, turns: [], items: items)
  }

  @Test func onePromptForEachItem() throws {
    let prompt = Prompt.text(try Template("{style}: {question} {response}"))
    let asker = Asker(prompt, variables: Named([.init("style", "Grade")]), label: "ask")
    let prompts = try asker.prompts(
      about: [
        candidates(0, [.response(said("2")), .response(said("{answer}"))]), candidates(1, [.response(said(""))]),
      ], of: records)
    #expect(
      prompts == [
        RenderedPrompt(id: records[0].id, turns: [Message(.user, "Grade: What comes after 1? 2")]),
        RenderedPrompt(id: records[0].id, turns: [Message(.user, "Grade: What comes after 1? {answer}")]),
        RenderedPrompt(id: records[1].id, turns: [Message(.user, "Grade: What comes after 2? ")]),
      ])
    #expect(Set(PromptIdentity.all(of: prompts).map(\.key)).count == 3)
  }

  @Test func judgmentsAreKnownToo() throws {
    let asker = Asker(.text(try Template("{response}{#judgment}: {judgment}{/judgment}")), label: "ask")
    let items: [FeedbackItem] = [.judged(said("2"), judgment: "too low"), .judged(said("3"), judgment: nil)]
    let prompts = try asker.prompts(about: [candidates(0, items)], of: Array(records.prefix(1)))
    #expect(prompts.map { $0.turns[0].text } == ["2: too low", "3"])
  }

  @Test func thePromptItselfIsKnown() throws {
    let prompt = Prompt.text(try Template("{asked} / {response}"))
    func asked(_ asker: Asker, _ turns: [Message], _ record: SourceRecord) throws -> String {
      let candidate = FeedbackRecord(id: record.id, turns: turns, items: [.response(said("2"))])
      return try asker.prompts(about: [candidate], of: [record])[0].turns[0].text
    }
    let turns = [Message(.user, "Hi."), Message(.assistant, "Hello."), Message(.user, "And {so}?")]
    let plain = Asker(prompt, label: "ask")
    #expect(try asked(plain, [turns[0]], records[0]) == "Hi. / 2")
    #expect(try asked(plain, turns, records[0]) == "User: Hi.\n\nAssistant: Hello.\n\nUser: And {so}? / 2")
    // What the spec or the data call by that name is theirs.
    let variable = Asker(prompt, variables: Named([.init("asked", "bound")]), label: "ask")
    #expect(try asked(variable, turns, records[0]) == "bound / 2")
    let own = SourceRecord.identified([JSONObject([JSONMember("asked", .string("field"))])])[0]
    #expect(try asked(plain, turns, own) == "field / 2")
  }

  @Test func twoResponsesInBothOrders() throws {
    var asker = Asker(.text(try Template("1: {first} 2: {second}")), label: "ask")
    asker.compares = true
    let pair: [FeedbackItem] = [.response(said("a")), .response(said("b"))]
    let prompts = try asker.prompts(about: [candidates(0, pair), candidates(1, [pair[0]])], of: records)
    #expect(prompts.map { $0.turns[0].text } == ["1: a 2: b", "1: b 2: a"])
    #expect(prompts.map(\.id) == [records[0].id, records[0].id])
  }

  @Test func aMissingFieldIsTold() throws {
    let asker = Asker(.text(try Template("{rubric} {response}")), label: "ask data")
    #expect(
      told { _ = try asker.prompts(about: [candidates(0, [.response(said("2"))])], of: records) }
        == "step.missing-field | ask data: record 1 has no field `rubric`")
  }
}
