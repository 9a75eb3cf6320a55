// Text with places for the fields of a record: `{field}`, `{{` for a brace, `{#field}…{/field}` only if present.
// Knows nothing of records; whoever renders says what a field holds.

/// Text with fields, parsed once.
///
/// `{name}` stands for the field's text, or of `{name.member.0}` for that of what lies within, `{{` for one `{`, and `{#name}…{/name}` for what is between only if the field
/// is present and not empty. Every other character, `}` included, stands for itself.
public struct Template: Hashable, Sendable {
  /// A piece of a template.
  public indirect enum Part: Hashable, Sendable {
    /// Text as it stands.
    case text(String)
    /// The text of a field.
    case field(String)
    /// Parts that appear only if the field is present and not empty.
    case section(String, [Part])
  }

  /// The text as it was written.
  public let source: String
  /// The pieces, in order.
  public let parts: [Part]

  /// Parses a template.
  ///
  /// - Parameter source: The text with its fields.
  /// - Throws: What is wrong and where, if braces do not match.
  public init(_ source: String) throws(TemplateFault) {
    var parser = TemplateParser(source)
    self.source = source
    self.parts = try parser.parseAll()
  }

  /// Whether it is more than fields alone and the white space between them.
  public var hasTextBesideFields: Bool {
    parts.contains { part in
      switch part {
      case .text(let text): text.contains { !$0.isWhitespace }
      case .field: false
      case .section: true
      }
    }
  }

  /// Text that stands for itself.
  init(verbatim text: String) {
    source = text
    parts = [.text(text)]
  }

  /// The field that the template is, if it is nothing else.
  public var soleField: String? {
    if case .field(let name)? = parts.first, parts.count == 1 { name } else { nil }
  }

  /// Every field that the template names, in the order of first use.
  public var fields: [String] { Self.names(in: parts, guarded: [], all: true) }

  /// The fields that a record must have: those used outside a section of their own name.
  public var requiredFields: [String] { Self.names(in: parts, guarded: [], all: false) }

  /// The text with the fields filled in.
  ///
  /// - Parameter lookup: The text of a field, or nil if the record has none.
  /// - Returns: The rendered text.
  /// - Throws: The name of the first field that is needed and absent.
  public func render(_ lookup: (String) -> String?) throws(MissingField) -> String {
    var result = ""
    try Self.render(parts, lookup, into: &result)
    return result
  }

  /// Equal when the sources have the same bytes.
  public static func == (left: Template, right: Template) -> Bool {
    left.source.utf8.elementsEqual(right.source.utf8)
  }

  /// Hashes the bytes of the source.
  public func hash(into hasher: inout Hasher) {
    for byte in source.utf8 { hasher.combine(byte) }
  }

  private static func render(
    _ parts: [Part], _ lookup: (String) -> String?, into result: inout String
  ) throws(MissingField) {
    for part in parts {
      switch part {
      case .text(let text): result += text
      case .field(let name):
        guard let text = lookup(name) else { throw MissingField(name: name) }
        result += text
      case .section(let name, let inner):
        if let text = lookup(name), !text.isEmpty { try render(inner, lookup, into: &result) }
      }
    }
  }

  private static func names(in parts: [Part], guarded: [String], all: Bool) -> [String] {
    var result: [String] = []
    func add(_ name: String) {
      if !result.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { result.append(name) }
    }
    for part in parts {
      switch part {
      case .text: break
      case .field(let name):
        if all || !guarded.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { add(name) }
      case .section(let name, let inner):
        if all { add(name) }
        names(in: inner, guarded: guarded + [name], all: all).forEach(add)
      }
    }
    return result
  }
}

/// A field that a template needs and a record lacks.
public struct MissingField: Error, Hashable, Sendable {
  /// The field's name.
  public let name: String
}

/// What is wrong with a template, and which piece of its text is meant.
public struct TemplateFault: Error, Hashable, Sendable {
  /// The kinds of fault.
  public enum Kind: Hashable, Sendable {
    /// A `{` that no `}` closes.
    case openBrace
    /// `{}`, or a name with spaces at its ends, a brace or a line break in it.
    case badName(String)
    /// `{#name}` without `{/name}`.
    case unclosedSection(String)
    /// `{/name}` where another section, or none, is open.
    case unexpectedClose(String, open: String?)
    /// Sections nested deeper than anyone means to.
    case tooDeep
  }

  /// What is wrong.
  public let kind: Kind
  /// How many bytes of the source stand before the faulty piece.
  public let offset: Int
  /// The faulty piece as it was written.
  public let piece: String
}

struct TemplateParser {
  private static let deepest = 32
  private let bytes: [UInt8]
  private var position = 0

  init(_ source: String) { bytes = Array(source.utf8) }

  mutating func parseAll() throws(TemplateFault) -> [Template.Part] { try parse(open: []) }

  private struct Opened {
    let name: String
    let offset: Int
  }

  private mutating func parse(open: [Opened]) throws(TemplateFault) -> [Template.Part] {
    var parts: [Template.Part] = []
    var text: [UInt8] = []
    func flush(_ text: inout [UInt8], _ parts: inout [Template.Part]) {
      if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
      text = []
    }
    while position < bytes.count {
      let start = position
      guard bytes[position] == UInt8(ascii: "{") else {
        text.append(bytes[position])
        position += 1
        continue
      }
      if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "{") {
        text.append(bytes[position])
        position += 2
        continue
      }
      let inner = try nextName()
      flush(&text, &parts)
      switch inner.utf8.first {
      case UInt8(ascii: "#"):
        let name = try checked(String(inner.dropFirst()), at: start)
        guard open.count < Self.deepest else { throw fault(.tooDeep, at: start) }
        parts.append(.section(name, try parse(open: open + [Opened(name: name, offset: start)])))
      case UInt8(ascii: "/"):
        let name = String(inner.dropFirst())
        guard let last = open.last, last.name.utf8.elementsEqual(name.utf8) else {
          throw fault(.unexpectedClose(name, open: open.last?.name), at: start)
        }
        return parts
      default: parts.append(.field(try checked(inner, at: start)))
      }
    }
    if let last = open.last {
      position = last.offset + last.name.utf8.count + 3
      throw fault(.unclosedSection(last.name), at: last.offset)
    }
    flush(&text, &parts)
    return parts
  }

  /// Reads from `{` to `}` and gives what is between.
  private mutating func nextName() throws(TemplateFault) -> String {
    let start = position
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "}") {
      if bytes[position] == UInt8(ascii: "{") || bytes[position] == UInt8(ascii: "\n") {
        throw fault(.openBrace, at: start)
      }
      position += 1
    }
    guard position < bytes.count else { throw fault(.openBrace, at: start) }
    position += 1
    return String(decoding: bytes[(start + 1)..<(position - 1)], as: UTF8.self)
  }

  private func checked(_ name: String, at start: Int) throws(TemplateFault) -> String {
    guard let first = name.first, let last = name.last, !first.isWhitespace, !last.isWhitespace else {
      throw fault(.badName(name), at: start)
    }
    return name
  }

  private func fault(_ kind: TemplateFault.Kind, at start: Int) -> TemplateFault {
    TemplateFault(
      kind: kind, offset: start, piece: String(decoding: bytes[start..<max(position, start + 1)], as: UTF8.self))
  }
}
