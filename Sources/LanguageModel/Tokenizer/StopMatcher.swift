// Watches text as it grows for the first place where one of several texts stands.
// Knows bytes only; where the text comes from is its caller's matter.

/// Finds stop texts and keeps what stands before them.
public struct StopMatcher: Sendable {
  private let stops: [[UInt8]]
  private let longest: Int
  private var bytes: [UInt8] = []
  private var cut: Int?
  private var found: Int?

  /// Makes a matcher for one text.
  ///
  /// - Parameter stops: Texts that end it; empty ones are left out, for they would end it before it begins.
  public init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    longest = self.stops.map(\.count).max() ?? 0
  }

  /// Takes more text; after a stop text was found, nothing is taken any more.
  ///
  /// - Parameter text: What follows what came before.
  /// - Returns: Whether a stop text stands in the text so far.
  @discardableResult
  public mutating func append(_ text: String) -> Bool {
    guard cut == nil else { return true }
    let start = max(0, bytes.count - longest + 1)
    bytes += text.utf8
    guard longest > 0, start < bytes.count else { return false }
    for at in start..<bytes.count {
      guard let stop = stops.firstIndex(where: { bytes[at...].starts(with: $0) }) else { continue }
      (cut, found) = (at, stop)
      return true
    }
    return false
  }

  /// Whether a stop text was found.
  public var isStopped: Bool { cut != nil }

  /// The stop text that was found; the first named of several at one place.
  public var stop: String? { found.map { String(decoding: stops[$0], as: UTF8.self) } }

  /// The text before the first stop text, or all of it.
  public var text: String { String(decoding: bytes[..<(cut ?? bytes.count)], as: UTF8.self) }

  /// The part of ``text`` that no later stop text can take back; for showing text while it grows.
  public var settled: String {
    guard cut == nil else { return text }
    for length in stride(from: min(longest - 1, bytes.count), to: 0, by: -1) {
      let tail = bytes[(bytes.count - length)...]
      if stops.contains(where: { $0.count > length && $0.starts(with: tail) }) {
        return String(decoding: bytes[..<(bytes.count - length)], as: UTF8.self)
      }
    }
    return text
  }
}

/// Tells after each token of a generation whether its text has come to a stop text.
public struct StopCheck: Sendable {
  private let tokenizer: Tokenizer
  private let stops: [[UInt8]]
  private let longest: Int

  /// Makes a check.
  ///
  /// - Parameters:
  ///   - tokenizer: Whose tokens will come.
  ///   - stops: Texts that end a generation; empty ones are left out.
  public init(_ tokenizer: Tokenizer, _ stops: [String]) {
    self.tokenizer = tokenizer
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    longest = self.stops.map(\.count).max() ?? 0
  }

  /// Whether the last token completed a stop text; asked after each token, it finds the first one.
  ///
  /// - Parameter tokens: All tokens of the generation so far.
  /// - Returns: Whether generation should end here.
  public func callAsFunction(_ tokens: [TokenID]) -> Bool {
    guard longest > 0, let last = tokens.last else { return false }
    var tail = tokenizer.isSpecial(last) ? [] : tokenizer.bytes(of: last)
    let wanted = tail.count + longest - 1
    for token in tokens.dropLast().reversed() {
      guard tail.count < wanted else { break }
      if !tokenizer.isSpecial(token) { tail = tokenizer.bytes(of: token) + tail }
    }
    return tail.indices.contains { at in stops.contains { tail[at...].starts(with: $0) } }
  }
}
