// From a path to one tree with everything inherited in place: extends, settings, same-as.
// Knows nothing of what the keys mean beyond these three.

import Diagnostics
import YAML

/// Loads spec files and puts together what they inherit.
final class Inheritance {
  /// The most files that extend one another.
  static let mostFiles = 32

  let files: any FileReading
  let reading = Reading()
  private(set) var read: [ReadFile] = []
  /// Faults of the files' YAML, already told.
  private(set) var told: [Diagnosis] = []
  /// Whether a file that is inherited from could not be read, so that what it gives is unknown.
  private(set) var lacksAncestor = false
  private var trees: [(path: String, tree: Node?)] = []

  init(files: any FileReading) { self.files = files }

  /// The tree of a file with everything it extends below it.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - place: Who asks for it; nil: the user.
  /// - Returns: The tree; nil if a fault was noted.
  func tree(of path: String, askedAt place: SourcePlace?) -> Node? {
    tree(of: path, askedAt: place, chain: [])
  }

  private func tree(of path: String, askedAt place: SourcePlace?, chain: [String]) -> Node? {
    if chain.contains(path) {
      note(.extendsCycle(chain + [path]), place, path)
      return nil
    }
    guard chain.count < Self.mostFiles else {
      note(.extendsTooLong(most: Self.mostFiles), place, path)
      return nil
    }
    guard let own = parsed(path, askedAt: place) else { return nil }
    guard own.entries != nil else {
      reading.note(.notAMapping(found: own.kindInWords), own)
      return nil
    }
    guard let entry = own.entry("extends"), !Reading.isAbsent(entry.value) else { return own }
    let parent = reading.within("extends", entry.key) { Shape<LocalPath>.path.read(entry.value, reading) }
    guard let parent,
      let below = tree(of: parent.resolved, askedAt: entry.value.place, chain: chain + [path])
    else {
      lacksAncestor = true
      let nothing = Node(.mapping([]), location: own.location)
      return Merge.lay(own.without("extends"), over: nothing, ReadDocument.form).at(own.location)
    }
    return lay(own.without("extends"), over: below)
  }

  /// Lays a file over the one it extends.
  private func lay(_ own: Node, over below: Node) -> Node {
    var below = below
    let inherited = below["ablations"]
    if own.entry("ablations") != nil, Reading.isAbsent(own["ablations"]) {
      // A table of its own says itself what it shows.
      if own["table"] == nil { below = below.withoutGridOfTable }
      below = below.without("cells")
    } else if inherited != nil {
      checkGrid(of: below, against: own)
    }
    return Merge.lay(own, over: below, ReadDocument.form).at(below.location)
  }

  /// Setting what an axis or a single cell also sets would be undone there, unless the same file drops that.
  private func checkGrid(of tree: Node, against own: Node) {
    let patch = own.without("ablations").without("cells")
    for axis in (tree["ablations"]?.entries ?? []) + [tree.entry("cells")].compactMap({ $0 }) {
      let name = axis.key.text
      let changes = name == "cells" ? own : own["ablations"]
      if Self.drops(name, changes) { continue }
      let clashes = (axis.value.entries ?? []).filter { !Self.drops($0.key.text, changes?[name]) }.compactMap { arm in
        Merge.clash(patch, arm.value, ReadDocument.form).map { (arm.key.text, $0) }
      }
      guard let first = clashes.first else { continue }
      let path = first.1.path.joined(separator: ".")
      reading.note(
        .axisSets(path: path, axis: axis.key.text, arms: clashes.map(\.0)), first.1.node)
    }
  }

  /// Whether changes say `none` for a key.
  private static func drops(_ key: String, _ changes: Node?) -> Bool {
    changes?.entry(key).map { Reading.isAbsent($0.value) } ?? false
  }

  /// A file's own tree; read once.
  private func parsed(_ path: String, askedAt place: SourcePlace?) -> Node? {
    if let known = trees.first(where: { $0.path == path }) { return known.tree }
    var tree: Node?
    do throws(FileFault) {
      let bytes = try files.bytes(of: path)
      read.append(ReadFile(path: path, bytes: bytes))
      let (root, faults) = YAMLDocument.read(bytes, file: path)
      tree = root
      told += faults.map(\.diagnosis)
    } catch {
      note(.unreadable(path: path, error), place, path)
    }
    trees.append((path, tree))
    return tree
  }

  private func note(_ fault: SpecFault, _ place: SourcePlace?, _ path: String) {
    reading.note(fault, place ?? SourcePlace(file: path, line: 1, column: 1))
  }

  // MARK: - Settings

  /// Lays settings over a tree.
  func apply(_ settings: [String], to tree: Node) -> Node {
    var tree = tree
    for (index, setting) in settings.enumerated() {
      do throws(YAMLError) {
        let number = settings.count > 1 ? index + 1 : nil
        guard let patch = try Settings.patch(setting, number: number, reading) else { continue }
        checkGrid(of: tree, against: patch)
        tree = Merge.lay(patch, over: tree, ReadDocument.form).at(tree.location)
      } catch {
        told += error.diagnoses
      }
    }
    return tree
  }

  // MARK: - same-as

  /// Puts data sets and prompts where `same-as` names them.
  func resolveSameAs(_ tree: Node) -> Node {
    guard let datasets = tree["datasets"], let entries = datasets.entries else { return tree }
    let whole = entries.map { entry in
      Node.Entry(key: entry.key, value: dataset(entry.key.text, entry.value, in: entries, seen: []))
    }
    let prompts = whole.map { entry in
      Node.Entry(key: entry.key, value: withPrompt(entry.value, named: entry.key.text, in: whole))
    }
    return tree.replacing("datasets", with: Node(.mapping(prompts), location: datasets.location))
  }

  private func dataset(_ name: String, _ node: Node, in all: [Node.Entry], seen: [String]) -> Node {
    guard let target = node.entry("same-as"), let text = target.value.scalar?.text else { return node }
    if seen.contains(name) || seen.count > Self.mostFiles {
      reading.note(.sameAsCycle(seen + [name]), target.value)
      return node.without("same-as")
    }
    let own = node.without("same-as")
    var below: Node?
    if let other = all.first(where: { $0.key.text.utf8.elementsEqual(text.utf8) }) {
      below = dataset(text, other.value, in: all, seen: seen + [name])
    } else if text.hasSuffix(".yaml") || text.hasSuffix(".yml") {
      below = datasetOfFile(name, text, target.value)
    } else {
      noteUnknown(text, among: all, target.value)
    }
    guard let below else { return node }
    guard own.entries?.isEmpty == false else { return below }
    let form = ReadDocument.form.field("datasets").element
    return Merge.lay(own, over: below, form)
  }

  private func datasetOfFile(_ name: String, _ text: String, _ target: Node) -> Node? {
    let path = PathText.resolve(text, fromFile: target.location.source.file)
    guard let other = tree(of: path, askedAt: target.place), !lacksAncestor else { return nil }
    guard let found = resolveSameAs(other)["datasets"]?[name] else {
      reading.note(.sameAsNothing(dataset: name, path: text), target)
      return nil
    }
    return found
  }

  /// No such data set; it may be in a file that could not be read.
  private func noteUnknown(_ name: String, among all: [Node.Entry], _ node: Node) {
    if !lacksAncestor { reading.note(.unresolved(kind: "data set", name, known: all.map(\.key.text)), node) }
  }

  private func withPrompt(_ node: Node, named name: String, in all: [Node.Entry], seen: [String] = []) -> Node {
    guard let target = node["prompt"]?["same-as"], let text = target.scalar?.text else { return node }
    guard !seen.contains(text), seen.count <= Self.mostFiles, !text.utf8.elementsEqual(name.utf8) else {
      reading.note(.sameAsCycle([name] + seen + [text]), target)
      return node
    }
    guard let other = all.first(where: { $0.key.text.utf8.elementsEqual(text.utf8) }) else {
      noteUnknown(text, among: all, target)
      return node
    }
    let whole = withPrompt(other.value, named: text, in: all, seen: seen + [name])
    guard let prompt = whole["prompt"] else { return node }
    return node.replacing("prompt", with: prompt)
  }
}

extension Node {
  /// The same mapping without a key.
  func without(_ key: String) -> Node {
    guard let entries else { return self }
    return Node(.mapping(entries.filter { !$0.key.text.utf8.elementsEqual(key.utf8) }), location: location)
  }

  /// The same mapping with another value under a key that it has.
  func replacing(_ key: String, with value: Node) -> Node {
    guard let entries else { return self }
    return Node(
      .mapping(
        entries.map { $0.key.text.utf8.elementsEqual(key.utf8) ? Node.Entry(key: $0.key, value: value) : $0 }),
      location: location)
  }

  /// The same node as if it stood elsewhere.
  func at(_ location: Location) -> Node { Node(content, location: location) }

  /// Without what an inherited table says about axes that are dropped.
  fileprivate var withoutGridOfTable: Node {
    guard let table = self["table"], table.entries != nil else { return self }
    let kept = ["rows", "columns", "claims", "published"].reduce(table) { $0.without($1) }
    return replacing("table", with: kept)
  }
}

extension Form {
  /// The form of a record's key.
  func field(_ name: String) -> Form {
    guard case .record(let record) = self else { return .anything }
    return record.fields.first { $0.name == name }?.form ?? .anything
  }

  /// The form of what stands under a free name.
  var element: Form {
    if case .named(let element, _) = self { element } else { .anything }
  }
}
