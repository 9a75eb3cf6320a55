// What a run counts on: told by the files' times, so that collection leaves it alone.

public import Digests
import Glibc

extension Store {
  /// How old a file's time may be before a use renews it: a day, in microseconds.
  ///
  /// Renewing it at every use would be a write for every file of every run.
  static let usedAnew: Int64 = 86_400_000_000

  /// Notes that a run counts on a stored result.
  ///
  /// - Parameters:
  ///   - step: The step's key; nil if only objects are counted on.
  ///   - objects: The objects.
  /// - Returns: Whether all of it was there; what was is spared by collection for at least the grace period.
  /// - Throws: ``StorageError`` if the disk cannot be read.
  public func use(step: Digest?, objects: [Digest]) throws(StorageError) -> Bool {
    for name in (step.map { [Self.stepName($0)] } ?? []) + objects.map(Self.objectName) {
      guard try use(name) else { return false }
    }
    return true
  }

  /// Whether an object is there, at one look unless its file has another size than it had.
  ///
  /// - Parameters:
  ///   - object: The object.
  ///   - fileByteCount: The size that its file had; nil if that is not known.
  ///   - isUse: Whether whoever asks counts on the object, as with ``use(step:objects:)``.
  /// - Returns: False, too, if its file has another size and is not whole; then it has been set aside.
  public func contains(_ object: Digest, fileByteCount: Int?, isUse: Bool) -> Bool {
    guard let status = (try? status(ofObject: object)) ?? nil,
      !isUse || !isOld(status.modified) || renew(Self.objectName(object))
    else { return false }
    // Another release of zstd may have written it anew.
    return fileByteCount == nil || fileByteCount == status.byteCount || isWhole(object)
  }

  /// Whether an object is there and is what its name says; a damaged one is set aside.
  private func isWhole(_ object: Digest) -> Bool {
    do throws(StorageError) {
      try decode(object) { piece throws(StorageError) in piece.removeAll(keepingCapacity: true) }
      return true
    } catch {
      return !error.isMiss
    }
  }

  /// Renews a file's time if it is old.
  ///
  /// - Returns: Whether the file was there.
  func use(_ name: String) throws(StorageError) -> Bool {
    guard let status = try files.status(name) else { return false }
    return !isOld(status.modified) || renew(name)
  }

  /// Whether whoever counts on a file must renew its time.
  func isOld(_ modified: Int64) -> Bool { !files.isReadOnly && files.system.now() - modified > Self.usedAnew }

  /// Sets a file's time to now.
  ///
  /// Someone else's file cannot be touched: only its owner can collect it then, and a miss is all that comes of it.
  ///
  /// - Returns: Whether the file was there.
  func renew(_ name: String) -> Bool {
    do throws(SystemFailure) {
      try retrying { () throws(SystemFailure) in try files.system.touch(files.path(name)) }
      return true
    } catch {
      return error.code != ENOENT && error.code != ESTALE
    }
  }
}
