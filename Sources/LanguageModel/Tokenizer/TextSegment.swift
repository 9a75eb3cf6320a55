// Text that knows whether it came from a template or from data.
// Knows nothing of tokens; the tokenizer looks for special tokens in templates only.

/// A stretch of text on its way to the tokenizer.
public struct TextSegment: Hashable, Sendable {
  /// The text.
  public let text: String
  /// Whether special tokens in it are meant as such.
  public let isTemplate: Bool

  /// Makes a segment.
  public init(text: String, isTemplate: Bool) {
    self.text = text
    self.isTemplate = isTemplate
  }

  /// Text of a template, in which special tokens are recognized.
  public static func template(_ text: String) -> TextSegment { TextSegment(text: text, isTemplate: true) }

  /// Text of data, in which nothing is special.
  public static func data(_ text: String) -> TextSegment { TextSegment(text: text, isTemplate: false) }

  /// Equal when the bytes of the texts and the flags are.
  public static func == (left: TextSegment, right: TextSegment) -> Bool {
    left.isTemplate == right.isTemplate && left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// Hashes the bytes of the text and the flag.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(isTemplate)
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}
