// Unicode's normal form C as the reference computes it, which some tokenizers bring text to before they cut it.
// Knows nothing of tokens; the standard library composes, and what it knows beyond the reference is kept away from it.

// Foundation's own composition mistakes scalars of plane 8 for those of plane 0, so it is no alternative.
@_spi(_Unicode) import Swift

extension String {
  /// The text in the normal form C of Unicode 9, which is the reference's; text that is ASCII is its own.
  var composed: String {
    if utf8.allSatisfy({ $0 < 0x80 }) { return self }
    var composed = String.UnicodeScalarView()
    var run = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar.isNewerThanReference {
        composed.append(contentsOf: String(run)._nfc)
        composed.append(scalar)
        run = String.UnicodeScalarView()
      } else if let parts = scalar.tibetanParts {
        run.append(contentsOf: parts)
      } else {
        run.append(scalar)
      }
    }
    composed.append(contentsOf: String(run)._nfc)
    return String(composed)
  }
}

extension Unicode.Scalar {
  /// Whether the reference takes the scalar for unassigned: it combines with nothing, and nothing passes it.
  fileprivate var isNewerThanReference: Bool {
    guard value >= 0x300 else { return false }
    guard let age = properties.age else { return true }
    return age.major > 9
  }

  /// Vowel signs that are no marks themselves but stand for two; the standard library does not sort these.
  fileprivate var tibetanParts: [Unicode.Scalar]? {
    switch value {
    case 0x0F73: ["\u{0F71}", "\u{0F72}"]
    case 0x0F75: ["\u{0F71}", "\u{0F74}"]
    case 0x0F81: ["\u{0F71}", "\u{0F80}"]
    default: nil
    }
  }
}

extension Tokenizer {
  /// The text in normal form C.
  package static func composed(_ text: String) -> String { text.composed }

  /// The parts of a scalar that the reference takes it apart into; for tests.
  package static func decomposed(_ scalar: Unicode.Scalar) -> String {
    var parts = String.UnicodeScalarView()
    if scalar.isNewerThanReference { parts.append(scalar) } else { parts.append(contentsOf: String(scalar)._nfd) }
    return String(parts)
  }
}
