// `--set key.key=value`: an argument as a patch whose places are in the argument.
// Knows nothing of the command line beyond that text.

import Diagnostics
import YAML

/// Settings from the command line.
enum Settings {
  /// What places name for a setting; of several with its number, as they were given.
  private static func file(_ number: Int?) -> String { "--set" + (number.map { " \($0)" } ?? "") }

  /// Which of several settings a place is in; 0 for the only one, and for files.
  static func number(ofFile file: String) -> Int {
    file.hasPrefix("--set ") ? Int(file.dropFirst("--set ".count)) ?? 0 : 0
  }

  /// The patch that a setting is.
  ///
  /// - Parameters:
  ///   - argument: `key.key=value`; the value is YAML.
  ///   - number: Which of several settings it is, counted from 1; nil for the only one.
  ///   - reading: Where faults go.
  /// - Returns: The patch, or nil if the argument is no setting.
  /// - Throws: The value's YAML faults.
  static func patch(_ argument: String, number: Int?, _ reading: Reading) throws(YAMLError) -> Node? {
    let bytes = Array(argument.utf8)
    let file = file(number)
    let source = SourceText(bytes, file: file)
    guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else {
      reading.note(.badSetting(argument, .noEquals), source.place(0..<bytes.count))
      return nil
    }
    let keys = bytes[..<equals].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    if let empty = keys.first(where: \.isEmpty) {
      reading.note(
        .badSetting(argument, equals == 0 ? .noKey : .emptyKey), source.place(empty.startIndex..<empty.startIndex + 1))
      return nil
    }
    if let first = keys.first, first.elementsEqual("extends".utf8) {
      reading.note(.badSetting(argument, .extends), source.place(0..<equals))
      return nil
    }
    guard bytes[(equals + 1)...].contains(where: { !UInt8.isBlank($0) }) else {
      reading.note(.badSetting(argument, .noValue), source.place(equals..<equals + 1))
      return nil
    }
    let value = try YAMLDocument.parse(argument: argument, skipping: equals + 1, file: file)
    return nest(value, under: path(bytes[..<equals], source), source, 0..<bytes.count)
  }

  /// The keys of a dotted path, each with its place.
  static func path(_ bytes: ArraySlice<UInt8>, _ source: SourceText) -> [Node.Key] {
    var keys: [Node.Key] = []
    for step in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      let text = String(decoding: step, as: UTF8.self)
      keys.append(Node.Key(text, location: Location(source, step.startIndex..<step.endIndex)))
    }
    return keys
  }

  /// A value under keys within keys.
  static func nest(_ value: Node, under keys: [Node.Key], _ source: SourceText, _ range: Range<Int>) -> Node {
    keys.reversed().reduce(value) { inner, key in
      Node(.mapping([Node.Entry(key: key, value: inner)]), location: Location(source, range))
    }
  }
}

extension UInt8 {
  fileprivate static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
