// Step results: found by key, published once, and listed by kind for explanations. Knows nothing of what steps do.

public import Digests

extension Store {
  static let stepSuffix = ".step"

  package static func stepName(_ key: Digest) -> String { name(key, in: "steps", suffix: stepSuffix) }

  /// The file of that digest in a folder: two digits name a folder in it, the others the file.
  static func name(_ digest: Digest, in folder: String, suffix: String) -> String {
    let capacity = folder.utf8.count + Digest.digitCount + 2 + suffix.utf8.count
    return String(unsafeUninitializedCapacity: capacity) { buffer in
      var count = 0
      func write(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
          buffer[count] = byte
          count += 1
        }
      }
      write(folder.utf8)
      // The digits stand behind both slashes at first; then the first two move between them.
      let start = count
      digest.writeDigits(
        to: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[(start + 2)...])))
      (buffer[start], buffer[start + 1], buffer[start + 2], buffer[start + 3]) = (
        UInt8(ascii: "/"), buffer[start + 2], buffer[start + 3], UInt8(ascii: "/")
      )
      count += Digest.digitCount + 2
      write(suffix.utf8)
      return count
    }
  }

  /// The result that stands under a step's key.
  ///
  /// Whether the outputs' objects are still there is asked apart.
  ///
  /// - Returns: nil if there is none, or if it was damaged and has been set aside.
  /// - Throws: ``StorageError`` if the file cannot be read.
  public func result(for step: Digest) throws(StorageError) -> StepResult? {
    let name = Self.stepName(step)
    guard let bytes = try files.read(name) else { return nil }
    do throws(Malformed) {
      return try StepResult(fileBytes: bytes, key: step)
    } catch {
      report(name, .malformed(error.reason))
      return nil
    }
  }

  /// Publishes a step's result; the first publication wins.
  ///
  /// - Parameters:
  ///   - result: The result; its outputs' objects must be in the store.
  ///   - step: The step's key, which is the digest of the result's manifest.
  /// - Returns: The result that stands, which is another's if that was first.
  /// - Throws: ``StorageError`` if an object is missing or the result cannot be written.
  @discardableResult
  public func publish(_ result: StepResult, for step: Digest) throws(StorageError) -> StepResult {
    let result = result.noting(fileSizes: try check(result, for: step))
    let name = Self.stepName(step)
    let bytes = result.fileBytes
    // A damaged result in the way is set aside by reading it; once is enough unless others damage it meanwhile.
    for _ in 0..<3 {
      if let standing = try self.result(for: step) {
        // What stands may be of no use: its objects may have been lost, and made anew with other bytes.
        if try areHeld(standing.outputs) { return standing }
        break
      }
      if try files.publishFirst(name, { file throws(StorageError) in try file.write(bytes) }) != nil {
        remember(result.kind, step)
        return result
      }
    }
    try files.publish(name) { file throws(StorageError) in try file.write(bytes) }
    remember(result.kind, step)
    return result
  }

  /// Refuses a result that is none.
  ///
  /// - Returns: The sizes of its objects' files.
  private func check(_ result: StepResult, for step: Digest) throws(StorageError) -> [Digest: Int] {
    guard StepResult.isKind(result.kind) else { throw .invalidName(result.kind, role: "step's kind") }
    guard result.manifest.key == step else { throw .wrongKey(step, manifest: result.manifest.key) }
    guard result.hasUniqueNames else {
      throw .invalidName(result.outputs.map(\.name).joined(separator: ", "), role: "step's set of outputs")
    }
    var sizes: [Digest: Int] = [:]
    for output in result.outputs {
      guard let status = try files.status(Self.objectName(output.digest)) else { throw .missing(output.digest) }
      sizes[output.digest] = status.byteCount
    }
    return sizes
  }

  private func areHeld(_ outputs: [StepResult.Output]) throws(StorageError) -> Bool {
    for output in outputs {
      guard try holds(output.digest) else { return false }
    }
    return true
  }

  // MARK: By kind

  /// Earlier results of a kind, newest first; for explanations and predictions only.
  ///
  /// - Parameters:
  ///   - kind: The steps' kind.
  ///   - limit: How many are wanted at most.
  /// - Returns: What can be read; a store without its index, or one that cannot be read, gives fewer or none.
  public func results(ofKind kind: String, newest limit: Int = 64) -> [StepResult] {
    guard StepResult.isKind(kind) else { return [] }
    if !files.isReadOnly, (try? files.exists("index/kinds")) == false { rebuildKinds() }
    var seen: Set<Digest> = []
    var results: [StepResult] = []
    for name in ((try? files.list("index/kinds/\(kind)")) ?? []).reversed() {
      guard results.count < limit else { break }
      guard name.utf8.count == 81, let key = Digest(hex: String(name.suffix(64))), seen.insert(key).inserted,
        let result = try? result(for: key), result.kind == kind
      else { continue }
      results.append(result)
    }
    return results
  }

  /// Results that the index by kind does not have: whoever published them was stopped before noting them, or the note
  /// was lost.
  ///
  /// A store that may be written notes them.
  public func unlistedResults() -> [StepResult] {
    var listed: Set<String> = []
    for kind in (try? files.list("index/kinds")) ?? [] {
      for name in (try? files.list("index/kinds/\(kind)")) ?? [] { listed.insert(String(name.suffix(64))) }
    }
    var results: [StepResult] = []
    for folder in (try? files.list("steps")) ?? [] {
      for name in (try? files.list("steps/\(folder)")) ?? [] where name.hasSuffix(".step") {
        let hex = folder + name.dropLast(5)
        guard !listed.contains(hex), let key = Digest(hex: hex), let result = try? result(for: key) else { continue }
        results.append(result)
        if !files.isReadOnly { remember(result.kind, key) }
      }
    }
    return results
  }

  /// The keys under which results of a kind were ever published and not collected, as far as the index by kind knows.
  public func publishedKeys(ofKind kind: String) -> Set<Digest> {
    guard StepResult.isKind(kind) else { return [] }
    return Set(((try? files.list("index/kinds/\(kind)")) ?? []).compactMap { Digest(hex: String($0.suffix(64))) })
  }

  /// Whether one of the results that the index has under a kind was found damaged through this value or its copies.
  public func foundDamaged(kind: String) -> Bool {
    guard StepResult.isKind(kind), !damages.isEmpty else { return false }
    return ((try? files.list("index/kinds/\(kind)")) ?? []).contains { name in
      Digest(hex: String(name.suffix(64))).map(foundDamaged) ?? false
    }
  }

  /// Notes a new result in the index.
  ///
  /// The index is a hint, so a failure is no fault.
  private func remember(_ kind: String, _ key: Digest, at time: Int64? = nil) {
    let folder = "index/kinds/\(kind)"
    let stamp = String(max(0, time ?? files.system.now()), radix: 16)
    let name = "\(folder)/\(String(repeating: "0", count: 16 - stamp.count))\(stamp)-\(key.hex)"
    note(name)
  }

  /// Makes a name in the index.
  func note(_ name: String) {
    for _ in 0..<2 {
      do throws(SystemFailure) {
        files.close(try files.system.open(files.path(name), for: .createNew))
        return
      } catch {
        _ = try? files.makeFolder(StoreFiles.folder(of: name), isDurable: false)
      }
    }
  }

  private func rebuildKinds() {
    for folder in (try? files.list("steps")) ?? [] {
      for name in (try? files.list("steps/\(folder)")) ?? [] {
        guard name.hasSuffix(".step"), let key = Digest(hex: folder + name.dropLast(5)),
          let result = try? result(for: key)
        else { continue }
        let status = (try? files.system.status(files.path(Self.stepName(key)))) ?? nil
        remember(result.kind, key, at: status?.modified)
      }
    }
  }
}
