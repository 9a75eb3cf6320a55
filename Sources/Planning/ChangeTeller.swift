// Leaves of manifests that differ, as the things that a user changed: lists and choices as wholes, in the spec's words,
// without what follows from another change. Knows nothing of the store.

import Diagnostics
import Digests

/// Puts the differences of two manifests into a user's words.
struct ChangeTeller {
  let step: Step
  let steps: [StepID: Step]
  let old: Manifest
  let new: Manifest

  /// The changes as a user made them.
  ///
  /// - Parameter raw: All leaves that differ, sorted by name; not empty.
  /// - Returns: At least one change.
  func changes(_ raw: [ManifestChange]) -> [LeafChange] {
    var folded: [ManifestChange] = []
    for change in raw {
      let whole = fold(change, among: raw)
      if !folded.contains(where: { $0.name == whole.name }) { folded.append(whole) }
    }
    let needed = folded.filter { change in !follows(change, from: folded) }
    return (needed.isEmpty ? folded : needed).map { change in
      LeafChange(change, words: words(for: change.name), place: place(of: change.name))
    }
  }

  // MARK: Wholes

  /// The change of the list or choice that a leaf belongs to, or the leaf's own.
  private func fold(_ change: ManifestChange, among raw: [ManifestChange]) -> ManifestChange {
    if change.name.hasPrefix("inputs/outcomes/") { return outcomes(change, among: raw) }
    guard let option = change.name.withoutPrefix("options/") else { return change }
    if option.hasPrefix("measurements/") { return measurements }
    if step.kind == .ingest, let source = source(among: raw) { return source }
    let root = "options/" + Self.root(of: option)
    let isReshaped = names(under: root, in: old) != names(under: root, in: new)
    // Another word for a choice explains what stands under it.
    if isReshaped, let before = old[root], let after = new[root], before != after {
      return ManifestChange(name: root, old: before, new: after)
    }
    if let list = listRoot(of: change.name) {
      return ManifestChange(name: list, old: texts(of: list, in: old), new: texts(of: list, in: new))
    }
    guard isReshaped, old[root] == nil || new[root] == nil else { return change }
    return ManifestChange(name: root, old: summary(root, in: old), new: summary(root, in: new))
  }

  /// The option that a leaf belongs to; a model's are counted one by one.
  private static func root(of option: String) -> String {
    let parts = option.split(separator: "/")
    return parts.prefix(parts.first == "model" ? 2 : 1).joined(separator: "/")
  }

  private func names(under root: String, in manifest: Manifest) -> [String] {
    manifest.leaves.map(\.name).filter { $0 == root || $0.hasPrefix(root + "/") }
  }

  /// The list of texts that a leaf is in: leaves `0`, `1`, … beside a leaf `count`.
  private func listRoot(of leaf: String) -> String? {
    guard let slash = leaf.lastIndex(of: "/") else { return nil }
    let root = String(leaf[..<slash])
    let last = leaf[leaf.index(after: slash)...]
    guard last == "count" || Int(last) != nil, (old["\(root)/count"] ?? new["\(root)/count"]) != nil else { return nil }
    // Turns are lists of mappings; they are told turn by turn.
    let all = names(under: root, in: old) + names(under: root, in: new)
    return all.allSatisfy { !$0.dropFirst(root.count + 1).contains("/") } ? root : nil
  }

  private func texts(of root: String, in manifest: Manifest) -> ManifestValue? {
    guard case .integer(let count)? = manifest["\(root)/count"] else { return nil }
    let texts = (0..<count).map { manifest["\(root)/\($0)"]?.readable ?? "" }
    return .text("[\(texts.joined(separator: ", "))]")
  }

  /// Everything under a root in one line.
  private func summary(_ root: String, in manifest: Manifest) -> ManifestValue? {
    if let value = manifest[root] { return value }
    let leaves = manifest.leaves.filter { $0.name.hasPrefix(root + "/") && !$0.name.hasSuffix("/count") }
    if leaves.isEmpty { return nil }
    if root == "options/parts" { return .text(parts(in: manifest)) }
    let texts = leaves.map { leaf in
      // The number of a turn says no more than its place in the row.
      let name = leaf.name.dropFirst(root.count + 1).split(separator: "/").filter { Int($0) == nil }
      return name.isEmpty ? leaf.value.readable : "\(name.joined(separator: ".")): \(leaf.value.readable)"
    }
    return .text(texts.joined(separator: "; "))
  }

  private func parts(in manifest: Manifest) -> String {
    var parts: [String] = []
    while let name = manifest["options/parts/\(parts.count)/name"],
      let size = manifest["options/parts/\(parts.count)/size"]
    {
      parts.append("\(name.readable): \(size.readable)")
    }
    return "{\(parts.joined(separator: ", "))}"
  }

  // MARK: Kinds with wholes of their own

  /// Another kind of source explains all its options.
  private func source(among raw: [ManifestChange]) -> ManifestChange? {
    guard raw.contains(where: { $0.name == "options/format" || $0.name == "options/task" }) else { return nil }
    func kind(_ manifest: Manifest) -> ManifestValue? { manifest["options/task"] ?? manifest["options/format"] }
    return ManifestChange(name: "options/source", old: kind(old), new: kind(new))
  }

  private func outcomes(_ change: ManifestChange, among raw: [ManifestChange]) -> ManifestChange {
    let changed = raw.filter { $0.name.hasPrefix("inputs/outcomes/") }
    if changed.count == 1 { return change }
    func count(_ manifest: Manifest) -> Int { names(under: "inputs/outcomes", in: manifest).count }
    let others = changed.count { $0.new != nil }
    return ManifestChange(
      name: "inputs/outcomes", old: .text("\(count(old)) sets"),
      new: .text("\(count(new)) sets, \(others) of them not those of before"))
  }

  private var measurements: ManifestChange {
    func count(_ manifest: Manifest) -> Int {
      manifest.leaves.count { $0.name.hasPrefix("options/measurements/") && $0.name.hasSuffix("/kind") }
    }
    let (before, after) = (count(old), count(new))
    return ManifestChange(
      name: "options/measurements", old: .text("\(before) sets of outcomes"),
      new: .text("\(after) sets of outcomes\(before == after ? ", put together otherwise" : "")"))
  }

  // MARK: What follows from another change

  private func follows(_ change: ManifestChange, from all: [ManifestChange]) -> Bool {
    func changes(_ name: String) -> Bool { all.contains { $0.name == name } }
    switch change.name {
    case "options/seed" where changes("options/temperature"): return change.old == nil || change.new == nil
    case "options/top-p" where changes("options/temperature"), "options/top-k" where changes("options/temperature"):
      // What the user wrote is worth a line even if the temperature brought it into force.
      return change.new == nil || (change.old == nil && isUnwritten(change.name))
    case "options/options/answer", "options/prompt-fields": return all.count > 1
    case "options/measurements": return changes("inputs/outcomes")
    default: return false
    }
  }

  // MARK: Words and places

  private func words(for leaf: String) -> String {
    if leaf == "version" { return "runner's version of this step" }
    if let input = leaf.withoutPrefix("inputs/") { return words(forInput: input) }
    guard let option = leaf.withoutPrefix("options/") else { return leaf }
    switch option {
    case "limit": return "the limit of a trial run (--smoke)"
    case "prompt-fields": return "the fields that the prompt names"
    case "parts": return "split"
    case "target": return "what is scored"
    case "measurements": return "what the table gathers"
    case "model/fingerprint": return "what OpenBLAS computes on this host"
    case "options/answer": return "what answers are"
    case "verifier/reasons": return "how the verifier words its reasons"
    default: break
    }
    if option.hasPrefix("parts/"), let name = (new["options/" + option.withoutLastPart + "/name"])?.readable {
      return option.hasSuffix("/size") ? "split.\(name)" : "split"
    }
    let path = option.hasPrefix("model/random") ? "weights/" + option.dropFirst(6) : option
    return (path.withoutPrefix("model/") ?? path.withoutPrefix("texts/") ?? path).replacing("/", with: ".")
  }

  private func words(forInput name: String) -> String {
    if name == "outcomes" { return "outcomes" }
    guard let source = step.inputs.first(where: { $0.name == name })?.source, let made = steps[source.step] else {
      return name
    }
    return "\(name.split(separator: "/").first.map(String.init) ?? name) of `\(made.label)`"
  }

  /// Whether nobody wrote the option: its place, if any, is that of what encloses it.
  private func isUnwritten(_ leaf: String) -> Bool {
    guard let option = leaf.withoutPrefix("options/") else { return false }
    return step.isUnwritten(option) || place(of: leaf) == nil
  }

  private func place(of leaf: String) -> SourcePlace? {
    if let input = leaf.withoutPrefix("inputs/") {
      return step.inputs.first { $0.name == input }.flatMap { steps[$0.source.step]?.place(of: "sha256") }
    }
    guard var path = leaf.withoutPrefix("options/") else { return nil }
    // A list stands where its count does, and anything else where its first part does.
    let isList = new["options/\(path)/0"] != nil && step.place(of: "\(path)/count") != nil
    let inside = isList ? "\(path)/count" : step.firstOption(in: path)
    while true {
      if let place = step.place(of: path) { return place }
      guard path.contains("/") else { break }
      path = path.withoutLastPart
    }
    return inside.flatMap { step.place(of: $0) }
  }
}

extension String {
  fileprivate func withoutPrefix(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }

  fileprivate var withoutLastPart: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? self }
}
