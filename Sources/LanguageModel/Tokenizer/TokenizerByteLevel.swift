// A tokenizer of the 256 bytes and the markers of chats, for models with random weights.
// Knows no file; it is the same everywhere.

extension Tokenizer {
  /// The markers of the byte tokenizer; they follow the 256 bytes.
  public static let byteLevelMarkers = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

  /// The tokenizer whose token n is byte n, followed by ``byteLevelMarkers``; nothing is merged.
  public static let byteLevel: Tokenizer = {
    var vocabulary = Vocabulary(capacity: 256 + byteLevelMarkers.count)
    for byte in UInt8.min...UInt8.max { _ = vocabulary.append(ByteAlphabet.utf8(of: byte), kind: .ordinary) }
    for marker in byteLevelMarkers { _ = vocabulary.append(Array(marker.utf8), kind: .control) }
    var markers = Markers()
    markers.beginOfText = TokenID(257)
    markers.ends = [TokenID(258)]
    markers.padding = TokenID(258)
    return Tokenizer(
      vocabulary: vocabulary, merges: MergeTable(capacity: 0), preTokenizer: .gpt2, markers: markers)
  }()
}
