// Tokens of a context and of what continues it, so that the two together are the tokens of the whole.
// Knows the rule of lm-evaluation-harness and nothing of scores.

extension Tokenizer {
  /// Tokens of a context and of a continuation after the rule of lm-evaluation-harness.
  ///
  /// White space at the end of the context moves to the continuation, where byte-level vocabularies want it; the
  /// continuation's tokens are those of the whole text beyond the count of the context's own tokens.
  ///
  /// - Parameters:
  ///   - context: What stands before.
  ///   - continuation: What is to be scored.
  /// - Returns: The tokens of the whole, in two parts.
  public func encode(
    context: [TextSegment], continuation: [TextSegment]
  ) -> (context: [TokenID], continuation: [TokenID]) {
    var context = context
    var moved: [TextSegment] = []
    while let last = context.popLast() {
      let kept = last.text.unicodeScalars.reversed().drop { $0.properties.isWhitespace || Self.isSeparator($0) }
      var head = String.UnicodeScalarView()
      head.append(contentsOf: kept.reversed())
      var tail = String.UnicodeScalarView()
      tail.append(contentsOf: last.text.unicodeScalars.dropFirst(head.count))
      if !tail.isEmpty { moved.insert(TextSegment(text: String(tail), isTemplate: last.isTemplate), at: 0) }
      if !head.isEmpty {
        context.append(TextSegment(text: String(head), isTemplate: last.isTemplate))
        break
      }
    }
    let whole = encode(context + moved + continuation)
    let count = min(encode(context).count, whole.count)
    return (Array(whole[..<count]), Array(whole[count...]))
  }

  /// What Python's `rstrip` removes beyond Unicode's white space.
  private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool { (0x1C...0x1F).contains(scalar.value) }
}
