// A model as Hugging Face lays it out: config.json, tokenizer.json, and weights in one or several safetensors files.
// Knows where the files are, on disk or in memory; what they say is read by others.

import JSON

/// The files of a model, by name.
public struct HuggingFaceFolder: Sendable {
  private enum Place: Sendable {
    case disk(String)
    case memory([String: ModelBytes])
  }

  /// What messages call the folder.
  public let name: String
  private let place: Place

  /// Names a folder on disk; nothing is read yet.
  ///
  /// - Parameter path: The folder.
  public init(path: String) {
    name = path
    place = .disk(path)
  }

  /// Holds files that are in memory.
  ///
  /// - Parameters:
  ///   - files: The files by name.
  ///   - name: What messages call the folder.
  public init(files: [String: ModelBytes], name: String) {
    self.name = name
    place = .memory(files)
  }

  /// The bytes of a file.
  ///
  /// - Parameter file: Its name in the folder, without any path.
  /// - Returns: The bytes.
  /// - Throws: ``ModelFileError`` when there is no such file or it cannot be read.
  public func bytes(of file: String) throws(ModelFileError) -> ModelBytes {
    switch place {
    case .disk(let path): return try ModelBytes(path: "\(path)/\(file)")
    case .memory(let files):
      guard let bytes = files[file] else {
        throw ModelFileError(file: "\(name)/\(file)", .unreadable(reason: "there is no such file"))
      }
      return bytes
    }
  }

  /// The file as JSON.
  func json(_ file: String) throws(ModelFileError) -> JSONFile { try JSONFile(try bytes(of: file)) }

  /// The file as JSON, nil if it cannot be had; for files that a model may leave out.
  func json(ifPresent file: String) throws(ModelFileError) -> JSONFile? {
    guard let bytes = try? bytes(of: file) else { return nil }
    return try JSONFile(bytes)
  }

  /// The files with weights: those that the index names, or the only one.
  func weightFiles() throws(ModelFileError) -> [SafetensorsFile] {
    guard let index = try json(ifPresent: "model.safetensors.index.json") else {
      return [try SafetensorsFile(try bytes(of: "model.safetensors"))]
    }
    guard let map = index["weight_map"]?.objectValue else { throw index.error(.missingKey("weight_map")) }
    var files: [SafetensorsFile] = []
    var seen: Set<[UInt8]> = []
    for member in map.members {
      guard let file = member.value.stringValue, !file.contains("/"), !file.hasPrefix(".") else {
        throw index.wrong("weight_map.\(member.name)", "the name of a file in this folder", member.value)
      }
      if seen.insert(Array(file.utf8)).inserted { files.append(try SafetensorsFile(try bytes(of: file))) }
    }
    return files
  }
}
