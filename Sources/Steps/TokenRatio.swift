// A judged response token by token: which bytes each stands for, and how likely it is with and without the judgment.
// Knows scores and tokens; nothing of what is made of them.

package import Records

/// A token of a judged response's text.
package struct TokenRatio: Hashable, Sendable {
  /// The bytes of the text that it stands for; not empty.
  package let bytes: Range<Int>
  /// ln p(token | prompt).
  package let plain: Double
  /// ln p(token | judged prompt).
  package let judged: Double

  /// The detection ratio as ln p(judged) - ln p(plain).
  package var ratio: Double { judged - plain }

  /// The tokens of a response's text.
  ///
  /// The end of the turn is no text and is left out. Behind an empty prompt the first token has no probability; it is
  /// left out, too.
  ///
  /// - Parameters:
  ///   - response: The response.
  ///   - plain: Its log-probabilities behind the prompt.
  ///   - judged: Those behind the judged prompt.
  ///   - encoder: Tells which token stands for which bytes.
  /// - Returns: The tokens in order; nil if they do not stand for the text as it is, or the scores are of another one.
  package static func all(
    of response: Response, plain: Score, judged: Score, _ encoder: ResponseEncoder
  ) -> [TokenRatio]? {
    guard let text = encoder.text(of: response) else { return nil }
    let counts = [plain, judged].map(\.logProbabilities.count)
    guard counts.allSatisfy({ $0 <= text.tokens }) else { return nil }
    let known = min(counts[0], counts[1])
    let (before, behind) = (plain.logProbabilities.suffix(known), judged.logProbabilities.suffix(known))
    let pairs = zip(before, behind).map { (Double($0), Double($1)) }
    let skipped = text.tokens - known
    return text.ranges.enumerated().compactMap { token, bytes in
      guard token >= skipped, !bytes.isEmpty else { return nil }
      let (plain, judged) = pairs[token - skipped]
      return TokenRatio(bytes: bytes, plain: plain, judged: judged)
    }
  }
}
