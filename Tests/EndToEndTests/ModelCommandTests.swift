// runner model: what it prints, and what it says of input that it cannot read.

import Foundation
import Testing

@Suite struct ModelCommands {
  @Test func theModelCommandsSpeakJSON() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let tokens = try space.run(["model", "tokenize", "small.yaml", "hi"])
    #expect(tokens.output == "{\"count\":2,\"tokens\":[104,105]}\n", "\(tokens.errors)\(tokens.output)")
    let score = try space.run(
      ["model", "score", "small.yaml", "--jsonl"], input: "{\"text\":\"abc\"}\n{\"text\":\"z\"}\n")
    #expect(score.exitCode == 0, "\(score.errors)")
    #expect(score.output.split(separator: "\n").count == 2)
    #expect(score.output.contains("\"log-probabilities\":[null,-"))
    let generated = try space.run(["model", "generate", "small.yaml:policy", "hi", "--max-new-tokens", "3"])
    #expect(generated.exitCode == 0, "\(generated.errors)")
    #expect(generated.output.contains("\"finish\":\"length\""), "\(generated.output)")
    let info = try space.run(["model", "info", "small.yaml"])
    #expect(info.output.contains("\"vocabulary\": 259"), "\(info.output)")
    let wrong = try space.run(["model", "info", "small.yaml:polcy"])
    #expect(wrong.exitCode == 64)
    #expect(wrong.errors.contains("Did you mean `policy`?"))
    for name in ["nowhere.gguf", "nowhere.yaml"] {
      let missing = try space.run(["model", "info", name])
      #expect(missing.exitCode == 74 && missing.errors.contains("there is no such file"), "\(missing.errors)")
    }
    let nothing = try space.run(["model", "generate", "small.yaml", "--raw", ""])
    #expect(nothing.exitCode == 74)
    #expect(nothing.errors.contains("the input is empty, and a model continues what is there"), "\(nothing.errors)")
  }

  @Test func theTokenizerIsDescribed() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let random = try space.run(["model", "info", "small.yaml"]).output
    #expect(random.contains("\"special-tokens\": 3"), "\(random)")
    let real = try space.run(["model", "info", TestSpace.modelPath()])
    #expect(real.exitCode == 0, "\(real.errors)")
    for line in [
      "\"kind\": \"byte-level-bpe\"", "\"splits\": \"smollm\"", "\"tokens\": 49152", "\"merges\": 48900",
      "\"special-tokens\": 17", "\"<|im_end|>\"",
    ] { #expect(real.output.contains(line), "\(line)") }
  }

  @Test func everyTokenHasOneLogProbability() throws {
    let space = try TestSpace()
    let outcome = try space.run(
      ["model", "generate", TestSpace.modelPath(), "Answer with one word: what color is the sky?"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let line = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let tokens = try #require(line["tokens"] as? [Int])
    #expect(line["finish"] as? String == "stop")
    #expect((line["log-probabilities"] as? [Double])?.count == tokens.count)
    #expect(try #require(line["end-log-probability"] as? Double) < 0)
  }

  @Test(arguments: [
    ("tokenize", "ab\nc\u{0}", "", ["input is not UTF-8: byte 5 (0xFF), in line 2", "iconv"]),
    ("score", "{\"text\":\"a\"}\n{\"text\":5}\n", "--jsonl", ["`text` in line 2 of the input is a number, not text"]),
    ("score", "{\"text\":\"a\"}\n\n{\"text\":\n", "--jsonl", ["line 3 of the input is no JSON, at column 9"]),
    ("score", "{\"txt\":\"a\"}\n", "--jsonl", ["line 1 of the input has no member `text`"]),
    ("score", "[1]\n", "--jsonl", ["line 1 of the input is a list, not an object"]),
    (
      "score", "{\"text\":\"a\"}\n{\"text\":\"\(String(repeating: "x", count: 300))\"}\n", "--jsonl",
      ["line 2 of the input has 300 tokens; the model reads 256", "Shorten that line's text"]
    ),
    (
      "generate", String(repeating: "x", count: 300), "",
      ["the input has 319 tokens and needs room for an answer; the model reads 256"]
    ),
  ])
  func inputThatCannotBeReadIsToldByItsPlace(
    command: String, input: String, option: String, saying texts: [String]
  ) throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    // A zero stands for a byte that is no UTF-8 at any place.
    try space.write(input.utf8.map { $0 == 0 ? 0xFF : $0 }, to: "input")
    let arguments = ["model", command, "small.yaml"] + (option.isEmpty ? [] : [option])
    let running = try space.start(arguments)
    running.input.fileHandleForWriting.write(Data(try space.bytes("input")))
    let outcome = try space.finish(running)
    #expect(outcome.exitCode == 74)
    for text in texts { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
    #expect(!outcome.errors.contains("permissions"), "\(outcome.errors)")
  }
}
