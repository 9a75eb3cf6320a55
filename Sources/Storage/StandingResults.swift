// Whether many results stand as they did, asked at once: what a memo rests on.
// Reads no result but by way of the catalog.

public import Digests

extension Store {
  /// One digest of what many results say of their outputs.
  ///
  /// - Parameters:
  ///   - steps: The steps' keys.
  ///   - isUse: Whether whoever asks counts on the results, as with ``use(step:objects:)``.
  /// - Returns: nil if one of them is not there or lacks an object, if the catalog does not know one, or if one has to be
  ///   renewed: then they must be asked for one by one.
  public func digest(ofStanding steps: [Digest], isUse: Bool) -> Digest? {
    let catalog = CatalogContent(files)
    let parts = ResultsDigest.parts(of: steps.count)
    let middle = parts.count / 2
    let later = Beside.value { self.digests(of: steps, parts[middle...], catalog, isUse) }
    let earlier = digests(of: steps, parts[..<middle], catalog, isUse)
    guard let earlier, let later = later.wait() else { return nil }
    return ResultsDigest.all(earlier + later)
  }

  private func digests(
    of steps: [Digest], _ parts: ArraySlice<Range<Int>>, _ catalog: CatalogContent, _ isUse: Bool
  ) -> [Digest]? {
    var seen: Set<Digest> = []
    var digests: [Digest] = []
    for part in parts {
      var hasher = ResultsDigest()
      for step in steps[part] {
        guard let entry = catalog.entry(of: step), stands(entry, isUse, &seen) else { return nil }
        hasher.add(step, entry.outputs)
      }
      digests.append(hasher.finalize())
    }
    return digests
  }

  private func stands(_ entry: CatalogEntry, _ isUse: Bool, _ seen: inout Set<Digest>) -> Bool {
    let files = files.unnoted
    func look(_ digest: Digest, _ folder: String, _ suffix: String) -> FileStatus? {
      (try? files.status(at: Self.name(digest, in: folder, suffix: suffix))) ?? nil
    }
    guard let status = look(entry.key, stepFolder, Self.stepSuffix), entry.isOf(status),
      !isUse || !isOld(status.modified)
    else { return false }
    return entry.outputs.allSatisfy { output in
      guard seen.insert(output.digest).inserted else { return true }
      guard let status = look(output.digest, objectFolder, Self.objectSuffix),
        !isUse || !isOld(status.modified)
      else { return false }
      return output.fileByteCount == nil || output.fileByteCount == status.byteCount
    }
  }
}

/// A digest of results, in parts so that several threads may work on it.
public struct ResultsDigest: Sendable {
  private static let partCount = 128
  private var hasher = DigestHasher()

  /// The digest of results in their order, which ``Store/digest(ofStanding:isUse:)`` gives while they stand.
  public static func digest(of results: [(step: Digest, outputs: [StepResult.Output])]) -> Digest {
    all(
      parts(of: results.count).map { part in
        var hasher = ResultsDigest()
        for result in results[part] { hasher.add(result.step, result.outputs) }
        return hasher.finalize()
      })
  }

  static func parts(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: partCount).map { $0..<min(count, $0 + partCount) }
  }

  static func all(_ parts: [Digest]) -> Digest { .sha256(parts.flatMap(\.bytes)) }

  /// Adds a result; the order of its outputs does not matter, nor how large their objects' files are.
  mutating func add(_ step: Digest, _ outputs: [StepResult.Output]) {
    var writer = FieldWriter()
    writer.write(step)
    let sorted = outputs.count > 1 ? outputs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : outputs
    writer.write(list: sorted) {
      $0.write($1.name)
      $0.write($1.digest)
      $0.write($1.byteCount, byteCount: 8)
      $0.write(($1.recordCount ?? -1) + 1, byteCount: 8)
    }
    hasher.update(writer.bytes)
  }

  func finalize() -> Digest { hasher.finalize() }
}
