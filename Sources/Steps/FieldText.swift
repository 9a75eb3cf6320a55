// How a field of a record becomes text in a template. One rule for every step.

import JSON

enum FieldText {
  /// The text of a value; nil for null and for lists and mappings, which no template can show.
  static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer, .number, .bool: value.canonical
    case .null, .array, .object: nil
    }
  }

  /// The texts of a value: a list gives one for each element.
  static func texts(_ value: JSONValue) -> [String]? {
    guard case .array(let elements) = value else { return text(value).map { [$0] } }
    let texts = elements.compactMap(text)
    return texts.count == elements.count ? texts : nil
  }
}
