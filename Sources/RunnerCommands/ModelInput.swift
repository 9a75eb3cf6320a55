// The texts that a model is asked about: an argument, standard input, or JSON lines; each with its place for messages.
// Knows nothing of models but how many tokens they read.

import ArgumentParser
import Diagnostics
import FoundationEssentials
import JSON
import LanguageModel
import SystemPackage

/// What a model is asked about.
struct InputOptions: ParsableArguments {
  @Argument(help: "The text; without it, standard input is read.") var text: String?
  @Flag(help: "The input is JSON lines, each with a member `text`.") var jsonl = false

  /// A text and where it was found.
  struct Input {
    let text: String
    /// Its line; nil if it is the whole input.
    let line: Int?
  }

  func inputs() throws -> [Input] {
    try Self.inputs(in: text.map { Array($0.utf8) } ?? Self.standardInput(), jsonl: jsonl)
  }

  private static func standardInput() throws(CommandError) -> [UInt8] {
    do {
      return try FileDescriptor.standardInput.bytes()
    } catch {
      throw .unreadable(path: "standard input", reason: SystemReason.text(of: error))
    }
  }

  static func inputs(in bytes: [UInt8], jsonl: Bool) throws(InputFaults) -> [Input] {
    guard let whole = String(validating: bytes, as: UTF8.self) else {
      throw .notUTF8(offset: firstBadByte(bytes), in: bytes)
    }
    guard jsonl else { return [Input(text: whole, line: nil)] }
    var inputs: [Input] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
    where !line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) {
      inputs.append(Input(text: try text(of: line, number: index + 1), line: index + 1))
    }
    return inputs
  }

  private static func text(of line: ArraySlice<UInt8>, number: Int) throws(InputFaults) -> String {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line)
    } catch {
      throw .notJSON(line: number, column: error.column, reason: error.reason)
    }
    guard case .object(let object) = value else { throw .noText(line: number, found: value.kindInWords) }
    switch object["text"] {
    case nil: throw .noText(line: number, found: nil)
    case .string(let text): return text
    case .some(let other): throw .textIsNoText(line: number, found: other.kindInWords)
    }
  }

  private static func firstBadByte(_ bytes: [UInt8]) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput, .error: return min(offset, max(0, bytes.count - 1))
      }
    }
  }
}

extension InputOptions.Input {
  /// Refuses a text that the model cannot read.
  ///
  /// - Parameters:
  ///   - count: Its tokens, with what the turns put around it.
  ///   - least: The fewest that may be.
  ///   - most: The most that may be.
  ///   - context: The most that the model reads, an answer included.
  /// - Throws: ``InputFaults/tooLong(line:tokens:most:context:)``, ``InputFaults/empty(line:)``.
  func check(_ count: Int, least: Int = 0, most: Int, context: Int) throws {
    if count < least { throw InputFaults.empty(line: line) }
    if count > most { throw InputFaults.tooLong(line: line, tokens: count, most: most, context: context) }
  }
}

/// What is wrong with the input of a model command.
enum InputFaults: DiagnosableError, Hashable {
  /// A byte that is no UTF-8.
  case notUTF8(offset: Int, in: [UInt8])
  /// A line that is no JSON.
  case notJSON(line: Int, column: Int, reason: String)
  /// A line without a member `text`; what it is if it is no mapping.
  case noText(line: Int, found: String?)
  /// A member `text` that is something else.
  case textIsNoText(line: Int, found: String)
  /// A text without any token where there must be one.
  case empty(line: Int?)
  /// A text with more tokens than the model reads.
  case tooLong(line: Int?, tokens: Int, most: Int, context: Int)

  var diagnoses: [Diagnosis] { [diagnosis] }

  private var diagnosis: Diagnosis {
    func told(_ code: String, _ message: String, _ remedy: String) -> Diagnosis {
      Diagnosis("input.\(code)", message, remedy: remedy, exit: .inputOutput)
    }
    switch self {
    case .notUTF8(let offset, let bytes):
      let line = bytes[..<offset].count { $0 == UInt8(ascii: "\n") } + 1
      let byte = String(bytes[offset], radix: 16, uppercase: true)
      return told(
        "not-utf8", "the input is not UTF-8: byte \(offset + 1) (0x\(byte)), in line \(line)",
        "Convert the input to UTF-8, for example with `iconv -t UTF-8`.")
    case .notJSON(let line, let column, let reason):
      return told(
        "not-json", "line \(line) of the input is no JSON, at column \(column): \(reason)",
        "Write one object a line, such as {\"text\":\"…\"}; without --jsonl the whole input is one text.")
    case .noText(let line, let found):
      return told(
        "no-text", "line \(line) of the input " + (found.map { "is \($0), not an object" } ?? "has no member `text`"),
        "Write one object a line, such as {\"text\":\"…\"}.")
    case .textIsNoText(let line, let found):
      return told(
        "no-text", "`text` in line \(line) of the input is \(found), not text",
        "Put the text in quotes: {\"text\":\"…\"}.")
    case .empty(let line):
      return told(
        "empty",
        (line.map { "line \($0) of the input" } ?? "the input") + " is empty, and a model continues what is there",
        "Write the beginning of a text, or leave out --raw to ask in a turn.")
    case .tooLong(let line, let tokens, let most, let context):
      let what = line.map { "line \($0) of the input" } ?? "the input"
      let room = most < context ? " and needs room for an answer" : ""
      return told(
        "too-long", "\(what) has \(tokens) tokens\(room); the model reads \(context)",
        line == nil ? "Shorten the text." : "Shorten that line's text, or leave the line out.")
    }
  }
}
