// The versions of the kinds' implementations, and the earlier manifests under which results stand that are still right.
// Knows nothing of what a kind does.

public import Digests

/// An earlier form of a kind's manifests whose results are those of today: options had other names, or the code was
/// changed and keeps the bytes, perhaps only of some manifests.
public struct ManifestAlias: Sendable {
  /// The version that stands in the earlier manifests.
  public let version: Int
  /// What options are called now, and what they were called then.
  public let renamed: [(now: String, then: String)]
  /// Whether the bytes are the same for a step, given its manifest as it is now.
  public let holds: @Sendable (Manifest) -> Bool

  /// Declares an earlier form.
  ///
  /// - Parameters:
  ///   - version: The version that stands in the earlier manifests.
  ///   - renamed: Options by the names of their leaves, now and then, such as `top-k`; for a group every leaf.
  ///   - holds: Whether the bytes are the same, given the manifest of today; it must look at options only.
  public init(
    version: Int, renamed: [(now: String, then: String)] = [],
    holds: @escaping @Sendable (Manifest) -> Bool = { _ in true }
  ) {
    self.version = version
    self.renamed = renamed
    self.holds = holds
  }

  /// What a manifest of today was then; nil if the bytes were others.
  func earlier(_ manifest: Manifest) -> Manifest? { holds(manifest) ? rewritten(manifest) : nil }

  /// What a manifest of then, or the recipe of a step for which this holds, is under the names and the version of the other time.
  func rewritten(_ manifest: Manifest) -> Manifest {
    manifest.renaming(renamed.map { ($0.now, $0.then) }, version: version)
  }

  /// What an earlier manifest is today, under a version; nil if it is not of this form, or its bytes were others.
  func today(_ manifest: Manifest, version: Int) -> Manifest? {
    guard manifest["version"] == .integer(self.version) else { return nil }
    let today = manifest.renaming(renamed.map { ($0.then, $0.now) }, version: version)
    return holds(today) ? today : nil
  }
}

extension Manifest {
  /// The same leaves with options under other names, and another version.
  fileprivate func renaming(_ names: [(from: String, to: String)], version: Int) -> Manifest {
    Manifest(
      sorting: leaves.map { leaf in
        if leaf.name == "version" { return (leaf.name, .integer(version)) }
        // A recipe has the options that a record depends on under a name of its own.
        for group in ["options/", "record/"] where leaf.name.hasPrefix(group) {
          if let name = names.first(where: { group + $0.from == leaf.name }) { return (group + name.to, leaf.value) }
        }
        return (leaf.name, leaf.value)
      })
  }
}

/// The version of a kind's implementation, and the earlier forms of its manifests whose results are still right.
public struct Revision: Sendable {
  /// Raised when the same options give other bytes.
  public let version: Int
  /// Forms under which a result is looked for where none stands under the step's own key, the likeliest first.
  public let aliases: [ManifestAlias]

  /// Makes a revision.
  public init(version: Int, aliases: [ManifestAlias] = []) {
    self.version = version
    self.aliases = aliases
  }
}

/// The revision of every kind.
public struct Revisions: Sendable {
  private let others: [StepKind: Revision]

  /// The revisions of this program, but for kinds that are said to have others.
  public init(_ others: [StepKind: Revision] = [:]) {
    self.others = others
  }

  func of(_ facts: StepWork.Facts) -> Revision { others[facts.kind] ?? facts.revision }
}
