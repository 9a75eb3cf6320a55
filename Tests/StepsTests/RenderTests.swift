// From records to prompts: turns, examples, options, dialogues, and what a missing field says.

import Digests
import JSON
import Planning
import Randomness
import Records
import Specification
import Steps
import Testing

@Suite struct Prompts {
  @Test func textIsOneTurnOfTheUser() throws {
    let prompts = try SmallSpec(prompt: #""Q: {question} {{x}""#).prompts(of: questions(2))
    #expect(
      prompts.map(\.turns) == [
        [Message(.user, "Q: What comes after 1? {x}")], [Message(.user, "Q: What comes after 2? {x}")],
      ])
    #expect(prompts.map(\.answers) == [["2"], ["3"]])
    #expect(prompts.allSatisfy { $0.options.isEmpty && $0.labels.isEmpty && $0.texts.isEmpty })
  }

  @Test func turnsKeepTheirOrder() throws {
    let spec = SmallSpec(
      prompt: #"[{system: "Be brief."}, {user: "Hi {answer}"}, {assistant: "Yes?"}, {user: "{question}"}]"#)
    #expect(
      try spec.prompts(of: questions(1))[0].turns == [
        Message(.system, "Be brief."), Message(.user, "Hi 2"), Message(.assistant, "Yes?"),
        Message(.user, "What comes after 1?"),
      ])
  }

  @Test func aTextThatIsNoStringIsItsJSON() throws {
    let prompts = try SmallSpec(prompt: #""{a} {b} {c}""#, answer: #"{from: "{c}", verifier: number}"#)
      .prompts(of: [try record(#"{"a":true,"b":-7,"c":0.5}"#)])
    #expect(prompts[0].turns == [Message(.user, "true -7 0.5")])
    #expect(prompts[0].answers == ["0.5"])
  }

  @Test func aSectionIsThereOnlyWithItsField() throws {
    let spec = SmallSpec(prompt: #""{#hint}Hint: {hint}. {/hint}{question}""#)
    let texts = try [
      #"{"question":"q","answer":1,"hint":"think"}"#, #"{"question":"q","answer":1,"hint":""}"#,
      #"{"question":"q","answer":1,"hint":null}"#, #"{"question":"q","answer":1}"#,
    ].map { try spec.prompts(of: [try record($0)])[0].turns[0].text }
    #expect(texts == ["Hint: think. q", "q", "q", "q"])
  }

  @Test func variablesWinOverFields() throws {
    let spec = SmallSpec(prompt: #""{style} {question}""#, extra: ["variables: {style: kindly}"])
    let records = [try record(#"{"question":"q","answer":1,"style":"rudely"}"#)]
    #expect(try spec.prompts(of: records)[0].turns == [Message(.user, "kindly q")])
  }

  @Test func anAnswerOfSeveralIsAnyOfThem() throws {
    let records = [try record(#"{"question":"q","answer":["5","five",5]}"#)]
    #expect(try SmallSpec().prompts(of: records)[0].answers == ["5", "five", "5"])
  }

  @Test func withoutFromTheAnswerIsTheSourcesOwn() throws {
    let spec = SmallSpec(answer: "{verifier: number}")
    #expect(try spec.prompts(of: [try record(#"{"question":"q","target":"7","answer":"8"}"#)])[0].answers == ["7"])
    #expect(try spec.prompts(of: [try record(#"{"question":"q","answer":"8"}"#)])[0].answers == ["8"])
    #expect(try spec.prompts(of: [try record(#"{"question":"q"}"#)])[0].answers == [])
  }

  /// Dots lead into mappings and lists, unless a field has that very name.
  @Test func dotsLeadIntoAField() throws {
    let records = [
      try record(
        #"{"a":{"b.c":"no","b":{"c":"deep"}},"list":["zero",{"x":1}],"d.e":"own","d":{"e":"other"},"answer":1}"#)
    ]
    let spec = SmallSpec(prompt: #""{a.b.c} {list.0} {list.1.x} {d.e}{#a.b.x} more{/a.b.x}""#)
    #expect(try spec.prompts(of: records)[0].turns == [Message(.user, "deep zero 1 own")])
    for missing in ["a.b.d", "a.", "list.2", "list.-1", "list.x", "answer.x", "b.c"] {
      #expect(
        told { _ = try SmallSpec(prompt: #""{\#(missing)}""#).prompts(of: records) }
          == "step.missing-field | render data/heldout: record 1 has no field `\(missing)` | line 10")
    }
  }

  @Test func aMissingFieldIsToldWithRecordAndPlace() {
    #expect(
      told { _ = try SmallSpec(prompt: #""{question} {more}""#).prompts(of: questions(2)) }
        == "step.missing-field | render data/heldout: record 1 has no field `more` | line 10")
    #expect(
      told { _ = try SmallSpec().prompts(of: questions(2) + [try record(#"{"question":"q"}"#)]) }
        == "step.missing-field | render data/heldout: record 3 has no field `answer` | line 11")
    let turns = SmallSpec(prompt: #"[{system: "{who}"}, {user: "{question}"}]"#)
    #expect(
      told { _ = try turns.prompts(of: questions(1)) }
        == "step.missing-field | render data/heldout: record 1 has no field `who` | line 10")
  }

  @Test(arguments: [(#"["a"]"#, "a list"), (#"{"a":1}"#, "a mapping")])
  func aListInATemplateIsTold(value: String, kind: String) throws {
    let records = [try record(#"{"question":\#(value),"answer":1}"#)]
    #expect(
      told { _ = try SmallSpec().prompts(of: records) }
        == "step.not-text | render data/heldout: field `question` of record 1 is \(kind), which a template cannot show | line 10"
    )
  }
}

@Suite struct Examples {
  private let spec = SmallSpec(prompt: #"[{system: "S"}, {shots: {count: 2}}, {user: "{question}"}]"#)

  @Test func examplesStandBetweenWithTheirAnswers() throws {
    let shots = Array(questions(5)[2...])
    #expect(
      try spec.prompts(of: questions(1), shots: shots)[0].turns == [
        Message(.system, "S"), Message(.user, "What comes after 3?"), Message(.assistant, "4"),
        Message(.user, "What comes after 4?"), Message(.assistant, "5"), Message(.user, "What comes after 1?"),
      ])
  }

  @Test func aRecordIsNeverItsOwnExample() throws {
    let shots = questions(4) + questions(2)
    for prompt in try spec.prompts(of: questions(4), shots: shots) {
      let asked = prompt.turns.filter { $0.role == .user }.map(\.text)
      #expect(asked.count == 3)
      #expect(asked.count { $0 == asked.last } == 1)
    }
  }

  @Test func tooFewExamplesAreTold() {
    #expect(
      told { _ = try spec.prompts(of: questions(1), shots: questions(2)) }
        == "step.too-few-records | render data/heldout: `train` asks for 2 records and 1 are left | line 10")
  }

  @Test func anExampleWithoutAnswerIsTold() throws {
    let shots = [try record(#"{"question":"a"}"#), try record(#"{"question":"b"}"#)]
    let unanswered = SmallSpec(prompt: spec.prompt, answer: "{verifier: number}")
    #expect(
      told { _ = try unanswered.prompts(of: questions(1), shots: shots) }
        == "step.no-answer | render data/heldout: record 1 does not say what the right answer is | line 11")
  }
}

@Suite struct Options {
  private func spec(_ format: String, evals: [String]? = nil) -> SmallSpec {
    SmallSpec(
      prompt: #""{question}{options}""#, dataset: ["options: \(format)"],
      answer: #"{from: "{answer}", verifier: choice}"#,
      evals: evals ?? ["choice: {choice: {on: data/heldout, continuation: letter}}"])
  }

  private func item(_ number: Int) throws -> JSONObject {
    try record(#"{"question":"Q\#(number)","options":["red","green","blue","black"],"answer":"blue"}"#)
  }

  @Test func givenOrderIsKept() throws {
    let prompt = try spec(#"{letters: "(A)", order: given}"#).prompts(of: [try item(1)])[0]
    #expect(prompt.turns == [Message(.user, "Q1\n(A) red\n(B) green\n(C) blue\n(D) black")])
    #expect(prompt.options == ["red", "green", "blue", "black"])
    #expect(prompt.labels == ["(A)", "(B)", "(C)", "(D)"])
    #expect(prompt.answers == ["(C)"])
  }

  @Test func shufflingIsAPermutationThatKeepsTheRightAnswer() throws {
    let prompts = try spec(#"{letters: "A.", order: shuffled}"#).prompts(of: try (0..<60).map { try item($0) })
    var orders: Set<[String]> = []
    var rightPlaces: Set<Int> = []
    for prompt in prompts {
      #expect(prompt.options.sorted() == ["black", "blue", "green", "red"])
      #expect(prompt.labels == ["A.", "B.", "C.", "D."])
      let place = try #require(prompt.options.firstIndex(of: "blue"))
      #expect(prompt.answers == [prompt.labels[place]])
      let shown = zip(prompt.labels, prompt.options).map { "\n\($0) \($1)" }.joined()
      #expect(prompt.turns[0].text.hasSuffix(shown))
      orders.insert(prompt.options)
      rightPlaces.insert(place)
    }
    #expect(orders.count > 12)
    #expect(rightPlaces == [0, 1, 2, 3])
  }

  @Test func aRecordsOrderIsItsOwn() throws {
    let shuffled = spec(#"{letters: "(A)", order: shuffled}"#)
    let all = try shuffled.prompts(of: try (0..<6).map { try item($0) })
    for number in 0..<6 { #expect(try shuffled.prompts(of: [try item(number)])[0] == all[number]) }
  }

  @Test func forTextsTheAnswerStaysAText() throws {
    let asked = spec(
      #"{letters: "(A)", order: shuffled}"#, evals: ["choice: {choice: {on: data/heldout, continuation: text}}"])
    let prompt = try asked.prompts(of: [try item(1)])[0]
    #expect(prompt.answers == ["blue"])
    #expect(prompt.labels.count == 4)
  }

  @Test func whatCannotBeChosenIsTold() throws {
    let given = spec(#"{letters: "(A)", order: given}"#)
    #expect(
      told { _ = try given.prompts(of: [try record(#"{"question":"Q","answer":"a"}"#)]) }
        == "step.no-options | render data/heldout: record 1 has no options to choose from | line 10")
    #expect(
      told {
        _ = try given.prompts(of: [try item(1), try record(#"{"question":"Q","options":["a","b"],"answer":"c"}"#)])
      }
        == "step.no-right-option | render data/heldout: none of the options of record 2 is its right answer | line 11")
  }
}

@Suite struct Dialogues {
  private let text = "\n\nHuman: Hi there\n\nAssistant: Hello. \n\nHuman: Bye\n\nAssistant: See you\n"

  @Test func humanAssistantIsTakenApart() throws {
    let dialogue = try Dialogue(.string(text), format: .humanAssistant)
    let all = [
      Message(.user, "Hi there"), Message(.assistant, "Hello."), Message(.user, "Bye"), Message(.assistant, "See you"),
    ]
    #expect(dialogue.messages == all)
    #expect(try dialogue.messages(upTo: .end) == all)
    #expect(try dialogue.messages(upTo: .lastAssistant) == Array(all.dropLast()))
    #expect(dialogue.lastResponse == "See you")
  }

  @Test func aMarkerIsFoundByItsBytes() throws {
    let dialogue = try Dialogue(.string("\r\n\nHuman:\u{301} é\n\nAssistant:b\r\n\nHuman:c"), format: .humanAssistant)
    #expect(dialogue.messages.map(\.role) == [.user, .assistant, .user])
    #expect(dialogue.messages[1...].map(\.text) == ["b", "c"])
  }

  @Test func messagesAreTakenAsTheyAre() throws {
    let value = try JSONValue(
      parsing: Array(
        #"[{"role":"system","content":" s "},{"role":"user","content":"u"},{"role":"assistant","content":"a"}]"#.utf8))
    let dialogue = try Dialogue(value, format: .messages)
    #expect(dialogue.messages == [Message(.system, " s "), Message(.user, "u"), Message(.assistant, "a")])
  }

  @Test(arguments: [
    (#""Hello""#, "has no turns"), (#""Hey \n\nHuman: a\n\nAssistant: b""#, "has text before its first turn"),
    (#""\n\nHuman: a""#, "does not end with the assistant"), ("7", "is a number, not text"),
  ])
  func whatIsNoDialogueIsTold(value: String, reason: String) throws {
    let spec = SmallSpec(prompt: "{conversation: {field: dialogue, format: human-assistant}}")
    let records = [try record(#"{"answer":1,"dialogue":\#(value)}"#)]
    #expect(
      told { _ = try spec.prompts(of: records) }
        == "step.bad-conversation | render data/heldout: the dialogue of record 1 \(reason) | line 10")
  }

  @Test(arguments: [
    (#"[]"#, "has no turns"), (#""x""#, "is text, not a list"),
    (#"[{"role":"robot","content":"x"}]"#, "has a turn without `role` (system, user, assistant) and `content`"),
    (#"[{"role":"user"}]"#, "has a turn without `role` (system, user, assistant) and `content`"),
  ])
  func whatIsNoListOfMessagesIsTold(value: String, reason: String) throws {
    let spec = SmallSpec(prompt: "{conversation: {field: dialogue, format: messages, up-to: end}}")
    let records = [try record(#"{"answer":1,"dialogue":\#(value)}"#)]
    #expect(
      told { _ = try spec.prompts(of: records) }
        == "step.bad-conversation | render data/heldout: the dialogue of record 1 \(reason) | line 10")
  }

  @Test func aDialogueIsThePrompt() throws {
    let records = [
      JSONObject([JSONMember("dialogue", .string(text)), JSONMember("answer", .integer(1))])
    ]
    let upTo = SmallSpec(prompt: "{conversation: {field: dialogue, format: human-assistant}}")
    #expect(try upTo.prompts(of: records)[0].turns.map(\.text) == ["Hi there", "Hello.", "Bye"])
    #expect(
      told { _ = try upTo.prompts(of: questions(1)) }
        == "step.missing-field | render data/heldout: record 1 has no field `dialogue` | line 10")
  }
}

@Suite struct Identities {
  @Test func equalPromptsAreTwo() throws {
    let prompts = try SmallSpec().prompts(of: [questions(1)[0], questions(2)[1], questions(1)[0]])
    let identities = PromptIdentity.all(of: prompts)
    #expect(identities.map(\.occurrence) == [0, 0, 1])
    #expect(identities[0].content == identities[2].content)
    #expect(Set(identities.map(\.key)).count == 3)
    #expect(prompts[0].id.description + ".1" == prompts[2].id.description)
  }

  @Test func onlyTheTurnsAreTheContent() throws {
    let one = try SmallSpec().prompts(of: [try record(#"{"question":"q","answer":1}"#)])
    let two = try SmallSpec().prompts(of: [try record(#"{"question":"q","answer":2,"more":"x"}"#)])
    #expect(PromptIdentity.all(of: one)[0].key == PromptIdentity.all(of: two)[0].key)
    #expect(one[0].id != two[0].id)
  }

  @Test func everySampleHasItsKey() throws {
    let identity = PromptIdentity.all(of: try SmallSpec().prompts(of: questions(1)))[0]
    let keys = (0..<8).map { RecordKey.key(identity: identity.key, sample: $0) }
    #expect(Set(keys).count == 8)
    // The bytes that are hashed: content and occurrence, then identity and sample, numbers as eight bytes from the low.
    #expect(identity.key == Digest.sha256(identity.content.bytes + [0, 0, 0, 0, 0, 0, 0, 0]))
    #expect(keys[3] == Digest.sha256(identity.key.bytes + [3, 0, 0, 0, 0, 0, 0, 0]))
    #expect(
      RecordKey.key(identity: identity.key, sample: 258)
        == Digest.sha256(identity.key.bytes + [2, 1, 0, 0, 0, 0, 0, 0]))
  }

  @Test func everySampleHasItsRandomNumbers() throws {
    let identities = PromptIdentity.all(of: try SmallSpec().prompts(of: [questions(1)[0], questions(1)[0]]))
    let addresses = identities.flatMap { identity in
      [1, 2].flatMap { seed in (0..<3).map { identity.address(seed: seed, sample: $0) } }
    }
    #expect(Set(addresses).count == 12)
  }
}
