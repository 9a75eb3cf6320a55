// What is wrong with a request to a decoder, as facts and as sentences.
// Knows nothing of files; weights that cannot be read have errors of their own.

public import Diagnostics

/// A request that a decoder cannot serve.
public enum DecoderError: Error, Hashable, Sendable {
  /// A sequence without tokens.
  case emptySequence(request: Int)
  /// A sequence of more tokens than the model's context.
  case exceedsContext(request: Int, tokens: Int, context: Int)
  /// A token that the vocabulary does not have.
  case tokenOutOfRange(request: Int, position: Int, token: TokenID, vocabulary: Int)
  /// A position that has no log-probability: the first token has none, and there is none after the last.
  case positionOutOfRange(request: Int, position: Int, allowed: Range<Int>)
}

extension DecoderError: DiagnosableError {
  /// The fault as a diagnosis.
  public var diagnoses: [Diagnosis] {
    switch self {
    case .emptySequence(let request):
      [
        Diagnosis(
          "model.empty-sequence", "sequence \(request) has no tokens",
          remedy: "give it a prompt, or a beginning-of-text token.", exit: .stepFailed)
      ]
    case .exceedsContext(let request, let tokens, let context):
      [
        Diagnosis(
          "model.exceeds-context", "sequence \(request) has \(tokens) tokens, the model's context has \(context)",
          remedy: "shorten the text, or drop records that are too long.", exit: .stepFailed)
      ]
    case .tokenOutOfRange(let request, let position, let token, let vocabulary):
      [
        Diagnosis(
          "model.token-out-of-range",
          "sequence \(request) has token \(token.rawValue) at position \(position), the vocabulary ends at \(vocabulary - 1)",
          remedy: "use the tokenizer that belongs to these weights.", exit: .stepFailed)
      ]
    case .positionOutOfRange(let request, let position, let allowed):
      [
        Diagnosis(
          "model.position-out-of-range",
          "position \(position) of sequence \(request) is outside \(allowed.lowerBound)..<\(allowed.upperBound)",
          remedy: "ask for positions that have a token before them.", exit: .stepFailed)
      ]
    }
  }
}

extension DecoderConfiguration {
  /// Checks a sequence's length and tokens.
  func check(_ tokens: [TokenID], request: Int) throws(DecoderError) {
    if tokens.isEmpty { throw .emptySequence(request: request) }
    if tokens.count > context { throw .exceedsContext(request: request, tokens: tokens.count, context: context) }
    for (position, token) in tokens.enumerated() where token.rawValue < 0 || Int(token.rawValue) >= vocabulary {
      throw .tokenOutOfRange(request: request, position: position, token: token, vocabulary: vocabulary)
    }
  }
}
