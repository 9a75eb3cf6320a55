// Finds control tokens in templates and added words in any text: the leftmost, of those the longest.
// Knows bytes and numbers only.

/// The tokens that are looked for before text is cut.
struct SpecialTokens: Sendable {
  private struct Entry {
    let text: [UInt8]
    let token: Int32
    let templateOnly: Bool
  }

  /// By first byte, the longest first.
  private var entries: [[Entry]] = Array(repeating: [], count: 256)
  private var isEmpty = true

  init(_ vocabulary: Vocabulary) {
    for (token, kind) in vocabulary.kinds.enumerated() where kind == .control || kind == .added {
      let text = Array(vocabulary.text(of: token))
      guard let first = text.first else { continue }
      entries[Int(first)].append(Entry(text: text, token: Int32(token), templateOnly: kind == .control))
      isEmpty = false
    }
    for first in entries.indices { entries[first].sort { ($1.text.count, $0.token) < ($0.text.count, $1.token) } }
  }

  /// Calls `body` with each stretch of plain text and each token found, in order.
  ///
  /// - Parameters:
  ///   - bytes: The whole text.
  ///   - templates: Where templates lie in it, in order.
  ///   - body: Is given a stretch, and its token or nil for plain text; stretches are not empty.
  func split(
    _ bytes: UnsafeBufferPointer<UInt8>, _ templates: [Range<Int>], _ body: (Range<Int>, Int32?) -> Void
  ) {
    var plain = 0
    var at = 0
    var template = 0
    while !isEmpty, at < bytes.count {
      while template < templates.count, templates[template].upperBound <= at { template += 1 }
      let inside = template < templates.count && templates[template].lowerBound <= at
      guard let found = match(bytes, at, inside ? templates[template].upperBound : at) else {
        at += 1
        continue
      }
      if plain < at { body(plain..<at, nil) }
      body(at..<at + found.text.count, found.token)
      at += found.text.count
      plain = at
    }
    if plain < bytes.count { body(plain..<bytes.count, nil) }
  }

  /// The longest token at `at`; a control token must end by `templateEnd`.
  private func match(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int, _ templateEnd: Int) -> Entry? {
    entries[Int(bytes[at])].first { entry in
      let end = at + entry.text.count
      guard end <= (entry.templateOnly ? templateEnd : bytes.count) else { return false }
      for index in 1..<entry.text.count where bytes[at + index] != entry.text[index] { return false }
      return true
    }
  }
}
