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

  /// After how many of its optimizer steps a training's checkpoint stands.
  ///
  /// Looks at the file's beginning, size and end; whether every bit of it is whole is seen when the training goes on. One that
  /// cannot be read is noted, for the training will need it.
  ///
  /// - Parameters:
  ///   - key: The training's key.
  ///   - format: The format of the training as its checkpoint must name it, to be of use.
  /// - Returns: nil if there is none of that key and format, or if it was cut off.
  public func stepsKept(for key: Digest, format: String) -> Int? {
    guard let file = (try? files.open(Self.name(key))) ?? nil else { return nil }
    defer { files.close(file) }
    guard let size = try? files.byteCount(of: file),
      let start = try? files.read(file, at: 0, count: Self.startByteCount),
      let parts = CheckpointParts(start), parts.end == size - 2 * Digest.byteCount,
      let tail = try? files.read(file, at: parts.end, count: Digest.byteCount), tail == key.bytes
    else { return nil }
    // Behind the header's length; its members stand in the order of their names.
    let head = Array(#"{"__metadata__":{"format":"\#(format)","#.utf8)
    let header = try? files.read(file, at: parts.begin + 8, count: head.count)
    return header == head ? parts.step : nil
  }

  /// Room for the places of some thousand weights that are kept on the way.
  private static let startByteCount = 1 << 16

  /// Forgets a checkpoint, when the step's result is there.
  public func removeCheckpoint(for key: Digest) {
    guard !files.isReadOnly else { return }
    _ = try? files.system.remove(files.path(Self.name(key)))
  }
}

/// What the first bytes of a checkpoint say of its parts.
private struct CheckpointParts {
  /// The optimizer step after which the training stands.
  let step: Int
  /// Where the first part begins, and where the last one ends.
  let begin, end: Int

  init?(_ bytes: [UInt8]) {
    var reader = FieldReader(bytes, bytes.indices)
    guard let count = reader.number(8), count > 0, count <= bytes.count / 16 else { return nil }
    var (first, end) = (0, 8 + 16 * count)
    begin = end
    for part in 0..<count {
      guard let step = reader.number(8), let length = reader.number(8) else { return nil }
      if part == 0 { first = step }
      let (sum, isTooMuch) = end.addingReportingOverflow(length)
      if isTooMuch { return nil }
      end = sum
    }
    guard first > 0 else { return nil }
    (step, self.end) = (first, end)
  }
}
