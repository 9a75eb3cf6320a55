// Golden files: text that must not change unseen. Recording one also fails the test.

import FoundationEssentials
import Testing

/// Compares with, or records, files under `Golden/`.
enum Golden {
  static func check(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let path = "\(Fixtures.folder)/Golden/\(name)"
    let data = try? Data(contentsOf: URL(filePath: path))
    let golden = String(decoding: data ?? Data(), as: UTF8.self)
    if data != nil, golden.utf8.elementsEqual(text.utf8) { return }
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      let folder = path[..<(path.lastIndex(of: "/") ?? path.endIndex)]
      try? FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
      try? Data(text.utf8).write(to: URL(filePath: path))
      Issue.record("recorded \(name); look at it and run again", sourceLocation: sourceLocation)
      return
    }
    let wanted = golden.split(separator: "\n", omittingEmptySubsequences: false)
    let found = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line =
      zip(wanted, found).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(wanted.count, found.count)
    Issue.record(
      """
      \(name) differs from line \(line + 1) on
      golden: \(wanted.dropFirst(line).prefix(4).joined(separator: "\n        "))
      now:    \(found.dropFirst(line).prefix(4).joined(separator: "\n        "))
      """, sourceLocation: sourceLocation)
  }
}
