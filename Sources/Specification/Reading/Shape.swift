// A shape reads a node into a value and says what such a node looks like: one source for reader and schema.
// Knows nothing of experiments.

import YAML

/// How a node becomes a value.
struct Shape<Value> {
  /// What the node looks like.
  ///
  /// Made only when asked for: reading a right file never needs it.
  let makeForm: () -> Form
  /// Reads a node; notes every fault and gives nil if there is no value.
  let read: (Node, Reading) -> Value?

  init(_ form: @autoclosure @escaping () -> Form, _ read: @escaping (Node, Reading) -> Value?) {
    makeForm = form
    self.read = read
  }

  var form: Form { makeForm() }

  /// The same node with its value changed.
  func map<Other>(_ change: @escaping (Value) -> Other) -> Shape<Other> {
    Shape<Other>(makeForm()) { node, reading in self.read(node, reading).map(change) }
  }

  /// The same node with its value checked further.
  func check<Other>(_ change: @escaping (Value, Node, Reading) -> Other?) -> Shape<Other> {
    Shape<Other>(makeForm()) { node, reading in
      self.read(node, reading).flatMap { change($0, node, reading) }
    }
  }
}

// MARK: - Scalars

extension Shape where Value == String {
  /// Text; numbers and the like need quotes.
  static func text(_ what: String = "text", pattern: String? = nil) -> Shape<String> {
    Shape(.text(pattern: pattern)) { node, reading in
      guard let scalar = node.scalar else {
        reading.note(.wrongType(key: reading.key, expected: what, found: node.kindInWords), node)
        return nil
      }
      guard case .text(let text) = scalar.value else {
        reading.note(.needsQuotes(key: reading.key, written: scalar.text, found: node.kindInWords), node)
        return nil
      }
      return text
    }
  }

  /// Text with something in it.
  static func nonEmptyText(_ what: String = "text") -> Shape<String> {
    text(what, pattern: Texts.something).check { text, node, reading in
      if text.isEmpty { reading.note(.emptyText(key: reading.key), node) }
      return text.isEmpty ? nil : text
    }
  }
}

extension Shape {
  /// A setting that may be `unknown`, for papers that do not tell it: such a spec is checked and planned, never run.
  ///
  /// - Parameter standIn: What the setting counts as meanwhile; no training is planned to run with it.
  /// - Returns: The shape of the setting or the word.
  func orUnknown(_ standIn: Value) -> Shape {
    let shape = self
    return Shape(.either([form, .words([Self.unknown])])) { node, reading in
      node.scalar?.text == Self.unknown ? standIn : shape.read(node, reading)
    }
  }
}

extension Shape {
  /// The word for a setting that nobody knows.
  static var unknown: String { "unknown" }
}

extension Shape where Value == Bool {
  /// `true` or `false`.
  static var flag: Shape<Bool> {
    Shape(.flag) { node, reading in
      if case .bool(let value)? = node.scalar?.value { return value }
      reading.note(.wrongType(key: reading.key, expected: "true or false", found: reading.found(node)), node)
      return nil
    }
  }
}

extension Shape where Value == Int {
  /// A whole number.
  static func integer(_ limits: Limits = .any) -> Shape<Int> {
    Shape(.integer(limits)) { node, reading in
      switch node.scalar?.value {
      case .integer(let value)?:
        if limits.allows(Double(value)) { return value }
        reading.note(.outOfRange(key: reading.key, limits: limits, found: "\(value)"), node)
      case .number(let value)? where value == value.rounded() && value.magnitude >= 0x1p63:
        reading.note(.outOfRange(key: reading.key, limits: limits, found: node.scalar?.text ?? ""), node)
      case .number?:
        reading.note(
          .wrongType(key: reading.key, expected: "a whole number", found: node.scalar?.text ?? ""), node)
      default:
        reading.note(.wrongType(key: reading.key, expected: "a whole number", found: reading.found(node)), node)
      }
      return nil
    }
  }

  /// How many of something: at most a thousand million, so that the product of two counts is a number yet.
  static func count(atLeast least: Int = 1) -> Shape<Int> { integer(.within(Double(least)...1_000_000_000)) }
}

extension Shape where Value == Double {
  /// A finite number.
  static func number(_ limits: Limits = .any) -> Shape<Double> {
    Shape(.number(limits)) { node, reading in
      let value: Double? =
        switch node.scalar?.value {
        case .integer(let value)?: Double(value)
        case .number(let value)?: value
        default: nil
        }
      guard let value else {
        reading.note(.wrongType(key: reading.key, expected: "a number", found: reading.found(node)), node)
        return nil
      }
      if limits.allows(value) { return value }
      reading.note(.outOfRange(key: reading.key, limits: limits, found: node.scalar?.text ?? ""), node)
      return nil
    }
  }
}

extension Shape where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of an enum's words.
  static var word: Shape<Value> {
    Shape(.words(Value.allCases.map(\.rawValue))) { node, reading in
      let words = Value.allCases.map(\.rawValue)
      guard let text = node.scalar?.text else {
        reading.note(
          .wrongType(key: reading.key, expected: Wording.oneOf(words), found: node.kindInWords), node)
        return nil
      }
      if let value = Value(rawValue: text) { return value }
      reading.note(.unknownWord(key: reading.key, word: text, allowed: words), node)
      return nil
    }
  }

  /// A list of an enum's words, each once, put in the enum's order.
  static func wordSet(atLeast: Int = 0) -> Shape<[Value]> {
    Shape<[Value]>.list(of: .word, atLeast: atLeast).check { values, node, reading in
      let words = values.map(\.rawValue)
      if let index = words.indices.first(where: { words[..<$0].contains(words[$0]) }) {
        reading.note(.repeated(key: reading.key, word: words[index]), node.elements?[index] ?? node)
      }
      return Value.allCases.filter { words.contains($0.rawValue) }
    }
  }
}

// MARK: - Collections

extension Shape {
  /// A list.
  static func list<Element>(of element: Shape<Element>, atLeast: Int = 0) -> Shape<[Element]>
  where Value == [Element] {
    Shape<[Element]>(.list(element.form, atLeast: atLeast)) { node, reading in
      guard let elements = node.elements else {
        reading.note(.wrongType(key: reading.key, expected: "a list", found: reading.found(node)), node)
        return nil
      }
      if elements.count < atLeast { reading.note(.tooFew(key: reading.key, least: atLeast), node) }
      let values = elements.map { element.read($0, reading) }
      let whole = values.compactMap { $0 }
      return whole.count == values.count ? whole : nil
    }
  }

  /// One, or a list of several.
  static func oneOrMore<Element>(of element: Shape<Element>, atLeast: Int = 0) -> Shape<[Element]>
  where Value == [Element] {
    let list = list(of: element, atLeast: atLeast)
    return Shape<[Element]>(.either([element.form, list.form])) { node, reading in
      node.elements == nil ? element.read(node, reading).map { [$0] } : list.read(node, reading)
    }
  }

  /// A mapping of free names; the entries that can be read are there although others cannot.
  static func named<Element: Hashable & Sendable>(
    _ element: Shape<Element>, atLeast: Int = 0
  ) -> Shape<Named<Element>> where Value == Named<Element> {
    Shape<Named<Element>>(.named(element.form, atLeast: atLeast)) { node, reading in
      guard let entries = node.entries else {
        reading.note(.wrongType(key: reading.key, expected: "a mapping", found: reading.found(node)), node)
        return nil
      }
      if entries.count < atLeast { reading.note(.tooFew(key: reading.key, least: atLeast), node) }
      let known = entries.filter { !Reading.isAbsent($0.value) }.map(\.key.text)
      return Named(
        entries.compactMap { entry in
          reading.within(entry.key.text, entry.key) { () -> Named<Element>.Entry? in
            if Reading.isAbsent(entry.value) {
              reading.note(.nothingToRemove(entry.key.text, known: known), entry.key.place)
              return nil
            }
            return element.read(entry.value, reading).map { Named<Element>.Entry(entry.key.text, $0) }
          }
        })
    }
  }
}
