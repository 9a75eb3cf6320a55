// runner model: what is in weights, and what a model does with text. Works on any weights that a spec can name.

import ArgumentParser
import Diagnostics
import Digests
import FoundationEssentials
import JSON
import LanguageModel
import Randomness
import Steps
import Tensors

struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "model", "Look into weights; tokenize, score and generate text.",
    takes: "<subcommand>",
    discussion: """
      Weights are named by a spec and the model's name in it (SPEC, SPEC:NAME), by a GGUF file, or by a Hugging Face \
      folder. Input is text, or JSON lines with a member `text`.
      """,
    examples: [
      "runner model info experiments/quickstart/training.yaml",
      "runner model tokenize model.gguf \"How many?\"",
      "runner model generate experiments/quickstart/training.yaml:policy \"How many?\"",
    ],
    subcommands: [Info.self, Tokenize.self, ScoreText.self, Generate.self])
}

/// Which weights and what input.
struct ModelOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("A spec (SPEC or SPEC:NAME), a GGUF file, or a folder.", valueName: "model"),
    completion: .file())
  var model: String
  @Flag(help: "The policy that the spec trains, from the store, instead of the one that it starts from.")
  var trained = false
  @Option(help: "With --trained, the cell: its arms joined by `/`; needed where several train.") var cell: String?
  @Option(help: "With --trained, the training's seed; needed where there are several.") var trainingSeed: Int?
  @OptionGroup var storage: StoreOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard trained || (cell == nil && trainingSeed == nil) else {
      throw ValidationError("--cell and --training-seed go with --trained.")
    }
  }

  func load() async throws -> NamedModel {
    if trained {
      return try await NamedModel.load(
        trained: model, PolicyChoice(cell: cell, seed: trainingSeed), storage: storage, workers: compute.workerCount)
    }
    return try await NamedModel.load(
      model, store: storage.storePath, mirrors: storage.allMirrors, workers: compute.workerCount)
  }
}

extension ModelCommand {
  struct Info: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      "model info", "Sizes, tokenizer and digest of weights.",
      takes: "<model> [<options>]",
      examples: [
        "runner model info experiments/quickstart/training.yaml",
        "runner model info experiments/quickstart/training.yaml:policy",
        "runner model info model.gguf",
      ])
    @OptionGroup var options: ModelOptions

    func run() async throws {
      let named = try await options.load()
      let configuration = named.model.configuration
      let tokenizer = named.model.tokenizer
      Output.line(
        JSONValue.members([
          "sha256": named.digest.map { .string($0.hex) } ?? .null,
          "blocks": .integer(Int64(configuration.blocks)), "width": .integer(Int64(configuration.width)),
          "feed-forward": .integer(Int64(configuration.feedForward)), "heads": .integer(Int64(configuration.heads)),
          "key-value-heads": .integer(Int64(configuration.keyValueHeads)),
          "head-size": .integer(Int64(configuration.headSize)), "context": .integer(Int64(configuration.context)),
          "vocabulary": .integer(Int64(configuration.vocabulary)),
          "rope-base": .number(configuration.ropeBase),
          "norm-epsilon": .number(Double(configuration.normEpsilon)), "tied": .bool(configuration.tied),
          "tokenizer": .members([
            "kind": "byte-level-bpe", "splits": .string(tokenizer.splitting),
            "tokens": .integer(Int64(tokenizer.vocabularySize)), "merges": .integer(Int64(tokenizer.mergeCount)),
            "special-tokens": .integer(Int64(tokenizer.specialTokens.count)),
            "begin": name(tokenizer.markers.beginOfText, tokenizer),
            "ends": .array(tokenizer.markers.ends.map { name($0, tokenizer) }),
            "normal-form": tokenizer.isComposing ? "NFC" : "none",
          ]),
        ]).prettyInOrder.dropLast().description)
    }

    private func name(_ token: TokenID?, _ tokenizer: Tokenizer) -> JSONValue {
      token.map { .string(tokenizer.text(of: $0)) } ?? .null
    }
  }

  struct Tokenize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      "model tokenize", "Token ids of text.",
      takes: "<model> [<text>] [<options>]",
      examples: [
        "runner model tokenize model.gguf \"How many apples?\"",
        "runner model tokenize experiments/quickstart/training.yaml --jsonl < texts.jsonl",
      ])
    @OptionGroup var options: ModelOptions
    @OptionGroup var input: InputOptions
    @Flag(help: "Recognize special tokens, as in a template.") var special = false

    func run() async throws {
      let tokenizer = try await options.load().model.tokenizer
      for input in try input.inputs() {
        let tokens = tokenizer.encode([TextSegment(text: input.text, isTemplate: special)])
        Output.json(.members(["tokens": ids(tokens), "count": .integer(Int64(tokens.count))]))
      }
    }
  }

  struct ScoreText: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      "model score", "Log-probability of each token given those before it.",
      takes: "<model> [<text>] [<options>]",
      examples: [
        "runner model score model.gguf \"There are 3.\"",
        "runner model score experiments/quickstart/training.yaml --trained --cell judge/DPO --training-seed 1 \"There are 3.\"",
      ])
    @OptionGroup var options: ModelOptions
    @OptionGroup var input: InputOptions
    @Flag(help: "Recognize special tokens, as in a template.") var special = false

    func run() async throws {
      let model = try await options.load().model
      let context = model.configuration.context
      let tokens = try input.inputs().map { input in
        let tokens = model.tokenizer.encode([TextSegment(text: input.text, isTemplate: special)])
        try input.check(tokens.count, most: context, context: context)
        return tokens
      }
      var lines: [JSONValue] = Array(repeating: .null, count: tokens.count)
      let requests = tokens.enumerated().filter { $1.count > 1 }
      try model.decoder.score(requests.map { ScoreRequest(tokens: $0.element, from: 1) }) { index, values in
        let sum = values.reduce(0.0) { $0 + Double($1) }
        lines[requests[index].offset] = .members([
          "tokens": ids(requests[index].element),
          "log-probabilities": .array([.null] + values.map { .number(Double($0)) }), "sum": .number(sum),
        ])
        return true
      }
      for (index, line) in lines.enumerated() {
        Output.json(
          line == .null
            ? .members([
              "tokens": ids(tokens[index]), "log-probabilities": .array(tokens[index].map { _ in .null }),
              "sum": .number(0),
            ])
            : line)
      }
    }
  }

  struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      "model generate", "Continue text, or answer it as a turn of the user.",
      takes: "<model> [<text>] [<options>]",
      examples: [
        "runner model generate experiments/quickstart/training.yaml \"How many apples?\"",
        "runner model generate model.gguf --raw \"Once upon\" --temperature 0.7 --seed 2",
        "runner model generate experiments/quickstart/training.yaml --trained --cell judge/DPO --training-seed 1 --jsonl < questions.jsonl",
      ])
    @OptionGroup var options: ModelOptions
    @OptionGroup var input: InputOptions
    @Flag(help: "Continue the text itself instead of answering it as a turn.") var raw = false
    @Option(help: "The system message.") var system: String?
    @Option(parsing: .unconditional, help: "0 takes the likeliest token.") var temperature = 0.0
    @Option(help: "Keep the likeliest tokens up to this probability.") var topP = 1.0
    @Option(help: "The most tokens to generate.") var maxNewTokens = 128
    @Option(help: "Seed of the random numbers.") var seed: UInt64 = 1

    func validate() throws {
      guard temperature >= 0, temperature.isFinite else { throw ValidationError("--temperature must be at least 0.") }
      guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be more than 0 and at most 1.") }
      guard maxNewTokens >= 1 else { throw ValidationError("--max-new-tokens must be at least 1.") }
    }

    func run() async throws {
      let named = try await options.load()
      let model = named.model
      let format = raw ? ChatFormat.raw : named.format
      let inputs = try input.inputs()
      let sampling = Sampling(temperature: temperature, topK: nil, topP: topP < 1 ? topP : nil, minP: nil)
      let requests = try inputs.enumerated().map { index, input in
        let prompt = model.tokenizer.encode(
          format.render([ChatTurn(.user, input.text)], system: system ?? named.system, ending: .generationPrompt))
        let context = model.configuration.context
        try input.check(prompt.count, least: 1, most: context - 1, context: context)
        return GenerationRequest(
          prompt: prompt, maxNewTokens: maxNewTokens, endTokens: format.endTokens(for: model.tokenizer),
          sampling: sampling,
          random: RandomAddress(seed: seed, purpose: .sampling, record: (UInt64(index), 0)), shouldStop: nil)
      }
      var lines: [JSONValue] = Array(repeating: .null, count: inputs.count)
      try model.decoder.generate(requests, batch: options.compute.batch) { index, generation in
        lines[index] = Self.line(generation, model.tokenizer, promptTokens: requests[index].prompt.count)
        return true
      }
      for line in lines { Output.json(line) }
    }

    /// One log-probability a token; that of the token that ended the text, which is left out of it, stands apart.
    private static func line(_ generation: Generation, _ tokenizer: Tokenizer, promptTokens: Int) -> JSONValue {
      let count = generation.tokens.count
      var object = JSONObject([
        JSONMember("text", .string(tokenizer.decode(generation.tokens, skippingSpecial: true))),
        JSONMember("tokens", ids(generation.tokens)), JSONMember("finish", .string(generation.finish.rawValue)),
        JSONMember("log-probabilities", .array(generation.logProbs.prefix(count).map { .number(Double($0)) })),
        JSONMember("prompt-tokens", .integer(Int64(promptTokens))),
      ])
      if generation.logProbs.count > count {
        object["end-log-probability"] = .number(Double(generation.logProbs[count]))
      }
      return .object(object)
    }
  }
}

private func ids(_ tokens: [TokenID]) -> JSONValue { .array(tokens.map { .integer(Int64($0.rawValue)) }) }
