// Takes an archive into a store: first everything is checked, then everything is published as any run would.
// An archive with anything wrong in it changes nothing.

import Digests

/// An archive in which nothing is wrong.
public struct CheckedArchive: Sendable {
  fileprivate let path: String
  fileprivate let summary: ArchiveSummary
}

extension Store {
  /// Takes what an archive has.
  ///
  /// - Parameter path: The archive.
  /// - Returns: What it has; what was in the store before stays as it is.
  /// - Throws: ``StorageError/badArchive(path:problem:)``, before anything is changed; or another ``StorageError``.
  @discardableResult
  public func importArchive(at path: String) throws(StorageError) -> ArchiveSummary {
    guard !files.isReadOnly else { throw .readOnlyStore(path: self.path) }
    return try importArchive(try checkArchive(at: path))
  }

  /// Checks a whole archive and changes nothing: a store that can only be read, or is not there yet, suffices.
  ///
  /// - Parameter path: The archive.
  /// - Returns: What can be imported.
  /// - Throws: ``StorageError/badArchive(path:problem:)``, or another ``StorageError``.
  public func checkArchive(at path: String) throws(StorageError) -> CheckedArchive {
    try withArchive(path) { file throws(StorageError) in
      var objects: Set<Digest> = []
      var summary = ArchiveSummary()
      summary.byteCount = try files.byteCount(of: file)
      try Archive.eachMember(of: file, files) { member throws(StorageError) in
        try check(member, file, &objects)
        switch member.kind {
        case .object: summary.objects += 1
        case .step: summary.steps += 1
        case .segment: summary.segments += 1
        default: break
        }
      }
      return CheckedArchive(path: path, summary: summary)
    }
  }

  /// Takes what a checked archive has.
  ///
  /// - Parameter archive: The archive; what has changed since is found and refused.
  /// - Returns: What it has.
  /// - Throws: ``StorageError``.
  public func importArchive(_ archive: CheckedArchive) throws(StorageError) -> ArchiveSummary {
    guard !files.isReadOnly else { throw .readOnlyStore(path: self.path) }
    return try withArchive(archive.path) { file throws(StorageError) in
      try Archive.eachMember(of: file, files) { member throws(StorageError) in try publish(member, file) }
      return archive.summary
    }
  }

  private func withArchive<Value>(
    _ path: String, _ body: (OpenFile) throws(StorageError) -> Value
  ) throws(StorageError) -> Value {
    let file = try told { () throws(SystemFailure) in try files.system.open(path, for: .read) }
    defer { files.close(file) }
    return try body(file)
  }

  // MARK: Checking

  private func check(
    _ member: ArchiveMember, _ file: OpenFile, _ objects: inout Set<Digest>
  ) throws(StorageError) {
    switch member.kind {
    case .object(let digest):
      try checkObject(digest, member, file)
      objects.insert(digest)
    case .step(let key):
      for output in try stepResult(key, member, file).outputs where !objects.contains(output.digest) {
        guard try holds(output.digest) else {
          throw Archive.bad(file, "`\(member.name)` needs the object \(output.digest.hex), which is not in it")
        }
      }
    case .segment(let recipe): _ = try keys(of: try bytes(member, file), recipe, member, file)
    case .recipe(let recipe): _ = try recipeBytes(recipe, member, file)
    default: throw Archive.bad(file, "`\(member.name)` is no file that an archive may have")
    }
  }

  private func bytes(_ member: ArchiveMember, _ file: OpenFile) throws(StorageError) -> [UInt8] {
    let bytes = try files.read(file, at: member.range.lowerBound, count: member.range.count)
    guard bytes.count == member.range.count else { throw Archive.bad(file, "it ends in the middle") }
    return bytes
  }

  private func checkObject(_ digest: Digest, _ member: ArchiveMember, _ file: OpenFile) throws(StorageError) {
    do throws(ObjectFailure) {
      let actual = try decode(file, part: member.range) { piece in piece.removeAll(keepingCapacity: true) }
      guard actual == digest else { throw .damage(.wrongDigest(actual)) }
    } catch {
      switch error {
      case .damage(let reason): throw Archive.bad(file, "`\(member.name)` is damaged: \(reason.sentence)")
      case .other(let error): throw error
      }
    }
  }

  private func stepResult(
    _ key: Digest, _ member: ArchiveMember, _ file: OpenFile
  ) throws(StorageError) -> StepResult {
    let bytes = try bytes(member, file)
    do throws(Malformed) {
      return try StepResult(fileBytes: bytes, key: key)
    } catch {
      throw Archive.bad(file, "`\(member.name)` is damaged: \(error.reason)")
    }
  }

  private func keys(
    of bytes: [UInt8], _ recipe: Digest, _ member: ArchiveMember, _ file: OpenFile
  ) throws(StorageError) -> [Digest] {
    do throws(Malformed) {
      return try Segment.keys(checking: bytes, of: recipe)
    } catch {
      throw Archive.bad(file, "`\(member.name)` is damaged: \(error.reason)")
    }
  }

  private func recipeBytes(
    _ recipe: Digest, _ member: ArchiveMember, _ file: OpenFile
  ) throws(StorageError) -> [UInt8] {
    let bytes = try bytes(member, file)
    guard Digest.sha256(bytes) == recipe else {
      throw Archive.bad(file, "`\(member.name)` is damaged: it is the manifest of another recipe")
    }
    return bytes
  }

  // MARK: Publishing

  /// Publishes what was checked, checking again: the file may have changed.
  private func publish(_ member: ArchiveMember, _ file: OpenFile) throws(StorageError) {
    switch member.kind {
    case .object(let digest):
      if try isKept(digest) { return }
      try checkObject(digest, member, file)
      try files.publish(member.name) { target throws(StorageError) in
        var offset = member.range.lowerBound
        while offset < member.range.upperBound {
          let piece = try files.read(file, at: offset, count: min(1 << 20, member.range.upperBound - offset))
          guard !piece.isEmpty else { throw .changed(path: file.path) }
          try target.write(piece)
          offset += piece.count
        }
      }
    case .step(let key): try publish(try stepResult(key, member, file), for: key)
    case .segment(let recipe):
      let bytes = try bytes(member, file)
      let segments = records(of: recipe)
      if try segments.lookup(try keys(of: bytes, recipe, member, file)).contains(false) {
        try segments.publish(segment: bytes)
      }
    case .recipe(let recipe):
      let bytes = try recipeBytes(recipe, member, file)
      if try files.exists(member.name) { return }
      try files.publish(member.name) { target throws(StorageError) in try target.write(bytes) }
    default: break
    }
  }
}
