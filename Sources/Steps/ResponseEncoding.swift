// From a prompt and a response to the tokens that scoring, training and the limit of length all see.
// Knows text and tokens; nothing of what a token is worth.

package import LanguageModel
package import Planning
package import Records

/// Encodes responses after their prompts.
///
/// The prompt's tokens are those that generation reads. The response's text is encoded by itself behind them, with the
/// white space that the format keeps for its front, so that no token straddles the border: a model that answers the
/// prompt can write exactly these tokens. The token that ends a turn follows a response that stopped, and none that
/// was cut off. A format without such a token has nothing after the text.
package struct ResponseEncoder: Sendable {
  private let use: ModelUse
  private let tokenizer: Tokenizer
  private let turnEnd: TokenID?

  package init(_ use: ModelUse, _ tokenizer: Tokenizer) {
    self.use = use
    self.tokenizer = tokenizer
    turnEnd = use.chatFormat.turnEnd(for: tokenizer)
  }

  /// The tokens of the whole, and the index of the first that belongs to the response.
  ///
  /// `from` is at least 1: where nothing stands before the response, its first token has no probability. It is at most
  /// the number of tokens, and equals it if no token of the response can be learned.
  package func encode(turns: [Message], response: Response) -> (tokens: [TokenID], from: Int) {
    let prompt = tokenizer.encode(use.segments(of: turns))
    let tokens = prompt + encode(response)
    return (tokens, min(max(1, prompt.count), max(1, tokens.count)))
  }

  /// How many tokens prompt and response have.
  package func count(turns: [Message], response: Response) -> Int {
    encode(turns: turns, response: response).tokens.count
  }

  /// Whether the text gives another number of tokens than the model wrote.
  ///
  /// The text is what counts; a model may have written it in other pieces, or have been cut off within a character.
  /// Nothing is known of a response without a count, nor of one that stopped by a text instead of a token of the format.
  package func isRetokenized(_ response: Response) -> Bool {
    guard response.tokens > 0, turnEnd != nil || response.finish == .length else { return false }
    return encode(response).count != response.tokens
  }

  /// A response of which no more is left than fits with its prompt into so many tokens; itself if it fits.
  ///
  /// What is cut ends with a whole token of the response that is a whole character, too, and does not end the turn.
  package func cut(_ response: Response, turns: [Message], toFit most: Int) -> Response {
    let room = most - tokenizer.encode(use.segments(of: turns)).count
    guard encode(response).count > room else { return response }
    let lead = use.chatFormat.responseLead
    let tokens = encode(Response(text: response.text, finish: .length, tokens: 0))
    for count in stride(from: min(room, tokens.count), to: 0, by: -1) {
      let text = String(tokenizer.decode(Array(tokens.prefix(count)), skippingSpecial: false).dropFirst(lead.count))
      let cut = Response(text: text, finish: .length, tokens: 0)
      if response.text.utf8.starts(with: text.utf8), encode(cut).count <= room { return cut }
    }
    return Response(text: "", finish: .length, tokens: 0)
  }

  /// After how many tokens a response that is wrong as a whole says a right answer, or a part of one.
  ///
  /// Empty for items that are not wrong, or of which nothing is known.
  package func rightBeginnings(of item: FeedbackItem) -> Set<Int> {
    guard case .relabeled(let response, _, _, let answers) = item, !answers.isEmpty else { return [] }
    let tokens = encode(response)
    return Set(
      tokens.indices.dropFirst().filter { count in
        let text = tokenizer.decode(Array(tokens.prefix(count)), skippingSpecial: true).trimmed
        return !text.isEmpty && answers.contains { $0.contains(text) }
      })
  }

  /// Which bytes of a response's text its tokens stand for.
  ///
  /// - Returns: How many tokens the response has, and the bytes of each that is text, which leaves out the end of turn. The
  ///   white space that the format keeps for the front is no part of the text: a token of it alone stands for no byte. Nil
  ///   if the tokens do not stand for the text as it is.
  package func text(of response: Response) -> (tokens: Int, ranges: [Range<Int>])? {
    let tokens = encode(response)
    let hasEnd = response.finish == .stop && turnEnd != nil
    let lead = response.text.utf8.isEmpty ? 0 : use.chatFormat.responseLead.utf8.count
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    for token in hasEnd ? tokens.dropLast() : tokens[...] {
      let start = bytes.count
      bytes += tokenizer.bytes(of: token)
      ranges.append(max(0, start - lead)..<max(0, bytes.count - lead))
    }
    return bytes.dropFirst(lead).elementsEqual(response.text.utf8) ? (tokens.count, ranges) : nil
  }

  private func encode(_ response: Response) -> [TokenID] {
    var tokens: [TokenID] = []
    if !response.text.utf8.isEmpty { tokens = tokenizer.encode(use.chatFormat.responseLead + response.text) }
    if response.finish == .stop, let turnEnd { tokens.append(turnEnd) }
    return tokens
  }
}

extension String {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    var rest = Substring(self).unicodeScalars
    while rest.first?.properties.isWhitespace ?? false { rest.removeFirst() }
    while rest.last?.properties.isWhitespace ?? false { rest.removeLast() }
    return String(rest)
  }
}
