// A JSON file of a model, asked for entries of a certain kind; what does not fit is an error that names the entry.
// Knows nothing of what the entries mean.

import JSON

/// One JSON file.
struct JSONFile {
  let name: String
  let root: JSONValue

  init(_ bytes: ModelBytes) throws(ModelFileError) {
    name = bytes.name
    let content = bytes.withUnsafeBytes { Array($0) }
    do {
      root = try JSONValue(parsing: content)
    } catch {
      throw ModelFileError(file: bytes.name, .malformedJSON(reason: error.reason, offset: error.offset))
    }
    guard root.objectValue != nil else { throw wrong("the document", "a mapping", root) }
  }

  func error(_ fault: ModelFileError.Fault) -> ModelFileError { ModelFileError(file: name, fault) }

  func wrong(_ key: String, _ expected: String, _ found: JSONValue) -> ModelFileError {
    let text: String
    switch found {
    case .object, .array: text = found.kindInWords
    default: text = found.canonical
    }
    return error(.wrongValue(key: key, expected: expected, found: text))
  }

  /// The entry, unless it is missing or null.
  subscript(key: String) -> JSONValue? {
    guard let value = root[key], value != .null else { return nil }
    return value
  }

  func integer(ifPresent key: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int? {
    guard let value = self[key] else { return nil }
    guard let number = value.integerValue, range.contains(number) else {
      throw wrong(key, "an integer from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelFileError) -> Int {
    guard let number = try integer(ifPresent: key, in: range) else { throw error(.missingKey(key)) }
    return number
  }

  func bool(ifPresent key: String) throws(ModelFileError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard let flag = value.boolValue else { throw wrong(key, "true or false", value) }
    return flag
  }

  func text(_ key: String) throws(ModelFileError) -> String {
    guard let value = self[key] else { throw error(.missingKey(key)) }
    guard let text = value.stringValue else { throw wrong(key, "text", value) }
    return text
  }
}
