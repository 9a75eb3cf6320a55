// Values of the language as a spec would write them, so that what a default is can be told and compared with what is written.
// Knows nothing of places.

import JSON

/// A value that is no scalar and can stand for an absent key.
protocol Spelled {
  /// The value as a spec would write it; nil if no default is such a value.
  var spelling: JSONValue? { get }
}

/// Writes values.
enum Spelling {
  /// A value as a spec would write it; nil if nobody has said how.
  static func of(_ value: Any) -> JSONValue? {
    switch value {
    case let value as any Spelled: value.spelling
    case let flag as Bool: .bool(flag)
    case let number as Int: .integer(Int64(number))
    case let number as Double: .number(number)
    case let text as String: .string(text)
    case let word as any RawRepresentable: (word.rawValue as? String).map { .string($0) }
    case let list as [Any]: Self.list(list)
    default: nil
    }
  }

  private static func list(_ values: [Any]) -> JSONValue? {
    let spelled = values.map { of($0) }
    let whole = spelled.compactMap { $0 }
    return whole.count == spelled.count ? .array(whole) : nil
  }
}

/// The keys of the language that may be absent and then have a value by themselves, for tests.
package enum LanguageDefaults {
  /// How many keys have a value that can be told, and the paths of those of which nobody says how it is written.
  package static var told: (spelled: Int, unspelled: [String]) {
    var told = (spelled: 0, unspelled: [String]())
    visit(ReadDocument.form, [], &told)
    return told
  }

  private static func visit(_ form: Form, _ path: [String], _ told: inout (spelled: Int, unspelled: [String])) {
    switch form {
    case .list(let element, _), .named(let element, _): visit(element, path, &told)
    case .record(let record):
      for field in record.fields {
        let own = path + [field.name]
        if field.standard != nil { told.spelled += 1 }
        if field.hasStandard, field.standard == nil { told.unspelled.append(own.joined(separator: ".")) }
        visit(field.form, own, &told)
      }
      if let rest = record.rest { visit(rest, path, &told) }
    case .choice(let choice):
      for one in choice.alternatives { if let payload = one.payload { visit(payload, path + [one.tag], &told) } }
    case .either(let forms): for form in forms { visit(form, path, &told) }
    case .text, .integer, .number, .flag, .null, .words, .path, .patch, .anything: break
    }
  }
}

extension Named: Spelled {
  var spelling: JSONValue? { isEmpty ? .object(JSONObject()) : nil }
}

extension Template: Spelled {
  var spelling: JSONValue? { .string(source) }
}

extension Prompt: Spelled {
  var spelling: JSONValue? { if case .text(let template) = self { template.spelling } else { nil } }
}

extension Seeds: Spelled {
  var spelling: JSONValue? { self == Seeds(values: [1], vary: []) ? .object(JSONObject()) : nil }
}

extension Expectations: Spelled {
  var spelling: JSONValue? { self == .none ? .object(JSONObject()) : nil }
}

extension CustomTurns.Affixes: Spelled {
  var spelling: JSONValue? { prefix.isEmpty && suffix.isEmpty ? .object(JSONObject()) : nil }
}

extension Schedule: Spelled {
  var spelling: JSONValue? { self == .constant(warmup: nil) ? "constant" : nil }
}

extension Keep: Spelled {
  var spelling: JSONValue? { self == .last ? "last" : nil }
}

extension Rounds: Spelled {
  var spelling: JSONValue? { self == .one ? .members(["count": .integer(1)]) : nil }
}

extension Rounds.Records: Spelled {
  var spelling: JSONValue? { self == .all ? "all" : nil }
}

extension Rounds.Replay: Spelled {
  var spelling: JSONValue? { self == .none ? "none" : nil }
}

extension BestCheckpoint.Interval: Spelled {
  var spelling: JSONValue? { if case .epochs(let epochs) = self { .members(["epochs": .number(epochs)]) } else { nil } }
}

extension Assessor.Written: Spelled {
  var spelling: JSONValue? { self == .verifier ? "verifier" : nil }
}
