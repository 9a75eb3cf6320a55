// How a field of a record becomes text in a template. One rule for every step.

import JSON

enum FieldText {
  /// What a template's field stands for: the record's field of that name, or else, where the name has dots, a member of
  /// a mapping or an element of a list, counted from 0: `feedback.corrected-prediction`, `scores.1`.
  static func value(_ name: String, of fields: JSONObject) -> JSONValue? {
    if let value = fields[name] { return value }
    var steps = name.split(separator: ".", omittingEmptySubsequences: false)[...]
    guard steps.count > 1, let first = steps.popFirst(), var value = fields[String(first)] else { return nil }
    for step in steps {
      let found: JSONValue? =
        switch value {
        case .object(let members): members[String(step)]
        case .array(let elements): Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
        default: nil
        }
      guard let found else { return nil }
      value = found
    }
    return value
  }

  /// The text of a template's field; nil if there is none or it is nothing that a template can show.
  static func text(_ name: String, of fields: JSONObject) -> String? { value(name, of: fields).flatMap(text) }

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
