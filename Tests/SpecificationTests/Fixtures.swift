// Files of this test target.

import FoundationEssentials
import Testing

/// Files of this test target.
enum Fixtures {
  /// The specs that show the language in use.
  static let specs = [
    "a-cut-online.yaml", "a2-cut-recorded.yaml", "b-clha.yaml", "b1-reward.yaml", "c-hir.yaml", "d-clair-apo.yaml",
    "e-one-value.yaml",
  ]

  static let folder = {
    let file = #filePath
    return String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
  }()

  static func path(_ name: String) -> String { "\(folder)/Fixtures/\(name)" }
}

extension Fixtures {
  /// The specs' texts by name.
  static func texts() throws -> [String: String] {
    var texts: [String: String] = [:]
    for name in specs {
      texts[name] = String(decoding: try Data(contentsOf: URL(filePath: path("specs/\(name)"))), as: UTF8.self)
    }
    return texts
  }
}

extension Fixtures {
  /// The folder of the package.
  static let root = {
    let steps = folder.split(separator: "/", omittingEmptySubsequences: false)
    return steps.dropLast(2).joined(separator: "/")
  }()
}
