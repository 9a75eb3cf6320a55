// JSON as a value: what a document says, in the order it says it.
// Knows nothing of files, records or types; text is compared by its bytes, never by Unicode equivalence.

/// A JSON document, or a part of one.
public enum JSONValue: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Every other number; always finite.
  case number(Double)
  /// Text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// A mapping.
  case object(JSONObject)
}

extension JSONValue {
  /// Builds an object from members in the order given.
  public static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(JSONObject(members.map { JSONMember($0.key, $0.value) }))
  }

  /// The text, if this is text.
  public var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The number as an integer, if it is one.
  public var integerValue: Int? {
    if case .integer(let value) = self { Int(exactly: value) } else { nil }
  }

  /// The number, whole or not.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The truth value, if this is one.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The elements, if this is a list.
  public var arrayValue: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The members, if this is a mapping.
  public var objectValue: JSONObject? {
    if case .object(let object) = self { object } else { nil }
  }

  /// The member of that name, if this is a mapping that has it.
  public subscript(name: String) -> JSONValue? { objectValue?[name] }

  /// What kind of value this is, in words for a message.
  public var kindInWords: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .integer, .number: "a number"
    case .string: "text"
    case .array: "a list"
    case .object: "a mapping"
    }
  }
}

/// One member of an object.
public struct JSONMember: Hashable, Sendable {
  /// The member's name.
  public let name: String
  /// The member's value.
  public let value: JSONValue

  /// Makes a member.
  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }

  /// Equal when the names' bytes and the values are equal.
  public static func == (left: JSONMember, right: JSONMember) -> Bool {
    left.name.utf8.elementsEqual(right.name.utf8) && left.value == right.value
  }
}

/// The members of a JSON object, in the order of the document.
///
/// Names are unique by their bytes.
public struct JSONObject: Hashable, Sendable {
  /// The members, in order.
  public private(set) var members: [JSONMember]

  /// Makes an object of members whose names are unique.
  public init(_ members: [JSONMember] = []) {
    self.members = members
  }

  /// The value of that name.
  ///
  /// Setting replaces in place or appends; setting nil removes.
  public subscript(name: String) -> JSONValue? {
    get { members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
    set {
      let index = members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
      switch (index, newValue) {
      case (let index?, let value?): members[index] = JSONMember(name, value)
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(JSONMember(name, value))
      case (nil, nil): break
      }
    }
  }

  /// The names, in order.
  public var names: [String] { members.map(\.name) }

  /// The members sorted by the bytes of their names.
  public var sorted: [JSONMember] {
    func precedes(_ left: JSONMember, _ right: JSONMember) -> Bool {
      left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
    // Most objects are short, or were sorted when they were written.
    let isSorted = zip(members, members.dropFirst()).allSatisfy { !precedes($1, $0) }
    return isSorted ? members : members.sorted(by: precedes)
  }

  /// Equal when the same names have the same values, in any order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool { left.sorted == right.sorted }

  /// Hashes the members in sorted order, so that equal objects hash alike.
  public func hash(into hasher: inout Hasher) { hasher.combine(sorted) }
}

extension JSONValue: ExpressibleByStringLiteral {
  /// Text.
  public init(stringLiteral value: String) { self = .string(value) }
}
