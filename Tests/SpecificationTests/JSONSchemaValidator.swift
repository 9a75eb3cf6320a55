// As much of JSON Schema as the generated schemas use, so that tests can hold them against specs.
// Unknown keywords are a failure: a schema must not say what the tests do not check.

import JSON
import YAML

/// A schema that a document can be held against.
struct JSONSchemaValidator {
  let root: JSONValue
  private static let known: Set<String> = [
    "$schema", "$defs", "$ref", "title", "description", "type", "properties", "required", "additionalProperties",
    "items", "minItems", "minProperties", "maxProperties", "enum", "const", "allOf", "anyOf", "pattern", "minimum",
    "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "if", "then", "else",
  ]

  /// Whether the document fits.
  func accepts(_ value: JSONValue) -> Bool { fits(value, root) }

  private func fits(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    if let flag = schema.boolValue { return flag }
    guard let object = schema.objectValue else { return false }
    guard object.names.allSatisfy({ Self.known.contains($0) }) else { return false }
    return object.members.allSatisfy { fits(value, $0.name, $0.value, object) }
  }

  private func fits(_ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ schema: JSONObject) -> Bool {
    switch keyword {
    case "$ref": return definition(argument).map { fits(value, $0) } ?? false
    case "type": return (argument.arrayValue ?? [argument]).contains { Self.isOf($0.stringValue ?? "", value) }
    case "enum": return argument.arrayValue?.contains(value) ?? false
    case "const": return value == argument
    case "anyOf": return argument.arrayValue?.contains { fits(value, $0) } ?? false
    case "allOf": return argument.arrayValue?.allSatisfy { fits(value, $0) } ?? false
    case "if":
      let branch = fits(value, argument) ? schema["then"] : schema["else"]
      return branch.map { fits(value, $0) } ?? true
    case "pattern": return matches(value, argument)
    case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum": return isWithin(value, keyword, argument)
    default: return fitsCollection(value, keyword, argument, schema)
    }
  }

  private func fitsCollection(
    _ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ schema: JSONObject
  ) -> Bool {
    let members = value.objectValue?.members
    switch keyword {
    case "properties":
      return members?.allSatisfy { member in argument[member.name].map { fits(member.value, $0) } ?? true } ?? true
    case "required":
      return members == nil || argument.arrayValue?.allSatisfy { value[$0.stringValue ?? ""] != nil } ?? false
    case "additionalProperties":
      return members?.allSatisfy { schema["properties"]?[$0.name] != nil || fits($0.value, argument) } ?? true
    case "items": return value.arrayValue?.allSatisfy { fits($0, argument) } ?? true
    case "minItems": return value.arrayValue.map { $0.count >= argument.integerValue ?? 0 } ?? true
    case "minProperties": return members.map { $0.count >= argument.integerValue ?? 0 } ?? true
    case "maxProperties": return members.map { $0.count <= argument.integerValue ?? 0 } ?? true
    default: return true
    }
  }

  private func definition(_ reference: JSONValue) -> JSONValue? {
    reference.stringValue.flatMap { root["$defs"]?[String($0.dropFirst("#/$defs/".count))] }
  }

  private func matches(_ value: JSONValue, _ pattern: JSONValue) -> Bool {
    guard let text = value.stringValue, let pattern = pattern.stringValue else { return true }
    return (try? Regex(pattern).firstMatch(in: text)) != nil
  }

  private func isWithin(_ value: JSONValue, _ keyword: String, _ bound: JSONValue) -> Bool {
    guard let number = value.doubleValue, let bound = bound.doubleValue else { return true }
    return switch keyword {
    case "minimum": number >= bound
    case "maximum": number <= bound
    case "exclusiveMinimum": number > bound
    default: number < bound
    }
  }

  private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
    switch (type, value) {
    case ("string", .string), ("boolean", .bool), ("null", .null), ("array", .array), ("object", .object),
      ("integer", .integer), ("number", .integer), ("number", .number):
      true
    default: false
    }
  }
}

extension Node {
  /// The node as JSON, for schemas.
  var asJSON: JSONValue {
    switch content {
    case .sequence(let elements): return .array(elements.map(\.asJSON))
    case .mapping(let entries): return .object(JSONObject(entries.map { JSONMember($0.key.text, $0.value.asJSON) }))
    case .scalar(let scalar):
      switch scalar.value {
      case .null: return .null
      case .bool(let flag): return .bool(flag)
      case .integer(let value): return .integer(Int64(value))
      case .number(let value): return value.isFinite ? .number(value) : .string(scalar.text)
      case .text(let text): return .string(text)
      }
    }
  }
}
