// What a long step needs to go on after it was interrupted: one file a step, replaced as the step advances.
// Knows nothing of what the bytes mean; they are checked when read, and a damaged file is as good as none.

public import Digests

extension Store {
  private static func name(_ key: Digest) -> String { "checkpoints/\(key.hex)" }

  /// Keeps a checkpoint in the place of the last one; a reader sees one or the other.
  ///
  /// - Parameters:
  ///   - bytes: What the step needs.
  ///   - key: The step's key.
  ///   - isDurable: Whether it is to outlive the machine, too, which takes much longer, and not only the process.
  /// - Throws: ``StorageError`` if it cannot be written; the last checkpoint then still stands.
  public func keepCheckpoint(
    _ bytes: [UInt8], for key: Digest, isDurable: Bool = true
  ) throws(StorageError) {
    guard !files.isReadOnly else { throw .readOnlyStore(path: path) }
    try files.publish(Self.name(key), isDurable: isDurable) { file throws(StorageError) in
      var hasher = DigestHasher()
      for part in [bytes, key.bytes] {
        hasher.update(part)
        try file.write(part)
      }
      try file.write(hasher.finalize().bytes)
    }
  }

  /// The checkpoint of a step, verified; nil if there is none, or if it is damaged, which is reported.
  ///
  /// - Throws: ``StorageError`` if the disk cannot be read.
  public func checkpoint(for key: Digest) throws(StorageError) -> [UInt8]? {
    guard var bytes = try files.read(Self.name(key)) else { return nil }
    let digest = Array(bytes.suffix(Digest.byteCount))
    bytes.removeLast(digest.count)
    guard Digest.sha256(bytes).bytes == digest else {
      report(Self.name(key), .malformed("it is not what its last 32 bytes say"))
      return nil
    }
    // Trainings of the same sizes could go on from each other's checkpoints, and would come to other numbers.
    guard bytes.suffix(Digest.byteCount).elementsEqual(key.bytes) else {
      report(Self.name(key), .malformed("it does not say that it is this step's"))
      return nil
    }
    bytes.removeLast(Digest.byteCount)
    return bytes
  }

  /// After how many of its optimizer steps a training's checkpoint stands, as the beginning of the file says.
  ///
  /// - Returns: nil if there is none. Whether the rest of the file is whole is seen when the training goes on.
  public func stepsKept(for key: Digest) -> Int? {
    guard let file = (try? files.open(Self.name(key))) ?? nil else { return nil }
    defer { files.close(file) }
    guard let start = try? files.read(file, at: 0, count: 16) else { return nil }
    var reader = FieldReader(start, start.indices)
    guard let parts = reader.number(8), parts > 0, let step = reader.number(8), step > 0 else { return nil }
    return step
  }

  /// Forgets a checkpoint, when the step's result is there.
  public func removeCheckpoint(for key: Digest) {
    guard !files.isReadOnly else { return }
    _ = try? files.system.remove(files.path(Self.name(key)))
  }
}
