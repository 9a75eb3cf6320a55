// What is wrong with single records is told with the record, and with the line of the data file where that is known.

import Foundation
import Testing

@Suite struct TellingRecords {
  private func told(_ experiment: SmallExperiment, data: String) throws -> String {
    let space = try TestSpace()
    try space.write(experiment.spec, to: "small.yaml")
    try space.write(data, to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    return outcome.errors
  }

  @Test func tooManyOptionsAreToldWithRecordAndLine() throws {
    var experiment = SmallExperiment()
    experiment.prompt = "{question}{options}"
    experiment.dataset = "options: {letters: \"(A)\", order: given}"
    let options = (1...34).map { "\"o\($0)\"" }.joined(separator: ",")
    let line = "{\"question\":\"q\",\"options\":[\(options)],\"answer\":\"o1\"}\n"
    let text = try told(experiment, data: String(repeating: line, count: 20))
    #expect(
      text.contains("small.yaml:12:13: error: render numbers/heldout: record 1: 34 options are more than"), "\(text)")
    #expect(text.contains("The record: {\"answer\":\"o1\",\"options\":["), "\(text)")
  }

  @Test func aRecordWithoutOptionsIsShownAtThePrompt() throws {
    var experiment = SmallExperiment()
    experiment.eval = "{choice: {on: numbers/heldout}}"
    let text = try told(experiment, data: experiment.data)
    #expect(text.contains("small.yaml:12:13: error: score numbers/heldout: record 1 has no options"), "\(text)")
  }

  @Test func anAnswerThatCannotBeUsedShowsItsRecord() throws {
    let text = try told(
      SmallExperiment(), data: String(repeating: "{\"question\":\"How?\",\"answer\":\"many\"}\n", count: 20))
    #expect(text.contains("the accepted answer \"many\" holds no number"), "\(text)")
    #expect(text.contains("The record's prompt: How?"), "\(text)")
  }

  @Test func aFieldThatIsNoTextShowsItsRecord() throws {
    let text = try told(
      SmallExperiment(), data: String(repeating: "{\"question\":{\"a\":1},\"answer\":\"1\"}\n", count: 20))
    #expect(text.contains("is a mapping, which a template cannot show"), "\(text)")
    #expect(text.contains("The record: {\"answer\":\"1\",\"question\":{\"a\":1}}"), "\(text)")
  }

  // MARK: Results
}
