// What can be wrong with the files of a model, as facts: where, what was found, what was expected.
// Knows no sentences; ModelFileSentences.swift tells these facts to people.

public import Diagnostics

/// A fault in one file of a model.
public struct ModelFileError: DiagnosableError, Hashable {
  /// What is wrong.
  public enum Fault: Hashable, Sendable {
    /// The file cannot be opened or read.
    case unreadable(reason: String)
    /// The file does not begin as its format demands.
    case wrongMagic(found: [UInt8])
    /// The format's version is not one that is read here.
    case unsupportedVersion(UInt32)
    /// The file ends before what it announces.
    case truncated(what: String, offset: Int, needed: UInt64, available: Int)
    /// A count or length that no sane file has.
    case implausible(what: String, offset: Int, value: UInt64, limit: UInt64)
    /// Bytes that should be UTF-8 are not.
    case invalidText(what: String, offset: Int)
    /// A metadata value of a type that the format does not define.
    case unknownValueType(key: String, type: UInt32, offset: Int)
    /// Two metadata entries or tensors have one name.
    case duplicate(what: String, name: String, offset: Int)
    /// A metadata entry that the model needs is not there.
    case missingKey(String)
    /// A metadata entry holds another kind of value.
    case wrongValue(key: String, expected: String, found: String)
    /// The architecture is not one that is computed here.
    case unsupportedArchitecture(String, supported: [String])
    /// An option of the architecture that is not computed here.
    case unsupportedFeature(key: String, value: String, supported: String)
    /// The tensor's number format is not read here.
    case unsupportedTensorType(tensor: String, type: String, supported: [String])
    /// The tensor's bytes lie outside of the file, or misaligned.
    case tensorOutOfRange(tensor: String, offset: UInt64, length: UInt64, available: Int)
    /// Two tensors claim the same bytes.
    case overlappingTensors(first: String, second: String, offset: UInt64)
    /// A tensor that the model needs is not there.
    case missingTensor(String)
    /// A tensor has other sizes than the configuration says; sizes from the fastest-running dimension on.
    case wrongShape(tensor: String, found: [Int], expected: [Int])
    /// A tensor holds an infinity or a NaN.
    case notFinite(tensor: String, offset: Int)
    /// A JSON file of the model is not JSON.
    case malformedJSON(reason: String, offset: Int)
    /// The tokenizer has a part that is not computed here.
    case unsupportedTokenizer(part: String, found: String, supported: String)
    /// The tokenizer contradicts itself.
    case inconsistentTokenizer(reason: String)
    /// An option of an adapter that is not computed here.
    case unsupportedAdapter(key: String, value: String, supported: String)
    /// An adapter's tensors are not those of one over the model.
    case unfitAdapter(reason: String)
  }

  /// The file as the user named it.
  public let file: String
  /// What is wrong.
  public let fault: Fault

  /// Makes an error.
  public init(file: String, _ fault: Fault) {
    self.file = file
    self.fault = fault
  }
}
