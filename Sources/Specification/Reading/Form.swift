// What a value of a spec may look like, as data: merging and the JSON Schemas walk it.
// Knows nothing of reading; every shape carries the form that belongs to it.

import JSON

/// What a value may look like.
indirect enum Form: Sendable {
  /// Text; the pattern is for schemas.
  case text(pattern: String?)
  /// A whole number.
  case integer(Limits)
  /// A number.
  case number(Limits)
  /// `true` or `false`.
  case flag
  /// `null`.
  case null
  /// One of these words.
  case words([String])
  /// A path to a file, relative to the file that says it.
  case path
  /// A list.
  case list(Form, atLeast: Int)
  /// A mapping whose names are free.
  case named(Form, atLeast: Int)
  /// A mapping of known keys.
  case record(RecordForm)
  /// A mapping of exactly one tag, or a tag alone.
  case choice(ChoiceForm)
  /// The first of these that fits the kind of node.
  case either([Form])
  /// Any part of an experiment, to be laid over another.
  case patch
  /// Anything; checked where it is used.
  case anything
}

/// A mapping of known keys.
struct RecordForm: Sendable {
  let name: String
  let fields: [FieldForm]
  /// What stands under names that are not among the fields; nil: nothing may.
  let rest: Form?
}

/// A key of a record.
struct FieldForm: Sendable {
  let name: String
  let isRequired: Bool
  let help: String
  private let lazyForm: Lazy<Form>
  private let lazyStandard: Lazy<JSONValue?>?

  /// Describes a key; `standard` writes what stands for it when it is absent, as a spec would, and is nil if nothing does.
  init(
    _ name: String, isRequired: Bool, _ help: String, _ form: @escaping () -> Form,
    standard: (() -> JSONValue?)? = nil
  ) {
    self.name = name
    self.isRequired = isRequired
    self.help = help
    lazyForm = Lazy(form)
    lazyStandard = standard.map { Lazy($0) }
  }

  var form: Form { lazyForm.value }
  /// What stands for a key that is absent, as a spec would write it; nil if that is nothing.
  var standard: JSONValue? { lazyStandard?.value }
  /// Whether something stands for it, even if nobody said how that is written: a test finds such a key.
  var hasStandard: Bool { lazyStandard != nil }
}

/// A mapping of exactly one tag, or a tag alone.
struct ChoiceForm: Sendable {
  let name: String
  let alternatives: [AlternativeForm]
}

/// A tag and what stands under it.
struct AlternativeForm: Sendable {
  let tag: String
  /// What stands under the tag; nil: the tag is a word that stands alone.
  let payload: Form?
  /// Whether the tag may stand alone.
  let standsAlone: Bool
  let help: String
}

/// The numbers that a value may be.
struct Limits: Hashable, Sendable {
  var atLeast: Double?
  var above: Double?
  var atMost: Double?
  var below: Double?

  static let any = Limits()
  static func atLeast(_ least: Double) -> Limits { Limits(atLeast: least) }
  static func above(_ bound: Double) -> Limits { Limits(above: bound) }
  static func within(_ range: ClosedRange<Double>) -> Limits {
    Limits(atLeast: range.lowerBound, atMost: range.upperBound)
  }

  func allows(_ value: Double) -> Bool {
    value.isFinite && value >= atLeast ?? -.infinity && value <= atMost ?? .infinity
      && value > above ?? -.infinity && value < below ?? .infinity
  }

  /// The limits in words, such as `at least 0 and less than 1`.
  var inWords: String {
    let parts: [String] = [
      atLeast.map { "at least \(Self.text($0))" }, above.map { "more than \(Self.text($0))" },
      atMost.map { "at most \(Self.text($0))" }, below.map { "less than \(Self.text($0))" },
    ].compactMap { $0 }
    return parts.isEmpty ? "finite" : parts.joined(separator: " and ")
  }

  static func text(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
  }
}
