// Unicode's normal form C, which some tokenizers bring text to before they cut it.
// Knows nothing of tokens.

import Foundation

extension String {
  /// The text in normal form C; text that is ASCII is its own.
  var composed: String { utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping }
}

extension Tokenizer {
  /// The text in normal form C.
  package static func composed(_ text: String) -> String { text.composed }
}
