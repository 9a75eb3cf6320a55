// The sentences for faults in a model's files: what is wrong, where, what to do.
// Knows only the facts of ModelFileError; nothing here decides anything.

public import Diagnostics

extension ModelFileError {
  /// The fault, told.
  public var diagnoses: [Diagnosis] {
    [Diagnosis("model.\(code)", "\(file): \(sentence)", remedy: remedy, exit: .inputOutput)]
  }

  private var code: String {
    switch fault {
    case .unreadable: "unreadable"
    case .wrongMagic: "wrong-magic"
    case .unsupportedVersion: "unsupported-version"
    case .truncated: "truncated"
    case .implausible: "implausible"
    case .invalidText: "invalid-text"
    case .unknownValueType: "unknown-value-type"
    case .duplicate: "duplicate"
    case .missingKey: "missing-key"
    case .wrongValue: "wrong-value"
    case .unsupportedArchitecture: "unsupported-architecture"
    case .unsupportedFeature: "unsupported-feature"
    case .unsupportedTensorType: "unsupported-tensor-type"
    case .tensorOutOfRange: "tensor-out-of-range"
    case .overlappingTensors: "overlapping-tensors"
    case .missingTensor: "missing-tensor"
    case .wrongShape: "wrong-shape"
    case .notFinite: "not-finite"
    case .malformedJSON: "malformed-json"
    case .unsupportedTokenizer: "unsupported-tokenizer"
    case .inconsistentTokenizer: "inconsistent-tokenizer"
    case .unsupportedAdapter: "unsupported-adapter"
    case .unfitAdapter: "unfit-adapter"
    }
  }

  private var sentence: String {
    switch fault {
    case .unreadable(let reason): "cannot be read: \(reason)"
    case .wrongMagic(let found): "is not a GGUF file: it begins with \(Self.show(found)) instead of \"GGUF\""
    case .unsupportedVersion(let version): "is GGUF version \(version); versions 2 and 3 are read"
    case .truncated(let what, let offset, let needed, let available):
      "ends too early: \(what) at byte \(offset) needs \(needed) bytes, \(available) are left"
    case .implausible(let what, let offset, let value, let limit):
      "is corrupt: \(what) at byte \(offset) is \(value), which "
        + (value > limit ? "exceeds the possible \(limit)" : "cannot be")
    case .invalidText(let what, let offset): "is corrupt: \(what) at byte \(offset) is not UTF-8 text"
    case .unknownValueType(let key, let type, let offset):
      "is corrupt: \"\(key)\" has value type \(type) at byte \(offset), which GGUF does not define"
    case .duplicate(let what, let name, let offset):
      "is corrupt: the \(what) \"\(name)\" stands there twice, again at byte \(offset)"
    case .missingKey(let key): "lacks the entry \"\(key)\", which this model needs"
    case .wrongValue(let key, let expected, let found): "\"\(key)\" must be \(expected), but is \(found)"
    case .malformedJSON(let reason, let offset): "is not valid JSON: \(reason), at byte \(offset)"
    case .unsupportedTokenizer(let part, let found, let supported):
      "its tokenizer's \(part) is \(found); supported: \(supported)"
    case .inconsistentTokenizer(let reason): "its tokenizer is inconsistent: \(reason)"
    case .unfitAdapter(let reason): "does not fit the model that it is laid over: \(reason)"
    default: tensorSentence
    }
  }

  private var tensorSentence: String {
    switch fault {
    case .unsupportedArchitecture(let name, let supported):
      "has the architecture \"\(name)\"; supported: \(supported.joined(separator: ", "))"
    case .unsupportedFeature(let key, let value, let supported), .unsupportedAdapter(let key, let value, let supported):
      "\"\(key)\" is \(value), which is not computed here; supported: \(supported)"
    case .unsupportedTensorType(let tensor, let type, let supported):
      "tensor \"\(tensor)\" is stored as \(type); supported: \(supported.joined(separator: ", "))"
    case .tensorOutOfRange(let tensor, let offset, let length, let available):
      "tensor \"\(tensor)\" at data offset \(offset) with \(length) bytes does not fit the \(available) bytes of data"
        + " or is misaligned"
    case .overlappingTensors(let first, let second, let offset):
      "is corrupt: tensors \"\(first)\" and \"\(second)\" overlap at data offset \(offset)"
    case .missingTensor(let name): "lacks the tensor \"\(name)\", which this model needs"
    case .wrongShape(let tensor, let found, let expected):
      "tensor \"\(tensor)\" has the sizes \(Self.show(found)), but the configuration asks for \(Self.show(expected))"
    case .notFinite(let tensor, let offset):
      "is corrupt: tensor \"\(tensor)\" holds an infinity or a NaN at byte \(offset)"
    default: ""
    }
  }

  private var remedy: String {
    switch fault {
    case .unreadable: "Check the path and its permissions"
    case .wrongMagic: "Name a GGUF file, or for safetensors the folder that holds config.json"
    case .unsupportedVersion: "Convert the model again with a current converter"
    case .unsupportedArchitecture, .unsupportedFeature, .unsupportedTokenizer:
      "Choose a model of a supported kind"
    case .unsupportedAdapter: "Merge the adapter into its base with PEFT (merge_and_unload), and name the merged folder"
    case .unfitAdapter: "Name the base that the adapter was trained over, or another adapter"
    case .unsupportedTensorType: "Choose a file with another quantization of the same model"
    case .missingKey, .wrongValue, .missingTensor, .wrongShape, .malformedJSON, .inconsistentTokenizer:
      "Convert or fetch the model again; this file does not describe a whole model"
    case .truncated, .implausible, .invalidText, .unknownValueType, .duplicate, .tensorOutOfRange,
      .overlappingTensors, .notFinite:
      "Fetch the file again and compare its SHA-256 with the publisher's"
    }
  }

  private static func show(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: " x ") }

  private static func show(_ bytes: [UInt8]) -> String {
    let digits = bytes.map { byte in
      String(byte, radix: 16).count == 1 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
    }
    return bytes.isEmpty ? "nothing" : "the bytes " + digits.joined(separator: " ")
  }
}
