// Why the system would not read or write a file, in the system's own words.

import Foundation

/// The causes of failed file operations.
public enum SystemReason: Sendable {
  /// An error of Foundation in a few words.
  ///
  /// - Parameters:
  ///   - error: What was thrown.
  ///   - path: The file or folder that was wanted; nil if it was none.
  /// - Returns: The system's message; where Foundation hides it, what is in the way on the path.
  public static func text(of error: any Error, at path: String? = nil) -> String {
    let error = error as NSError
    if let deeper = error.userInfo[NSUnderlyingErrorKey] as? NSError { return deeper.localizedDescription }
    if error.domain == NSPOSIXErrorDomain { return error.localizedDescription }
    return path.flatMap { obstacle(on: $0) } ?? error.localizedDescription
  }

  /// The first part of a path that is a file where a folder should be.
  private static func obstacle(on path: String) -> String? {
    var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    while folder.path != "/" {
      if let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path) {
        let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
        return isFolder ? nil : "`\(folder.lastPathComponent)` is a file, not a folder"
      }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }
}
