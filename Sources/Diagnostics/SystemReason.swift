// Why the system would not read or write a file, in the system's own words.

import FoundationEssentials
import Glibc
import SystemPackage

/// The causes of failed file operations.
public enum SystemReason: Sendable {
  /// An error of the system or of Foundation in a few words.
  ///
  /// - Parameters:
  ///   - error: What was thrown.
  ///   - path: The file or folder that was wanted; nil if it was none.
  /// - Returns: The system's message; where a file stands where a folder should be, which one.
  public static func text(of error: any Error, at path: String? = nil) -> String {
    let reason = cause(of: error)
    // A folder that cannot be made "exists", as a file.
    if reason == nil || reason == .fileExists || reason == .notDirectory, let file = path.flatMap(fileAsFolder) {
      return "`\(file)` is a file, not a folder"
    }
    return reason.map { "\($0)" } ?? "\(error)"
  }

  /// What the system said; nil if that is not known.
  private static func cause(of error: any Error) -> Errno? {
    if let error = error as? Errno { return error }
    if let error = error as? POSIXError { return Errno(rawValue: error.code.rawValue) }
    guard let error = error as? CocoaError else { return nil }
    if let cause = error.underlying.flatMap(cause) { return cause }
    return switch error.code {
    case .fileNoSuchFile, .fileReadNoSuchFile: .noSuchFileOrDirectory
    case .fileReadNoPermission, .fileWriteNoPermission: .permissionDenied
    case .fileWriteFileExists: .fileExists
    case .fileWriteOutOfSpace: .noSpace
    case .fileWriteVolumeReadOnly: .readOnlyFileSystem
    default: nil
    }
  }

  /// The part of a path above its end that is a file.
  private static func fileAsFolder(on path: String) -> String? {
    var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    while folder.path != "/" {
      if let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path) {
        let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
        return isFolder ? nil : folder.lastPathComponent
      }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }
}
