// JSON Schemas from the forms that the reader is made of, so that editors complete and check specs.
// Knows nothing of reading; what a schema cannot say (names that refer to something) it leaves out.

public import JSON

/// A JSON Schema with its name.
public struct SchemaDocument: Hashable, Sendable {
  /// The file's name, such as `experiment.schema.json`.
  public let name: String
  /// The schema, draft 2020-12.
  public let schema: JSONValue

  /// Every schema, in a fixed order.
  public static var all: [SchemaDocument] {
    [
      SchemaDocument(name: "experiment.schema.json", schema: experiment),
      SchemaDocument(name: "table.schema.json", schema: table),
      SchemaDocument(name: "published.schema.json", schema: published),
    ]
  }

  /// The text of the file: two spaces a level, keys in the order of the language.
  public var text: String { schema.prettyInOrder }

  /// A file that stands alone has all that is required; one that extends another, or has axes, may leave it to them.
  private static var experiment: JSONValue {
    var builder = SchemaBuilder()
    let whole = builder.schema(of: ReadDocument.form, isPartial: false)
    let partial = builder.schema(of: ReadDocument.form, isPartial: true)
    return .members([
      "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
      "title": .string("Experiment"),
      "description": .string("An experiment spec, version 1."),
      "if": .members([
        "anyOf": .array([required(["extends"]), required(["ablations"])])
      ]),
      "then": partial, "else": whole,
      "$defs": .object(JSONObject(builder.definitions)),
    ])
  }

  private static var table: JSONValue {
    var builder = SchemaBuilder()
    let whole = builder.schema(of: WrittenTable.shape.form, isPartial: false)
    return .members([
      "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
      "title": .string("Table"),
      "description": .string("A table over several experiments, version 1."),
      "allOf": .array([whole]),
      "$defs": .object(JSONObject(builder.definitions)),
    ])
  }

  private static var published: JSONValue {
    var builder = SchemaBuilder()
    let whole = builder.schema(of: PublishedNumbers.shape.form, isPartial: false)
    return .members([
      "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
      "title": .string("Published numbers"),
      "description": .string("The numbers that a paper printed for the cells of a table, version 1."),
      "allOf": .array([whole]),
      "$defs": .object(JSONObject(builder.definitions)),
    ])
  }

  private static func required(_ keys: [String]) -> JSONValue {
    .members(["required": .array(keys.map { .string($0) })])
  }
}

/// Turns forms into schemas; records and choices become definitions, each once.
private struct SchemaBuilder {
  private(set) var definitions: [JSONMember] = []
  private var making: [String] = []

  mutating func schema(of form: Form, isPartial: Bool) -> JSONValue {
    switch form {
    case .text(let pattern):
      var members = [JSONMember("type", .string("string"))]
      if let pattern { members.append(JSONMember("pattern", .string(pattern))) }
      return .object(JSONObject(members))
    case .path: return schema(of: .text(pattern: Texts.something), isPartial: isPartial)
    case .integer(let limits): return number("integer", limits)
    case .number(let limits): return number("number", limits)
    case .flag: return .members(["type": .string("boolean")])
    case .null: return .members(["type": .string("null")])
    case .words(let words): return .members(["enum": .array(words.map { .string($0) })])
    case .list(let element, let atLeast):
      let items = schema(of: element, isPartial: isPartial)
      return .members([
        "type": .string("array"), "items": items, "minItems": .integer(Int64(atLeast)),
      ])
    case .named(let element, let atLeast):
      return .members([
        "type": .string("object"), "additionalProperties": schema(of: element, isPartial: isPartial),
        "minProperties": .integer(Int64(isPartial ? 0 : atLeast)),
      ])
    case .record(let record):
      return define(record.name, isPartial) { $0.schema(of: record, isPartial: isPartial) }
    case .choice(let choice):
      return define(choice.name, isPartial) { $0.schema(of: choice, isPartial: isPartial) }
    case .either(let forms): return .members(["anyOf": .array(forms.map { schema(of: $0, isPartial: isPartial) })])
    case .patch: return .members(["$ref": .string("#/$defs/\(Self.name("experiment", isPartial: true))")])
    case .anything: return .bool(true)
    }
  }

  private func number(_ type: String, _ limits: Limits) -> JSONValue {
    var members = [JSONMember("type", .string(type))]
    let bounds: [(String, Double?)] = [
      ("minimum", limits.atLeast), ("exclusiveMinimum", limits.above), ("maximum", limits.atMost),
      ("exclusiveMaximum", limits.below),
    ]
    for (name, bound) in bounds {
      guard let bound else { continue }
      members.append(JSONMember(name, Int64(exactly: bound).map { .integer($0) } ?? .number(bound)))
    }
    return .object(JSONObject(members))
  }

  private static func name(_ what: String, isPartial: Bool) -> String {
    String(what.map { $0 == " " ? "-" : $0 }) + (isPartial ? "-patch" : "")
  }

  /// A definition, made when first asked for.
  private mutating func define(
    _ what: String, _ isPartial: Bool, _ make: (inout SchemaBuilder) -> JSONValue
  ) -> JSONValue {
    let name = Self.name(what, isPartial: isPartial)
    let reference = JSONValue.members(["$ref": .string("#/$defs/\(name)")])
    // A form that refers to itself is being made further out.
    if making.contains(name) { return reference }
    making.append(name)
    defer { making.removeLast() }
    let made = JSONMember(name, make(&self))
    // Where leaving out makes no difference, one definition serves both.
    if isPartial {
      let whole = Self.name(what, isPartial: false)
      if let known = definitions.first(where: { $0.name == whole }), known.value == made.value {
        return .members(["$ref": .string("#/$defs/\(whole)")])
      }
    }
    if let known = definitions.first(where: { $0.name == name }) {
      // Two forms of one name are a bug of ours: one of them would be checked as the other.
      precondition(known == made, "two different forms are named \(name)")
    } else {
      definitions.append(made)
    }
    return reference
  }

  private mutating func schema(of record: RecordForm, isPartial: Bool) -> JSONValue {
    var properties: [JSONMember] = []
    for field in record.fields {
      var value = schema(of: field.form, isPartial: isPartial)
      if !field.isRequired || isPartial {
        value = .members(["anyOf": .array([value, .members(["const": .string("none")])])])
      }
      properties.append(JSONMember(field.name, described(value, field.help)))
    }
    let required = record.fields.filter { $0.isRequired && !isPartial }.map { JSONValue.string($0.name) }
    return .members([
      "type": .string("object"), "properties": .object(JSONObject(properties)), "required": .array(required),
      "additionalProperties": record.rest.map { schema(of: $0, isPartial: isPartial) } ?? .bool(false),
    ])
  }

  private mutating func schema(of choice: ChoiceForm, isPartial: Bool) -> JSONValue {
    var kinds: [JSONValue] = []
    let words = choice.alternatives.filter(\.standsAlone).map { JSONValue.string($0.tag) }
    if !words.isEmpty { kinds.append(.members(["enum": .array(words)])) }
    for alternative in choice.alternatives {
      let payload =
        alternative.payload.map { schema(of: $0, isPartial: isPartial) }
        ?? .members(["type": .array([.string("object"), .string("null")]), "maxProperties": .integer(0)])
      kinds.append(
        .members([
          "type": .string("object"),
          "properties": .object(JSONObject([JSONMember(alternative.tag, described(payload, alternative.help))])),
          "required": .array([.string(alternative.tag)]), "additionalProperties": .bool(false),
        ]))
    }
    return .members(["anyOf": .array(kinds)])
  }

  /// A schema with a sentence for the reader of the file; beside a reference it is allowed since 2019-09.
  private func described(_ schema: JSONValue, _ help: String) -> JSONValue {
    guard !help.isEmpty, case .object(var object) = schema else { return schema }
    object["description"] = .string(help)
    return .object(object)
  }
}
