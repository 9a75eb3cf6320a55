// Writing digests into a spec where it names files, without touching anything else of its text.
// Knows nothing of files' bytes; whoever hashed them says the digests.

public import Diagnostics
import YAML

/// A file that a spec names, and where its text says so.
public struct PinnableFile: Sendable {
  /// The file as it is referred to.
  public let reference: FileReference
  /// The spec that says it.
  public let spec: String
  /// Where the digest stands, in bytes of that spec; nil: none is written.
  let digest: Range<Int>?
  /// Where the mapping stands that names it.
  public let place: SourcePlace
  /// Where its local paths stand, by the path as it is opened.
  public let paths: [String: SourcePlace]
  /// Where a digest would be put in.
  let insertion: Insertion

  /// How a missing digest is put in.
  enum Insertion: Sendable {
    /// Into `{…}`, right after the brace.
    case flow(Int)
    /// As a line of its own before a block mapping's first key.
    case block(Int, column: Int)
  }
}

/// Finds the files that specs name, and writes their digests.
public enum Pin: Sendable {
  /// Every file that a tree names, in the order of the tree.
  ///
  /// - Parameter experiment: An experiment; its tree also holds what it inherits, each with its own file.
  /// - Returns: The files.
  public static func files(in experiment: Experiment) -> [PinnableFile] {
    var found: [PinnableFile] = []
    collect(experiment.tree, into: &found)
    return found
  }

  /// The text of a spec with digests in place.
  ///
  /// - Parameters:
  ///   - bytes: The spec's bytes.
  ///   - spec: The spec's path, as in ``PinnableFile/spec``.
  ///   - digests: Files with the 64 digits of their digests; those of other specs are left alone.
  /// - Returns: The bytes with `sha256:` inserted or replaced; all else, comments included, is as it was.
  public static func text(
    of bytes: [UInt8], spec: String, digests: [(file: PinnableFile, digest: String)]
  ) -> [UInt8] {
    let skipped = SourceText(bytes, file: spec).skipped
    var edits: [(range: Range<Int>, text: String)] = []
    for (file, digest) in digests where file.spec.utf8.elementsEqual(spec.utf8) {
      if let range = file.digest {
        edits.append((range, digest))
      } else {
        switch file.insertion {
        case .flow(let offset): edits.append((offset..<offset, "sha256: \(digest), "))
        case .block(let offset, let column):
          edits.append((offset..<offset, "sha256: \(digest)\n" + String(repeating: " ", count: column)))
        }
      }
    }
    var result = bytes
    // From the end, so that earlier offsets stay what they are; one place is edited once.
    var last = Int.max
    for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) where edit.range.lowerBound < last {
      last = edit.range.lowerBound
      result.replaceSubrange(
        (edit.range.lowerBound + skipped)..<(edit.range.upperBound + skipped), with: Array(edit.text.utf8))
    }
    return result
  }

  private static func collect(_ node: Node, into found: inout [PinnableFile]) {
    if let file = pinnable(node) {
      found.append(file)
      return
    }
    for element in node.elements ?? [] { collect(element, into: &found) }
    for entry in node.entries ?? [] { collect(entry.value, into: &found) }
  }

  /// A mapping that names a file: one with `from`, or with a package or a repository and a digest.
  private static func pinnable(_ node: Node) -> PinnableFile? {
    guard let entries = node.entries, node["from"] != nil || node["sha256"] != nil else { return nil }
    let reading = Reading(partial: true)
    let reference: FileReference? =
      if node["package"] != nil {
        FileReference.pypi.read(node, reading)
      } else if node["repository"] != nil {
        FileReference.huggingface.read(node, reading)
      } else {
        FileReference.shape.read(node.only(["sha256", "from"]), reading)
      }
    guard let reference, let first = entries.first else { return nil }
    let source = node.location.source
    let start = node.location.range.lowerBound
    let isFlow = start < source.bytes.count && source.bytes[start] == UInt8(ascii: "{")
    let key = first.key.location
    let insertion: PinnableFile.Insertion =
      isFlow
      ? .flow(start + 1) : .block(key.range.lowerBound, column: key.place.column - 1)
    return PinnableFile(
      reference: reference, spec: source.file, digest: node["sha256"]?.location.range, place: node.place,
      paths: paths(in: node), insertion: insertion)
  }

  private static func paths(in node: Node) -> [String: SourcePlace] {
    var paths: [String: SourcePlace] = [:]
    for element in node["from"]?.elements ?? [] {
      guard let path = element["path"], let text = path.scalar?.text else { continue }
      paths[PathText.resolve(text, fromFile: path.location.source.file)] = path.place
    }
    return paths
  }
}

extension Node {
  fileprivate func only(_ keys: [String]) -> Node {
    Node(.mapping((entries ?? []).filter { keys.contains($0.key.text) }), location: location)
  }
}
