// How files leave a store's folders: damaged ones are set aside, abandoned ones removed, unneeded ones taken away.
// Knows nothing of what the files hold, nor who needs them.

import Glibc

extension StoreFiles {
  /// Moves a damaged file to the quarantine.
  ///
  /// - Returns: Its new name in the store; nil if it could not be moved.
  func setAside(_ name: String) -> String? {
    guard !isReadOnly else { return nil }
    let target = "quarantine/" + name.replacing("/", with: "+") + "." + Self.unique()
    for _ in 0..<2 {
      do throws(SystemFailure) {
        try retrying { () throws(SystemFailure) in try system.rename(path(name), to: path(target)) }
        return target
      } catch {
        // The folder may be missing, or the file gone already; after one attempt it is the latter.
        guard error.code == ENOENT else { return nil }
        _ = try? makeFolder("quarantine")
      }
    }
    return nil
  }

  /// Removes temporary files of a folder that were left by processes that died.
  ///
  /// - Returns: How many were removed.
  func removeAbandoned(in folder: String) throws(StorageError) -> Int {
    let limit = system.now() - Self.abandonedAfter
    var count = 0
    let names = try told { () throws(SystemFailure) in try system.list(path(folder)) }
    for name in names.sorted() where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      let file = path("\(folder)/\(name)")
      guard let status = try told({ () throws(SystemFailure) in try system.status(file) }), status.modified < limit
      else { continue }
      try told { () throws(SystemFailure) in try system.remove(file) }
      count += 1
    }
    return count
  }

  // MARK: Taking away

  /// Removes a file, unless it was used.
  ///
  /// The file first gets a name that nobody reads, so that a use is either seen in its time or fails.
  ///
  /// - Parameters:
  ///   - name: The file.
  ///   - limit: When it must have been used last to stay, in microseconds since 1970.
  /// - Returns: Whether it was removed.
  /// - Throws: ``StorageError`` if a system call fails.
  func takeAway(_ name: String, unlessUsedSince limit: Int64) throws(StorageError) -> Bool {
    let folder = Self.folder(of: name)
    let aside = "\(folder.isEmpty ? "" : folder + "/").\(Self.base(of: name)).\(Self.unique()).tmp"
    do throws(SystemFailure) {
      try retrying { () throws(SystemFailure) in try system.rename(path(name), to: path(aside)) }
    } catch {
      if error.code == ENOENT || error.code == ESTALE { return false }
      throw StorageError(error)
    }
    guard let status = try status(aside), status.modified < limit else {
      // If somebody has published the file anew meanwhile, that one stays.
      let isBack = try told { () throws(SystemFailure) in try link(path(aside), to: path(name)) }
      if !isBack { try told { () throws(SystemFailure) in try system.remove(path(aside)) } }
      return false
    }
    try told { () throws(SystemFailure) in try system.remove(path(aside)) }
    return true
  }
}
