// Shows options as a lettered list and says which letter is right.
// Knows nothing of chance: whoever shuffles hands over the order.

/// Options as the prompt shows them.
public struct OptionLetters: Hashable, Sendable {
  /// The options in the order shown.
  public let options: [String]
  /// The label of each, such as `(A)`.
  public let labels: [String]

  /// Letters the options.
  ///
  /// - Parameters:
  ///   - options: The options in the order of the data, at most 26.
  ///   - style: How a label looks, an `A` standing for the letter: `(A)`, `A.`, `A)`.
  ///   - order: Which option stands at each place: a permutation of 0..<options.count; nil for the order of the data.
  /// - Throws: ``VerifierFault`` if there are too many options, the style has no `A`, or the order is no permutation.
  public init(_ options: [String], style: String = "(A)", order: [Int]? = nil) throws(VerifierFault) {
    guard options.count <= 26 else { throw .tooManyOptions(options.count) }
    let order = order ?? Array(options.indices)
    guard order.sorted() == Array(options.indices) else { throw .notAPermutation(order, options: options.count) }
    let style = Texts.scalars(style)
    let words = style.split { !Texts.isWordPart($0) }
    guard let letter = words.first(where: { Array($0) == ["A"] }) else { throw .letterStyle(Texts.string(style)) }
    self.options = order.map { options[$0] }
    labels = order.indices.map { place in
      let name = Unicode.Scalar(UInt8(ascii: "A") + UInt8(place))
      return Texts.string(style[..<letter.startIndex] + [name] + style[letter.endIndex...])
    }
  }

  /// A line an option, each begun by a line end: `\n(A) red\n(B) blue`.
  public var text: String { zip(labels, options).map { "\n\($0) \($1)" }.joined() }

  /// The labels of the options that are accepted, in the order shown.
  ///
  /// - Throws: ``VerifierFault/notAnOption(_:options:)`` if an accepted text is no option.
  public func labels(of accepted: [String]) throws(VerifierFault) -> [String] {
    for text in accepted where !options.contains(where: { Texts.same($0, text) }) {
      throw .notAnOption(text, options: options)
    }
    return zip(labels, options).filter { pair in accepted.contains { Texts.same($0, pair.1) } }.map(\.0)
  }

  /// The answer that a verifier needs: accepted labels, options and labels as shown.
  public func answer(accepting accepted: [String]) throws(VerifierFault) -> AcceptedAnswer {
    AcceptedAnswer(try labels(of: accepted), options: options, labels: labels)
  }
}
