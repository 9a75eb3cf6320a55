// A store beside the user's for as long as something is computed again.

import FoundationEssentials
import Storage

struct ScratchStore {
  let store: Store
  private let path: String

  /// Makes an empty store.
  ///
  /// - Parameters:
  ///   - folder: Where it is made.
  ///   - purpose: The beginning of its name; what processes left of that name when they were killed is removed.
  /// - Throws: `StorageError` if it cannot be made.
  init(in folder: String, for purpose: String) throws {
    let prefix = "\(purpose)-"
    Self.removeAbandoned(in: folder, prefix)
    path = "\(folder)/\(prefix)\(UniqueName.drawn())"
    store = try Store(at: path, mode: .create)
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// Folders that processes left when they were killed, more than a day ago.
  private static func removeAbandoned(in folder: String, _ prefix: String) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
      let changed = try? files.attributesOfItem(atPath: "\(folder)/\(name)")[.modificationDate] as? Date
      if let changed, Date().timeIntervalSince(changed) > 86_400 { try? files.removeItem(atPath: "\(folder)/\(name)") }
    }
  }
}
