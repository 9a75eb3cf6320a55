// Records and tagged choices: a type names its keys once, and that both reads them and describes them.
// Knows nothing of what the keys are about.

import Diagnostics
import JSON
import YAML

/// The keys of a mapping while it is read, or while its form is described.
struct Fields {
  private let node: Node?
  let reading: Reading
  private(set) var described: [FieldForm] = []
  private(set) var names: [String] = []
  let what: String

  fileprivate init(describing what: String, _ reading: Reading) {
    self.what = what
    self.reading = reading
    node = nil
  }

  fileprivate init(reading node: Node, _ what: String, _ reading: Reading) {
    self.what = what
    self.reading = reading
    self.node = node
  }

  /// Whether this only describes the keys.
  var isDescribing: Bool { node == nil }

  /// The place of a key's value, of the key's mapping if it is not there.
  func place(_ name: String) -> SourcePlace? { (node?[name] ?? node)?.place }

  /// The key as it was written.
  func key(_ name: String) -> Node.Key? { node?.entry(name)?.key }

  /// What stands under keys within keys.
  func node(at path: String...) -> Node? {
    path.reduce(node) { node, step in node?[step] }
  }

  /// Whether the key is there and not `none`.
  func has(_ name: String) -> Bool { node.map { !Reading.isAbsent($0[name]) } ?? false }

  /// A key that must be there.
  mutating func required<Value>(_ name: String, _ shape: Shape<Value>, _ help: String) -> Value? {
    visit(name, shape, isRequired: true, help)
    guard let node else { return nil }
    guard let entry = node.entry(name) else {
      demand(name)
      return nil
    }
    return reading.within(name, entry.key) { shape.read(entry.value, reading) }
  }

  /// Says that an optional key must be there after all, if it is not.
  func demand(_ name: String) {
    guard let node, !has(name), !reading.isPartial, !toleratesMissing else { return }
    reading.note(.missingKey(name, in: reading.holder), reading.placeForMissing(in: node))
  }

  /// Says that a key must be there beside another setting, if it is not.
  func demand(_ name: String, with other: String, at key: String) {
    guard !has(name), !reading.isPartial, let place = place(key) else { return }
    reading.note(.neededWith(key: name, other: other), place)
  }

  /// Says that a key has no effect without another setting, if it is there.
  func refuse(_ name: String, without other: String) {
    guard has(name), let place = place(name) else { return }
    reading.note(.goesOnlyWith(key: name, other: other), place)
  }

  /// A key that may be absent; `none` means absent.
  mutating func optional<Value>(_ name: String, _ shape: Shape<Value>, _ help: String) -> Value? {
    visit(name, shape, isRequired: false, help)
    return present(name, shape)
  }

  /// A key that may be absent and then has a value by itself; `none` means absent.
  mutating func optional<Value>(
    _ name: String, _ shape: Shape<Value>, default value: Value, _ help: String
  ) -> Value {
    visit(name, shape, isRequired: false, help, standard: { Spelling.of(value) })
    return present(name, shape) ?? value
  }

  private func present<Value>(_ name: String, _ shape: Shape<Value>) -> Value? {
    guard let entry = node?.entry(name), !Reading.isAbsent(entry.value) else { return nil }
    return reading.within(name, entry.key) { shape.read(entry.value, reading) }
  }

  /// The entries that no key above has named, such as the parts of a split.
  mutating func rest<Value: Hashable & Sendable>(_ shape: Shape<Value>) -> Named<Value> {
    rest = shape.form
    takesRest = true
    guard let node else { return Named() }
    let others = (node.entries ?? []).filter { entry in
      !names.contains { $0.utf8.elementsEqual(entry.key.text.utf8) }
    }
    return Named(
      others.compactMap { entry in
        reading.within(entry.key.text, entry.key) {
          shape.read(entry.value, reading).map { .init(entry.key.text, $0) }
        }
      })
  }

  /// Set where a fault noted elsewhere explains why keys are missing.
  var toleratesMissing = false

  private(set) var rest: Form?
  private var takesRest = false

  private mutating func visit<Value>(
    _ name: String, _ shape: Shape<Value>, isRequired: Bool, _ help: String, standard: (() -> JSONValue?)? = nil
  ) {
    names.append(name)
    guard isDescribing else { return }
    described.append(FieldForm(name, isRequired: isRequired, help, shape.makeForm, standard: standard))
  }

  /// The keys that nothing above has named.
  fileprivate var unknownKeys: [Node.Key] {
    guard let node, !takesRest else { return [] }
    return (node.entries ?? []).map(\.key).filter { key in
      !names.contains { $0.utf8.elementsEqual(key.text.utf8) }
    }
  }
}

extension Shape {
  /// A mapping of known keys.
  ///
  /// - Parameters:
  ///   - what: What the mapping is, for messages and as the schema's name.
  ///   - read: Reads every key, in any case, and puts the value together.
  /// - Returns: The shape.
  static func record(_ what: String, _ read: @escaping (inout Fields) -> Value?) -> Shape<Value> {
    func form() -> Form {
      var fields = Fields(describing: what, Reading())
      _ = read(&fields)
      return .record(RecordForm(name: what, fields: fields.described, rest: fields.rest))
    }
    return Shape(form()) { node, reading in
      guard node.entries != nil else {
        reading.note(.wrongType(key: reading.key, expected: "a mapping", found: reading.found(node)), node)
        return nil
      }
      let before = reading.mark
      var fields = Fields(reading: node, what, reading)
      let value = read(&fields)
      let unknown = fields.unknownKeys
      guard !unknown.isEmpty else { return value }
      // A mistyped key is read as the one that was meant, so that it is one fault and not several.
      if unknown.count <= fields.names.count, let repaired = node.renaming(unknown, among: fields.names) {
        reading.goBack(to: before)
        fields = Fields(reading: repaired, what, reading)
        _ = read(&fields)
      }
      for key in unknown { reading.note(.unknownKey(key.text, in: reading.holder, allowed: fields.names), key.place) }
      return nil
    }
  }

  /// A mapping of exactly one tag, or a tag alone where nothing under it is needed.
  ///
  /// - Parameters:
  ///   - name: What the choice is, for messages.
  ///   - id: The schema's name, where choices of one name differ.
  ///   - alternatives: The tags.
  /// - Returns: The shape.
  static func choice(
    _ name: String, id: String? = nil, _ alternatives: @autoclosure @escaping () -> [Alternative<Value>]
  ) -> Shape<Value> {
    Shape(.choice(ChoiceForm(name: id ?? name, alternatives: alternatives().map(\.form)))) { node, reading in
      ChoiceReader(name: name, alternatives: alternatives(), reading: reading).read(node)
    }
  }
}

/// A tag and what it makes of what stands under it.
struct Alternative<Value> {
  let tag: String
  fileprivate let makeForm: () -> Form?
  fileprivate let standsAlone: Bool
  fileprivate let help: String
  /// Reads what stands under the tag; nil: the tag stands alone.
  fileprivate let read: (Node?, Node, Reading) -> Value?

  fileprivate var form: AlternativeForm {
    AlternativeForm(tag: tag, payload: makeForm(), standsAlone: standsAlone, help: help)
  }

  /// A tag with something under it; without, it stands for the empty mapping if `alone`.
  init<Payload>(
    _ tag: String, _ payload: Shape<Payload>, alone: Bool = false, _ help: String = "",
    _ make: @escaping (Payload) -> Value
  ) {
    self.tag = tag
    makeForm = { payload.form }
    standsAlone = alone
    self.help = help
    read = { node, whole, reading in
      if let node { return payload.read(node, reading).map(make) }
      if alone { return payload.read(Node(.mapping([]), location: whole.location), reading).map(make) }
      reading.note(.tagNeedsMore(tag: tag), whole)
      return nil
    }
  }

  /// A tag that stands alone; an empty mapping under it is allowed.
  init(_ tag: String, _ value: Value, _ help: String = "") {
    self.tag = tag
    makeForm = { nil }
    standsAlone = true
    self.help = help
    read = { node, _, reading in
      guard let node else { return value }
      if let entry = node.entries?.first {
        reading.note(.unknownKey(entry.key.text, in: "`\(tag)`", allowed: []), entry.key.place)
        return nil
      }
      guard node.entries != nil || node.scalar?.value == .null else {
        reading.note(.wrongType(key: tag, expected: "an empty mapping", found: reading.found(node)), node)
        return nil
      }
      return value
    }
  }
}

private struct ChoiceReader<Value> {
  let name: String
  let alternatives: [Alternative<Value>]
  let reading: Reading

  var tags: [String] { alternatives.map(\.tag) }

  func read(_ node: Node) -> Value? {
    switch node.content {
    case .scalar(let scalar):
      guard case .text = scalar.value else {
        return fail(.wrongType(key: name, expected: expected, found: reading.found(node)), node.place)
      }
      guard let alternative = find(scalar.text) else {
        return fail(.unknownKind(of: name, scalar.text, allowed: tags), node.place)
      }
      return alternative.read(nil, node, reading)
    case .sequence:
      return fail(.wrongType(key: name, expected: expected, found: node.kindInWords), node.place)
    case .mapping(let entries):
      guard let entry = entries.first else { return fail(.noTag(of: name, allowed: tags), node.place) }
      guard entries.count == 1 else {
        return fail(.severalTags(of: name, entries.map(\.key.text), allowed: tags), entries[1].key.place)
      }
      guard let alternative = find(entry.key.text) else {
        return fail(.unknownKind(of: name, entry.key.text, allowed: tags), entry.key.place)
      }
      return reading.within(entry.key.text, entry.key) { alternative.read(entry.value, node, reading) }
    }
  }

  private var expected: String { tags.count <= 4 ? Wording.oneOf(tags) : "a mapping of one kind" }

  private func find(_ tag: String) -> Alternative<Value>? {
    alternatives.first { $0.tag.utf8.elementsEqual(tag.utf8) }
  }

  private func fail(_ fault: SpecFault, _ place: SourcePlace) -> Value? {
    reading.note(fault, place)
    return nil
  }
}

extension Node {
  /// The same mapping with mistyped keys renamed to the ones that were meant, where those are not there.
  ///
  /// - Parameters:
  ///   - unknown: The keys to rename.
  ///   - allowed: The keys that may stand here.
  /// - Returns: Nil if nothing could be renamed.
  func renaming(_ unknown: [Node.Key], among allowed: [String]) -> Node? {
    guard let entries else { return nil }
    var free = allowed.filter { self[$0] == nil }
    var changed = false
    let renamed = entries.map { entry in
      guard unknown.contains(where: { $0.text.utf8.elementsEqual(entry.key.text.utf8) }),
        let meant = Suggestion.nearest(to: entry.key.text, among: allowed), let index = free.firstIndex(of: meant)
      else { return entry }
      free.remove(at: index)
      changed = true
      return Node.Entry(key: Node.Key(meant, location: entry.key.location), value: entry.value)
    }
    return changed ? Node(.mapping(renamed), location: location) : nil
  }

  /// The tree of a spec with mistyped top keys renamed, so that what is under them is known by its names.
  var withTopKeysRepaired: Node {
    guard case .record(let record) = ReadDocument.form else { return self }
    let allowed = record.fields.map(\.name)
    let unknown = (entries ?? []).map(\.key).filter { key in !allowed.contains(key.text) }
    return unknown.isEmpty || unknown.count > allowed.count ? self : renaming(unknown, among: allowed) ?? self
  }
}
