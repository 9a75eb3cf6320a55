// Finding text in text by its bytes: a line end of two characters still ends a line, and no two spellings are one.
// Knows nothing of what is looked for.

// For Collection.firstRange(of:).
import _StringProcessing

extension StringProtocol {
  /// Where another text's bytes first stand.
  func firstBytes(of text: String) -> Range<String.Index>? { utf8.firstRange(of: text.utf8) }
}
