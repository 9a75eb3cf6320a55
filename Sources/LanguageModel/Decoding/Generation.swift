// What is asked of generation, and what it gives.
// Knows nothing of how sequences are batched.

public import Randomness

/// A text to continue.
public struct GenerationRequest: Sendable {
  /// The text; at least one token.
  public let prompt: [TokenID]
  /// The most tokens to add, 0 or more.
  public let maxNewTokens: Int
  /// Tokens that end the text; the one that came is left out of it.
  public let endTokens: [TokenID]
  /// How tokens are chosen.
  public let sampling: Sampling
  /// Where the random numbers come from; the n-th new token uses the number at position n.
  public let random: RandomAddress
  /// Asked after each new token with all new tokens; true ends the text there.
  ///
  /// Called from any thread.
  public let shouldStop: (@Sendable ([TokenID]) -> Bool)?

  /// Makes a request.
  public init(
    prompt: [TokenID], maxNewTokens: Int, endTokens: [TokenID], sampling: Sampling, random: RandomAddress,
    shouldStop: (@Sendable ([TokenID]) -> Bool)? = nil
  ) {
    self.prompt = prompt
    self.maxNewTokens = maxNewTokens
    self.endTokens = endTokens
    self.sampling = sampling
    self.random = random
    self.shouldStop = shouldStop
  }
}

/// Why a text ended.
public enum Finish: String, Hashable, Sendable, CaseIterable {
  /// An end token came, or the caller said so.
  case stop
  /// The most new tokens, or the model's context, were reached.
  case length
}

/// A continuation.
public struct Generation: Hashable, Sendable {
  /// The new tokens, without the end token.
  public let tokens: [TokenID]
  /// Why it ended.
  public let finish: Finish
  /// ln p of each new token at temperature 1 with nothing filtered, and of the end token if one came.
  public let logProbs: [Float]

  /// Makes a continuation.
  public init(tokens: [TokenID], finish: Finish, logProbs: [Float]) {
    self.tokens = tokens
    self.finish = finish
    self.logProbs = logProbs
  }
}
