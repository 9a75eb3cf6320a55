// Objects and step results by the beginning of their digests, for people who type them.

public import Digests

extension Store {
  /// The objects whose digests begin so.
  ///
  /// - Parameter prefix: Hexadecimal digits in lower case, at least 2.
  /// - Returns: The digests in order.
  /// - Throws: ``StorageError`` if a folder cannot be listed.
  public func objects(beginning prefix: String) throws(StorageError) -> [Digest] {
    try digests(in: "objects", prefix, ".zst")
  }

  /// The steps with a result whose keys begin so.
  ///
  /// - Parameter prefix: Hexadecimal digits in lower case, at least 2.
  /// - Returns: The keys in order.
  /// - Throws: ``StorageError`` if a folder cannot be listed.
  public func steps(beginning prefix: String) throws(StorageError) -> [Digest] {
    try digests(in: "steps", prefix, ".step")
  }

  private func digests(in top: String, _ prefix: String, _ ending: String) throws(StorageError) -> [Digest] {
    let folder = String(prefix.prefix(2))
    guard folder.utf8.count == 2 else { return [] }
    return try files.list("\(top)/\(folder)").compactMap { name in
      guard name.hasSuffix(ending), name.hasPrefix(prefix.dropFirst(2)) else { return nil }
      return Digest(hex: folder + name.dropLast(ending.count))
    }
  }

  /// Every step result with its size on disk and its time, newest first.
  ///
  /// - Throws: ``StorageError`` if the disk cannot be read.
  public func allResults() throws(StorageError) -> [ListedResult] {
    var listed: [ListedResult] = []
    try eachFile(in: "steps") { file throws(StorageError) in
      guard case .step(let key) = file.kind, let result = try result(for: key) else { return }
      listed.append(ListedResult(key: key, result: result, time: file.modified))
    }
    return listed.sorted { ($1.time, $0.key) < ($0.time, $1.key) }
  }
}

/// A step's result as a list shows it.
public struct ListedResult: Sendable {
  /// The step's key.
  public let key: Digest
  /// What it made.
  public let result: StepResult
  /// When its file was last written or used, in microseconds since 1970.
  public let time: Int64
}
