// Everything that a spec sets, written or by default, as a tree in which equal meanings are equal values.
// Knows nothing of experiments: the language's forms say what stands where.

import JSON
import YAML

/// What stands somewhere in a spec.
struct SettingTree {
  /// What it is.
  indirect enum Content {
    /// A scalar, in one of its spellings.
    case value(JSONValue)
    /// A list.
    case list([SettingTree])
    /// A mapping, defaults in their places.
    case mapping([Member])
    /// A tag with what stands under it.
    case choice(String, SettingTree?)
  }

  /// A key with what stands under it.
  struct Member {
    let name: String
    let tree: SettingTree
  }

  let content: Content
  /// Where it is written; nil of a default.
  let node: Node?

  /// Reads what stands at a node.
  ///
  /// - Parameters:
  ///   - node: The node, of a spec without faults.
  ///   - form: What may stand there.
  ///   - isWritten: Whether a file says it.
  init(_ node: Node, _ form: Form, isWritten: Bool = true) {
    content = Content(node, form, isWritten)
    self.node = isWritten ? node : nil
  }

  /// A tree without lists and mappings in it: one thing to compare.
  var isPlain: Bool {
    switch content {
    case .value: true
    case .list(let elements): elements.allSatisfy { if case .value = $0.content { true } else { false } }
    case .mapping, .choice: false
    }
  }

  /// Whether it says no more than if it were not there.
  var isEmpty: Bool {
    switch content {
    case .mapping(let members): members.allSatisfy { $0.tree.node == nil }
    case .list(let elements): elements.isEmpty
    case .value, .choice: false
    }
  }

  /// The tree as a spec would write it, without defaults unless there is nothing else.
  var json: JSONValue {
    switch content {
    case .value(let value): return value
    case .list(let elements): return .array(elements.map(\.json))
    case .mapping(let members):
      let shown = node == nil ? members : members.filter { $0.tree.node != nil }
      return .object(JSONObject(shown.map { JSONMember($0.name, $0.tree.json) }))
    case .choice(let tag, let payload):
      guard let payload, !payload.isEmpty else { return .string(tag) }
      return .object(JSONObject([JSONMember(tag, payload.json)]))
    }
  }
}

extension SettingTree.Content {
  fileprivate init(_ node: Node, _ form: Form, _ isWritten: Bool) {
    switch (form, node.content) {
    case (.either(let forms), _): self.init(either: forms, node, isWritten)
    case (.list(let element, _), .sequence(let elements)):
      self = .list(elements.map { SettingTree($0, element, isWritten: isWritten) })
    case (.named(let element, _), .mapping(let entries)):
      self = .mapping(Self.members(entries, isWritten) { _ in element })
    case (.record(let record), .mapping(let entries)): self = .mapping(Self.members(of: record, entries, isWritten))
    case (.choice(let choice), _): self.init(choice: choice, node, isWritten)
    case (.path, .scalar(let scalar)): self = .value(.string(PathText.resolve(scalar.text, at: node)))
    case (.text, .scalar(let scalar)), (.words, .scalar(let scalar)): self = .value(.string(scalar.text))
    case (.number, .scalar(let scalar)):
      // 1 and 1.0 are the same number, and so are 1e-3 and 0.001.
      if case .integer(let value) = scalar.value {
        self = .value(.number(Double(value)))
      } else {
        self = .value(node.json)
      }
    default: self = .value(node.json)
    }
  }

  /// The first form that is meant for such a node; one thing where several may stand is a list of one.
  private init(either forms: [Form], _ node: Node, _ isWritten: Bool) {
    if forms.count == 2, case .list(let element, _) = forms[1], node.elements == nil {
      self = .list([SettingTree(node, element, isWritten: isWritten)])
    } else if let form = forms.first(where: { Merge.fits($0, node) }) {
      self.init(node, form, isWritten)
    } else {
      self = .value(node.json)
    }
  }

  private init(choice: ChoiceForm, _ node: Node, _ isWritten: Bool) {
    let tag = node.scalar?.text ?? node.entries?.first?.key.text ?? ""
    guard let payload = choice.alternatives.first(where: { $0.tag.utf8.elementsEqual(tag.utf8) })?.payload else {
      self = .choice(tag, nil)
      return
    }
    guard let written = node.entries?.first?.value else {
      // A tag alone stands for its defaults.
      let nothing = Node(.mapping([]), location: node.location)
      self = .choice(tag, SettingTree(nothing, payload, isWritten: false))
      return
    }
    self = .choice(tag, SettingTree(written, payload, isWritten: isWritten))
  }

  private static func members(
    _ entries: [Node.Entry], _ isWritten: Bool, _ form: (String) -> Form
  ) -> [SettingTree.Member] {
    entries.filter { !Reading.isAbsent($0.value) }.map { entry in
      .init(name: entry.key.text, tree: SettingTree(entry.value, form(entry.key.text), isWritten: isWritten))
    }
  }

  /// The keys of a record in the order of the language, and then those whose names are free.
  private static func members(
    of record: RecordForm, _ entries: [Node.Entry], _ isWritten: Bool
  ) -> [SettingTree.Member] {
    func isNamed(_ entry: Node.Entry, _ name: String) -> Bool { entry.key.text.utf8.elementsEqual(name.utf8) }
    let known = record.fields.compactMap { field -> SettingTree.Member? in
      if let entry = entries.first(where: { isNamed($0, field.name) }), !Reading.isAbsent(entry.value) {
        return .init(name: field.name, tree: SettingTree(entry.value, field.form, isWritten: isWritten))
      }
      return field.standard.map { standard in
        .init(name: field.name, tree: SettingTree(Node(standard: standard), field.form, isWritten: false))
      }
    }
    let others = entries.filter { entry in !record.fields.contains { isNamed(entry, $0.name) } }
    return known + members(others, isWritten) { _ in record.rest ?? .anything }
  }
}

extension Node {
  /// A value that no file says.
  fileprivate init(standard value: JSONValue) {
    func scalar(_ text: String, _ style: Scalar.Style = .plain) -> Content { .scalar(Scalar(text, style: style)) }
    let content: Content =
      switch value {
      case .null: scalar("null")
      case .bool(let flag): scalar(flag ? "true" : "false")
      case .integer(let number): scalar("\(number)")
      case .number(let number): scalar("\(number)")
      case .string(let text): scalar(text, .doubleQuoted)
      case .array(let elements): .sequence(elements.map { Node(standard: $0) })
      case .object(let object):
        .mapping(
          object.members.map { Entry(key: Key($0.name, location: .nowhere), value: Node(standard: $0.value)) })
      }
    self.init(content, location: .nowhere)
  }
}

extension Location {
  /// Where defaults stand.
  fileprivate static let nowhere = Location(SourceText([], file: ""), 0..<0)
}
