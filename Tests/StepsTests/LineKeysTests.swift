// Keys of records that follow from the lines of what a step reads: one record's lines change one key.

import Digests
import Planning
import Records
import Testing

@Suite struct LineKeysTests {
  /// A minimal revision by a model, which reads a reply for each response that could be made.
  private static let spec = SmallSpec(extra: [
    "data: data/train", #"generator: {recorded: {responses: ["{a}", "{b}"]}}"#,
    "reviser: [{minimal-revision: {by: {model: policy}, max-new-tokens: 4, keep: verdict-right}}]",
    "objective: {dpo: {beta: 0.1}}",
    "hyperparameters: {adapter: {lora: {rank: 2, alpha: 4}}, optimizer: {adamw: {learning-rate: 0.01}}, batch: {examples: 2}, epochs: 1}",
  ])

  private struct Inputs {
    var names = ["a", "b", "c"]
    var responses = [
      "a": [said("one"), said("two")], "b": [said("one"), said("too long", .error)], "c": [said("1"), said("2")],
    ]
    var replies = ["a": ["1", "2"], "b": ["3"], "c": ["4", "5"]]

    func bytes(_ name: String) -> [UInt8]? {
      switch name {
      case "prompts": RecordFile.bytes(names.map { asking("1", name: $0) })
      case "responses/0": RecordFile.bytes(names.map { Responses(id: id($0), responses: responses[$0] ?? []) })
      case "replies":
        RecordFile.bytes(
          names.flatMap { name in
            (replies[name] ?? []).map { Responses(id: id(name), responses: [said($0)]) }
          })
      default: nil
      }
    }
  }

  private func keys(_ inputs: Inputs, without missing: String? = nil) throws -> [Digest]? {
    let step = try Self.spec.step(.revise)
    #expect(step.inputs.map(\.name) == ["prompts", "replies", "responses/0"])
    return step.lineKeys { $0 == missing ? nil : inputs.bytes($0) }
  }

  @Test func oneChangedLineChangesOneKey() throws {
    let known = try #require(try keys(Inputs()))
    #expect(Set(known).count == 3)
    var reply = Inputs()
    reply.replies["b"] = ["4"]
    var response = Inputs()
    response.responses["b"] = [said("one more"), said("too long", .error)]
    for changed in [reply, response] {
      let keys = try #require(try keys(changed))
      #expect([keys[0], keys[2]] == [known[0], known[2]] && keys[1] != known[1])
    }
  }

  @Test func theOrderOfRecordsIsInNoKey() throws {
    let known = try #require(try keys(Inputs()))
    var turned = Inputs()
    turned.names = ["c", "a", "b"]
    #expect(try keys(turned) == [known[2], known[0], known[1]])
    turned.names = ["b"]
    #expect(try keys(turned) == [known[1]])
  }

  /// A reply too few or too many, or an input that cannot be had: nothing is said of any record.
  @Test func inputsThatDoNotFitHaveNoKeys() throws {
    var few = Inputs()
    few.replies["c"] = ["4"]
    var many = Inputs()
    many.replies["b"] = ["3", "4"]
    #expect(try keys(few) == nil)
    #expect(try keys(many) == nil)
    for name in ["prompts", "replies", "responses/0"] { #expect(try keys(Inputs(), without: name) == nil) }
  }
}
