// What is written for Transformers and PEFT, read back: rows in Hugging Face's order, names, and the same bits.

import Diagnostics
import LanguageModel
import Tensors
import Testing

/// Small models with the tokenizer of bytes.
private enum Exported {
  static func configuration(
    _ style: RopeStyle, tied: Bool = true, biases: Bool = false
  ) -> DecoderConfiguration {
    DecoderConfiguration(
      blocks: 2, width: 24, feedForward: 40, heads: 4, keyValueHeads: 2, headSize: 6, context: 64,
      vocabulary: Tokenizer.byteLevel.vocabularySize, ropeBase: 12_345.5, normEpsilon: 1e-6, ropeStyle: style,
      tied: tied, qkvBias: biases)
  }

  static func folder(_ files: ModelFiles, trained: [TrainedWeights] = []) throws -> HuggingFaceFolder {
    var bytes: [String: ModelBytes] = [:]
    for file in try ModelExport.folder(files, trained: trained) {
      bytes[file.name] = ModelBytes(try file.bytes(), name: file.name)
    }
    return HuggingFaceFolder(files: bytes, name: "exported")
  }

  static func rows(_ source: some WeightSource, _ name: TensorName) throws -> [[Float]] {
    let shape = name.shape(source.configuration)
    var numbers = [Float](repeating: .nan, count: shape.rows * shape.columns)
    try numbers.withUnsafeMutableBufferPointer { try source.fill(name, rows: 0..<shape.rows, into: $0) }
    return (0..<shape.rows).map { Array(numbers[$0 * shape.columns..<($0 + 1) * shape.columns]) }
  }

  static func number(_ index: Int) -> Float { Float((index * 37) % 101 - 50) / 512 }

  /// Adapters over queries, values and the way down, as a training of a model of this configuration leaves them.
  static func adapters(_ configuration: DecoderConfiguration, rank: Int = 3) -> [UInt8] {
    var entries: [SafetensorsEntry] = []
    for block in 0..<configuration.blocks {
      for (place, tensor) in [BlockTensor.attentionQuery, .attentionValue, .feedForwardDown].enumerated() {
        let shape = TensorName.block(block, tensor).shape(configuration)
        let (a, b) = (
          (0..<rank * shape.columns).map { number($0 + block) }, (0..<shape.rows * rank).map { number($0 * 3 + place) }
        )
        entries.append(.init("block.\(block).\(tensor.rawValue).a", sizes: [rank, shape.columns], numbers: a))
        entries.append(.init("block.\(block).\(tensor.rawValue).b", sizes: [shape.rows, rank], numbers: b))
      }
    }
    return SafetensorsWriter.bytes(
      entries, metadata: ["format": "runner trained weights 1", "scale": "1.5", "rank": String(rank)])
  }

  static func trained(_ configuration: DecoderConfiguration) throws -> TrainedWeights {
    try TrainedWeights(ModelBytes(adapters(configuration), name: "adapters"))
  }

  static func scores(_ files: ModelFiles, trained: [TrainedWeights] = []) throws -> [Float] {
    let model = try LoadedModel.load(files, trained: trained, arithmetic: .ordered, workers: 1)
    let tokens = model.tokenizer.encode("Many apples, few pears: 12 and 3.")
    var result: [Float] = []
    try model.decoder.score([ScoreRequest(tokens: tokens, from: 1)]) { _, values in
      result = values
      return true
    }
    return result
  }
}

@Suite struct FolderExport {
  /// Hugging Face stores a head as [2, half]; GGUF's converters for llama write it as [half, 2].
  @Test func neighborsBecomeHalves() throws {
    let configuration = Exported.configuration(.adjacent, biases: true)
    let source = try RandomWeights(configuration, seed: 5)
    let folder = try SafetensorsWeights(try Exported.folder(.random(configuration, seed: 5)))
    #expect(folder.configuration.ropeStyle == .halfSplit)
    for (tensor, heads) in [(BlockTensor.attentionQuery, 4), (.attentionKey, 2)] {
      let (found, before) = (
        try Exported.rows(folder, .block(1, tensor)), try Exported.rows(source, .block(1, tensor))
      )
      for head in 0..<heads {
        for pair in 0..<3 {
          #expect(found[6 * head + pair] == before[6 * head + 2 * pair])
          #expect(found[6 * head + 3 + pair] == before[6 * head + 2 * pair + 1])
        }
      }
    }
    let (found, before) = (
      try Exported.rows(folder, .block(0, .keyBias))[0], try Exported.rows(source, .block(0, .keyBias))[0]
    )
    #expect(found[0...5].elementsEqual([0, 2, 4, 1, 3, 5].map { before[$0] }))
    #expect(found[6...11].elementsEqual([6, 8, 10, 7, 9, 11].map { before[$0] }))
    // What no position turns stays as it is.
    for tensor in [BlockTensor.attentionValue, .attentionOutput, .valueBias, .feedForwardGate] {
      #expect(try Exported.rows(folder, .block(0, tensor)) == Exported.rows(source, .block(0, tensor)))
    }
  }

  @Test(arguments: [(true, false), (true, true), (false, false), (false, true)])
  func theSameBits(tied: Bool, biases: Bool) throws {
    let configuration = Exported.configuration(.halfSplit, tied: tied, biases: biases)
    let files = ModelFiles.random(configuration, seed: 9)
    let folder = ModelFiles.folder(try Exported.folder(files))
    #expect(try folder.configuration() == configuration)
    expectSameBits(try Exported.scores(folder), try Exported.scores(files), "base")
    let trained = [try Exported.trained(configuration)]
    let merged = ModelFiles.folder(try Exported.folder(files, trained: trained))
    expectSameBits(try Exported.scores(merged), try Exported.scores(files, trained: trained), "merged")
    #expect(try Exported.scores(merged) != Exported.scores(folder))
    // A folder from a folder: its own words go along.
    let again = ModelFiles.folder(try Exported.folder(folder, trained: trained))
    expectSameBits(try Exported.scores(again), try Exported.scores(merged), "folder from a folder")
  }

  /// Sums over a head run in another order, so that the last bits differ.
  @Test func anotherOrderOfAHeadChangesNothingElse() throws {
    let files = ModelFiles.random(Exported.configuration(.adjacent, biases: true), seed: 9)
    let trained = [try Exported.trained(Exported.configuration(.adjacent, biases: true))]
    let expected = try Exported.scores(files, trained: trained)
    let found = try Exported.scores(.folder(try Exported.folder(files, trained: trained)))
    #expect(found.count == 32 && expected.count == 32)
    for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 2e-5) }
  }

  @Test func markersAndTokenizerGoAlong() throws {
    let folder = try Exported.folder(.random(Exported.configuration(.adjacent), seed: 1))
    let tokenizer = try Tokenizer(folder)
    #expect(tokenizer.markers == Tokenizer.byteLevel.markers)
    #expect(tokenizer.vocabularySize == 259)
    let text = "<|im_start|>user\nÄ 🙂<|im_end|>"
    for segment in [TextSegment.template(text), .data(text)] {
      #expect(tokenizer.encode([segment]) == Tokenizer.byteLevel.encode([segment]))
    }
  }

  @Test func theRealTokenizerCutsAsBefore() throws {
    var bytes: [String: ModelBytes] = [:]
    for file in try ModelExport.folder(.gguf(try ModelBytes(path: try Reference.modelPath())), trained: [])
    where file.name != "model.safetensors" {
      bytes[file.name] = ModelBytes(try file.bytes(), name: file.name)
    }
    let (exported, original) = (
      try Tokenizer(HuggingFaceFolder(files: bytes, name: "exported")), try Reference.tokenizer()
    )
    #expect(exported.markers == original.markers)
    #expect(exported.vocabularySize == original.vocabularySize)
    for item in try Reference.tokenizerCases().list("cases") {
      let text = try item.text("text")
      #expect(exported.encode([.template(text)]) == original.encode([.template(text)]), "\(text.debugDescription)")
      #expect(exported.encode(text) == original.encode(text), "\(text.debugDescription)")
    }
  }
}

@Suite struct AdapterExport {
  private static let configuration = Exported.configuration(.adjacent)

  private static func exported() throws -> [String: ModelBytes] {
    let files = try ModelExport.adapter(
      try Exported.trained(configuration), over: configuration, AdapterOptions(base: "base", alpha: 4.5, dropout: 0.25))
    var bytes: [String: ModelBytes] = [:]
    for file in files { bytes[file.name] = ModelBytes(try file.bytes(), name: file.name) }
    return bytes
  }

  private static func text(_ bytes: ModelBytes) -> String {
    bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func namesAndOptionsArePEFTs() throws {
    let files = try Self.exported()
    let weights = try SafetensorsFile(try #require(files["adapter_model.safetensors"]))
    var sizes: [String: [Int]] = [:]
    for tensor in weights.tensors { sizes[tensor.name] = tensor.sizes }
    var expected: [String: [Int]] = [:]
    for block in 0..<2 {
      let layer = "base_model.model.model.layers.\(block)."
      expected[layer + "self_attn.q_proj.lora_A.weight"] = [3, 24]
      expected[layer + "self_attn.q_proj.lora_B.weight"] = [24, 3]
      expected[layer + "self_attn.v_proj.lora_A.weight"] = [3, 24]
      expected[layer + "self_attn.v_proj.lora_B.weight"] = [12, 3]
      expected[layer + "mlp.down_proj.lora_A.weight"] = [3, 40]
      expected[layer + "mlp.down_proj.lora_B.weight"] = [24, 3]
    }
    #expect(sizes == expected)
    #expect(
      Self.text(try #require(files["adapter_config.json"])) == """
        {
          "peft_type": "LORA",
          "task_type": "CAUSAL_LM",
          "base_model_name_or_path": "base",
          "r": 3,
          "lora_alpha": 4.5,
          "lora_dropout": 0.25,
          "target_modules": [
            "q_proj",
            "v_proj",
            "down_proj"
          ],
          "bias": "none",
          "fan_in_fan_out": false,
          "use_rslora": false,
          "use_dora": false,
          "modules_to_save": null,
          "init_lora_weights": true,
          "inference_mode": true
        }

        """)
  }

  @Test func onlyTurnedRowsMove() throws {
    let weights = try SafetensorsFile(try #require(try Self.exported()["adapter_model.safetensors"]))
    func numbers(_ name: String) throws -> [Float] {
      let name = "base_model.model.model.layers.0.self_attn.\(name).weight"
      let place = try #require(weights.tensors.first { $0.name == name }?.place)
      return weights.bytes.withUnsafeBytes { bytes in
        stride(from: place.lowerBound, to: place.upperBound, by: 4).map {
          bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
        }
      }
    }
    // B of the queries: row 1 of a head in halves is row 2 in neighbors, row 3 is row 1.
    let before = (0..<72).map { Exported.number($0 * 3) }
    #expect(Array(try numbers("q_proj.lora_B")[3..<6]) == Array(before[6..<9]))
    #expect(Array(try numbers("q_proj.lora_B")[9..<12]) == Array(before[3..<6]))
    #expect(try numbers("q_proj.lora_A") == (0..<72).map { Exported.number($0) })
    #expect(try numbers("v_proj.lora_B") == (0..<36).map { Exported.number($0 * 3 + 1) })
  }

  @Test(arguments: [RopeStyle.adjacent, .halfSplit])
  func whatWasWrittenReadsBack(style: RopeStyle) throws {
    let configuration = Exported.configuration(style)
    let files = try ModelExport.adapter(
      try Exported.trained(configuration), over: configuration, AdapterOptions(base: "base", alpha: 4.5, dropout: 0))
    let imported = try AdapterImport(
      options: ModelBytes(try files[0].bytes(), name: files[0].name),
      weights: ModelBytes(try files[1].bytes(), name: files[1].name)
    ).trainedWeights(over: configuration)
    #expect(imported == Exported.adapters(configuration))
  }

  @Test(arguments: [
    (
      #""peft_type": "LORA""#, #""peft_type": "IA3""#,
      #""peft_type" is "IA3", which is not computed here; supported: LORA"#
    ),
    (#""use_rslora": false"#, #""use_rslora": "yes""#, #""use_rslora" must be true or false, but is "yes""#),
    (#""use_dora": false"#, #""use_dora": true"#, #""use_dora" is true, which is not computed here"#),
    (#""bias": "none""#, #""bias": "all""#, #""bias" is "all", which is not computed here; supported: none"#),
    (#""modules_to_save": null"#, #""modules_to_save": ["lm_head"]"#, #""modules_to_save" is ["lm_head"], which"#),
    (#""modules_to_save": null"#, #""rank_pattern": {"q_proj": 8}"#, #""rank_pattern" is {"q_proj":8}, which"#),
    (
      #""init_lora_weights": true"#, #""init_lora_weights": "pissa""#,
      #""init_lora_weights" is "pissa", which is not computed here"#
    ),
    (#""use_dora": false"#, #""alora_invocation_tokens": [1, 2]"#, #""alora_invocation_tokens" is [1,2], which"#),
    (#""use_dora": false"#, #""a_key_of_tomorrow": 0.5"#, #""a_key_of_tomorrow" is 0.5, which"#),
    (#""r": 3"#, #""r": 4"#, "has the sizes 24 x 3, but the model and the rank 4 ask for 24 x 4"),
    (#""lora_alpha": 4.5"#, #""lora_alpha": 1e300"#, #""lora_alpha" must be a number from 1e-30 to 1e30, but is"#),
    (#""lora_alpha": 4.5"#, #""lora_alpha": 1e-46"#, #""lora_alpha" must be a number from 1e-30 to 1e30, but is"#),
    (
      #""bias": "none""#, #""bias": "none", "layers_to_transform": [0]"#,
      "has tensors over \"model.layers.1.self_attn.q_proj\""
    ),
    (#""bias": "none""#, #""bias": "none", "layers_to_transform": "few""#, "a block's number, or a list of them"),
    (
      #""q_proj""#, #""self_attn.k_proj""#,
      "has tensors over \"model.layers.0.self_attn.q_proj\", which \"target_modules\""
    ),
    (#""q_proj""#, #""q_proj", "k_proj""#, "has no tensors over \"model.layers.0.self_attn.k_proj\", which"),
    (#""q_proj""#, "7", #""target_modules" must be a list of names"#),
    (#""lora_alpha": 4.5"#, #""lora_alpha": "much""#, #""lora_alpha" must be a number over 0, but is "much""#),
  ])
  func optionsThatAreNotComputedAreRefused(written: String, changed: String, message: String) throws {
    let files = try Self.exported()
    let text = Self.text(try #require(files["adapter_config.json"]))
    #expect(text.contains(written))
    let options = ModelBytes(Array(text.replacing(written, with: changed).utf8), name: "adapter_config.json")
    let error = #expect(throws: ModelFileError.self) {
      try AdapterImport(options: options, weights: try #require(files["adapter_model.safetensors"]))
        .trainedWeights(over: Self.configuration)
    }
    #expect(error?.diagnoses[0].message.contains(message) == true, "\(error?.diagnoses[0].message ?? "none")")
  }

  @Test func tensorsOfAnotherModelAreRefused() throws {
    let files = try Self.exported()
    let adapter = try AdapterImport(
      options: try #require(files["adapter_config.json"]), weights: try #require(files["adapter_model.safetensors"]))
    var shallow = Self.configuration
    shallow.blocks = 1
    var wide = Self.configuration
    wide.feedForward = 41
    for (configuration, message) in [
      (shallow, "layers.1.mlp.down_proj.lora_A.weight\", which is no adapter over a matrix of the model's 1 blocks"),
      (wide, "mlp.down_proj.lora_A.weight\" has the sizes 3 x 40, but the model and the rank 3 ask for 3 x 41"),
    ] {
      let error = #expect(throws: ModelFileError.self) { try adapter.trainedWeights(over: configuration) }
      #expect(error?.diagnoses[0].message.contains(message) == true, "\(error?.diagnoses[0].message ?? "none")")
      #expect(error?.diagnoses[0].remedy == "Name the base that the adapter was trained over, or another adapter")
    }
  }
}
