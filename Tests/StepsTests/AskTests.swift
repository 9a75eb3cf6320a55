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

  @Test func aMissingFieldIsTold() throws {
    let asker = Asker(.text(try Template("{rubric} {response}")), label: "ask data")
    #expect(
      told { _ = try asker.prompts(about: [candidates(0, [.response(said("2"))])], of: records) }
        == "step.missing-field | ask data: record 1 has no field `rubric`")
  }
}
