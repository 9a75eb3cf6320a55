// Laying one tree over another as the spec language says it, guided by what each key may hold.
// Knows nothing of files; who inherits from whom is decided elsewhere.

import YAML

/// Lays patches over trees.
enum Merge {
  /// Mappings merge, lists and scalars replace, a choice with another tag replaces and with the same tag merges,
  /// `none` removes.
  static func lay(_ patch: Node, over base: Node, _ form: Form) -> Node {
    switch (form, base.content, patch.content) {
    case (.either(let forms), _, _):
      let fitting = forms.first { fits($0, base) && fits($0, patch) }
      return fitting.map { lay(patch, over: base, $0) } ?? patch
    case (.record(let record), .mapping(let below), .mapping(let above)):
      return mapping(above, over: below, at: patch, keys: record.fields.map(\.name)) { key in
        record.fields.first { $0.name.utf8.elementsEqual(key.utf8) }?.form ?? record.rest ?? .anything
      }
    case (.named(let element, _), .mapping(let below), .mapping(let above)):
      return mapping(above, over: below, at: patch, keys: []) { _ in element }
    case (.patch, .mapping, .mapping): return lay(patch, over: base, ReadDocument.form)
    case (.choice(let choice), .mapping(let below), .mapping(let above)):
      guard let payload = sharedPayload(choice, below, above) else { return patch }
      return mapping(above, over: below, at: patch, keys: []) { _ in payload }
    default: return patch
    }
  }

  /// One mapping over another; `keys` may be removed where they are not, since they could be.
  ///
  /// Whatever else is to be removed and is not there stays, so that reading the whole finds the mistake.
  private static func mapping(
    _ above: [Node.Entry], over below: [Node.Entry], at patch: Node, keys: [String], form: (String) -> Form
  ) -> Node {
    var result = below
    for entry in above {
      let key = entry.key.text
      let index = result.firstIndex { $0.key.text.utf8.elementsEqual(key.utf8) }
      if Reading.isAbsent(entry.value) {
        if let index {
          result.remove(at: index)
        } else if !keys.contains(where: { $0.utf8.elementsEqual(key.utf8) }) {
          result.append(entry)
        }
      } else if let index {
        result[index] = Node.Entry(key: entry.key, value: lay(entry.value, over: result[index].value, form(key)))
      } else {
        result.append(entry)
      }
    }
    return Node(.mapping(result), location: patch.location)
  }

  /// What stands under the tag, if both sides have the same one.
  private static func sharedPayload(_ choice: ChoiceForm, _ below: [Node.Entry], _ above: [Node.Entry]) -> Form? {
    guard below.count == 1, above.count == 1, below[0].key.text.utf8.elementsEqual(above[0].key.text.utf8) else {
      return nil
    }
    return choice.alternatives.first { $0.tag.utf8.elementsEqual(above[0].key.text.utf8) }?.payload
  }

  /// Whether a form is meant for a node of this kind.
  static func fits(_ form: Form, _ node: Node) -> Bool {
    switch (form, node.content) {
    case (.list, .sequence), (.named, .mapping), (.record, .mapping), (.patch, .mapping), (.anything, _): true
    case (.choice(let choice), .mapping(let entries)):
      entries.contains { entry in choice.alternatives.contains { $0.tag.utf8.elementsEqual(entry.key.text.utf8) } }
    case (.choice, .scalar), (.text, .scalar), (.integer, .scalar), (.number, .scalar), (.flag, .scalar),
      (.null, .scalar), (.words, .scalar), (.path, .scalar):
      true
    case (.either(let forms), _): forms.contains { fits($0, node) }
    default: false
    }
  }

  /// The first key, with dots, that both trees set to something of their own.
  ///
  /// Mappings are compared key by key; two tags of one choice, two lists or two scalars clash.
  static func clash(_ first: Node, _ second: Node, _ form: Form) -> (path: [String], node: Node)? {
    switch (form, first.content, second.content) {
    case (.either(let forms), _, _):
      guard let fitting = forms.first(where: { fits($0, first) && fits($0, second) }) else { return ([], first) }
      return clash(first, second, fitting)
    case (.patch, .mapping, .mapping): return clash(first, second, ReadDocument.form)
    case (.record(let record), .mapping(let entries), .mapping):
      return clash(entries, second) { key in
        record.fields.first { $0.name.utf8.elementsEqual(key.utf8) }?.form ?? record.rest ?? .anything
      }
    case (.named(let element, _), .mapping(let entries), .mapping): return clash(entries, second) { _ in element }
    case (.choice(let choice), .mapping(let one), .mapping(let other)):
      guard let payload = sharedPayload(choice, other, one) else { return ([], first) }
      return clash(one, second) { _ in payload }
    default: return ([], first)
    }
  }

  private static func clash(
    _ entries: [Node.Entry], _ other: Node, form: (String) -> Form
  ) -> (path: [String], node: Node)? {
    for entry in entries {
      guard let second = other[entry.key.text] else { continue }
      if let found = clash(entry.value, second, form(entry.key.text)) {
        return ([entry.key.text] + found.path, found.node)
      }
    }
    return nil
  }
}
