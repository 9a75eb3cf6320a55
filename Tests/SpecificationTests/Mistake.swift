// One mistake in a spec, made by a textual edit.

/// One mistake in a spec, made by a textual edit.
struct Mistake {
  /// The class of mistakes it belongs to.
  let name: String
  /// The text that is replaced, where it stands first; empty: text is added at the end.
  let find: String
  /// What stands there instead.
  let replacement: String

  init(_ name: String, _ find: String, _ replacement: String) {
    self.name = name
    self.find = find
    self.replacement = replacement
  }

  /// The spec with the mistake in it; nil if the text to replace is not there.
  func applied(to spec: String) -> String? {
    if find.isEmpty { return spec + replacement + "\n" }
    guard let range = spec.utf8Range(of: find) else { return nil }
    return spec.replacingCharacters(in: range, with: replacement)
  }
}

extension String {
  fileprivate func utf8Range(of text: String) -> Range<Index>? {
    let wanted = Array(text.utf8)
    var index = utf8.startIndex
    while index < utf8.endIndex {
      if utf8[index...].starts(with: wanted) { return index..<utf8.index(index, offsetBy: wanted.count) }
      index = utf8.index(after: index)
    }
    return nil
  }

  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
