// What can be wrong with YAML, as facts, and the sentences that tell them.
// Knows nothing of what the keys of a file mean.

public import Diagnostics

/// What can be wrong with a YAML text.
public enum YAMLFault: Hashable, Sendable {
  /// The text has more bytes than any spec.
  case tooLarge(bytes: Int, most: Int)
  /// A byte that is no UTF-8.
  case notUTF8(byte: UInt8)
  /// The text has no document.
  case empty
  /// A second document begins.
  case severalDocuments
  /// A key stands twice in one mapping; the line of the first.
  case duplicateKey(String, firstLine: Int)
  /// A key that is no text.
  case complexKey
  /// The merge key of YAML 1.1.
  case mergeKey
  /// An explicit tag.
  case tag(String)
  /// An alias whose anchor is not (yet) there.
  case unknownAlias(String)
  /// Aliases that stand for more nodes than any spec has.
  case expandsTooFar(most: Int)
  /// Collections within collections, deeper than any spec.
  case tooDeep(most: Int)
  /// A tab where spaces must be.
  case tabIndentation
  /// A character that YAML does not allow.
  case controlCharacter
  /// The words break YAML's grammar, told in libyaml's words.
  case syntax(String, context: String, contextLine: Int?)
}

/// The faults of one YAML text, each with its place.
public struct YAMLError: DiagnosableError, Hashable, Sendable {
  /// A fault and its place.
  public struct Located: Hashable, Sendable {
    /// What is wrong.
    public let fault: YAMLFault
    /// Where.
    public let place: SourcePlace
  }

  /// The faults, in the order of the text; not empty.
  public let faults: [Located]

  /// The faults, told.
  public var diagnoses: [Diagnosis] { faults.map(\.diagnosis) }
}

extension YAMLError.Located {
  /// The fault, told.
  public var diagnosis: Diagnosis {
    let (code, message, remedy) = fault.told
    var notes: [String] = []
    if case .syntax(_, _, let line?) = fault, line != place.line {
      notes = ["what is broken here begins in line \(line)"]
    }
    return Diagnosis("yaml.\(code)", message, place: place, notes: notes, remedy: remedy, exit: .badSpec)
  }
}

extension YAMLFault {
  /// Code, message and remedy.
  fileprivate var told: (code: String, message: String, remedy: String) {
    switch self {
    case .tooLarge(let bytes, let most):
      ("too-large", "The file has \(bytes) bytes; a spec has at most \(most)", "Check that this is the file you mean.")
    case .notUTF8(let byte):
      ("not-utf8", "Byte 0x\(hexadecimal(byte)) is not UTF-8", "Save the file as UTF-8.")
    case .empty: ("empty", "The file says nothing", "Write a mapping of keys, such as `version: 1`.")
    case .severalDocuments:
      ("several-documents", "A second document begins here", "Keep one document to a file; remove `---`.")
    case .duplicateKey(let key, let line):
      (
        "duplicate-key", "`\(key)` stands here a second time; the first is in line \(line)",
        "Keep one of the two, or put their contents under one key."
      )
    case .complexKey: ("complex-key", "A key must be plain text", "Write a word, a colon and the value.")
    case .mergeKey:
      (
        "merge-key", "`<<` is not part of the spec language",
        "Use an alias for a whole value, or `extends:` for a file."
      )
    case .tag(let tag):
      ("tag", "The tag `\(tag)` is not part of the spec language", "Remove the tag; put text in quotes.")
    case .unknownAlias(let name):
      ("unknown-alias", "`*\(name)` stands for nothing before it", "Write `&\(name)` before the value it stands for.")
    case .expandsTooFar(let most):
      (
        "expands-too-far", "With aliases written out, the file has more than \(most) values",
        "Use fewer aliases of aliases."
      )
    case .tooDeep(let most):
      ("too-deep", "Lists and mappings are nested more than \(most) deep", "Check for a bracket too many.")
    case .tabIndentation:
      ("tab", "A tab stands where only spaces may", "Indent with spaces.")
    case .controlCharacter:
      ("control-character", "A control character stands here", "Remove it, or write it as an escape in double quotes.")
    case .syntax(let words, let context, _): Self.told(words, context)
    }
  }

  /// libyaml's words in plain ones.
  private static func told(
    _ words: String, _ context: String
  ) -> (code: String, message: String, remedy: String) {
    if words == "did not find expected key", context.contains("block mapping") {
      return (
        "syntax", "This line is no key of the mapping it stands in",
        "Line it up with its neighbors, or close what is open above."
      )
    }
    if let plain = plainWords.first(where: { $0.words.contains(words) }) {
      return ("syntax", plain.message, plain.remedy)
    }
    return ("syntax", "This is no YAML: \(words)", "Check quotes, brackets and indentation around here.")
  }

  private static let plainWords: [(words: [String], message: String, remedy: String)] = [
    (
      ["mapping values are not allowed in this context"],
      "A `:` stands where no key can be", "Put the value in quotes, or check the indentation."
    ),
    (
      ["could not find expected ':'", "did not find expected key"],
      "A key without `:`", "Write `key: value`, or put text of several lines in quotes or under `|`."
    ),
    (
      ["did not find expected ',' or '}'"],
      "A `{` is not closed before this", "Put `,` between entries and `}` after the last."
    ),
    (
      ["did not find expected ',' or ']'"],
      "A `[` is not closed before this", "Put `,` between elements and `]` after the last."
    ),
    (
      ["did not find expected '-' indicator"],
      "This line is no element of the list it stands in",
      "Begin it with `- `, or indent it as the key it belongs to."
    ),
    (
      ["block sequence entries are not allowed in this context"],
      "A list cannot begin here", "Begin the list on the line after its key."
    ),
    (
      ["mapping keys are not allowed in this context"],
      "A key cannot stand here", "Begin the mapping on the line after its key."
    ),
    (
      ["found unexpected end of stream"],
      "The file ends inside quotes", "Close the quotes that open at or before this line."
    ),
    (
      [
        "found unknown escape character", "did not find expected hexdecimal number",
        "found invalid Unicode character escape code",
      ],
      "This escape is unknown", "Write `\\\\` for a backslash, or use single quotes."
    ),
    (
      ["found character that cannot start any token"],
      "No value can begin with this character", "Put the value in quotes."
    ),
    (
      ["did not find expected alphabetic or numeric character"],
      "`*` and `&` need a name after them", "Put the value in quotes if it is text."
    ),
    (
      ["did not find expected node content"],
      "A value is missing here", "Write the value, or remove the stray character."
    ),
    (
      ["did not find expected <document start>"],
      "The file goes on after its end", "Check the indentation of this line; keep one document to a file."
    ),
    (
      ["found unexpected document indicator"],
      "`---` or `...` stands inside quotes", "Close the quotes before it."
    ),
  ]

  private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.count == 1 ? "0\(digits)" : digits
  }
}
