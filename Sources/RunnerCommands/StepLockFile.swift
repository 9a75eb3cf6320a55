// The lock beside a table, read from its file.

import FoundationEssentials
import JSON
import Records
import Reporting

extension StepLock {
  /// Reads a `lock.json`.
  ///
  /// - Throws: ``CommandError/unreadable(path:reason:)``.
  init(path: String) throws {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw CommandError.unreadable(path: path, reason: "it cannot be opened")
    }
    do {
      try self.init(json: JSONValue(parsing: Array(bytes)))
    } catch let fault as WireFault {
      throw CommandError.unreadable(
        path: path, reason: "it is no lock that runner wrote: `\(fault.member)` is missing or wrong")
    } catch {
      throw CommandError.unreadable(path: path, reason: "it is no lock that runner wrote")
    }
  }
}
