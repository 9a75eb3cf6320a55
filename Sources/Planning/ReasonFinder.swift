// Why a step will run: the closest earlier result of the same step, and what differs from it.
// Knows neither the store nor whether the step will run; what differs is put into words elsewhere.

import Diagnostics
import Digests

/// Looks for the reason why a step will run.
struct ReasonFinder {
  let step: Step
  /// The digests of those inputs that are known, by name.
  let contents: [String: Digest]
  /// The steps that were resolved before, the inputs' among them.
  let steps: [StepID: Step]

  /// The closest of the earlier results, of those that differ least the newest.
  ///
  /// - Parameter earlier: Earlier results of the step's kind, newest first.
  /// - Returns: What differs, or that the step never ran.
  func reason(among earlier: [EarlierResult]) -> Reason {
    nearest(among: earlier).map { .changed($0.changes) } ?? .neverRun
  }

  /// The closest of the earlier results that are not the step's own, of those that differ least the newest.
  func nearest(among earlier: [EarlierResult]) -> Neighbor? {
    let manifest = step.manifest(contents: contents)
    var nearest: Neighbor?
    for result in earlier {
      // Names are compared first: most of a long history is of other steps.
      guard hasAwaitedAdapters(result.manifest) else { continue }
      let before = known(result.manifest)
      guard isSame(result.label, before, manifest) else { continue }
      let raw = before.changes(to: manifest)
      if raw.isEmpty { continue }
      let told = ChangeTeller(step: step, steps: steps, old: before, new: manifest).changes(raw)
      let found = Neighbor(result: result, changes: told)
      if nearest.map({ rank(found) < rank($0) }) ?? true { nearest = found }
    }
    return nearest
  }

  /// Whether an earlier result was made with adapters, too, where the step waits for its own to be trained.
  ///
  /// An adapter is no detail: without it, it was another model.
  private func hasAwaitedAdapters(_ manifest: Manifest) -> Bool {
    step.inputs.allSatisfy { input in
      !input.name.hasPrefix("adapter/") || contents[input.name] != nil || manifest["inputs/\(input.name)"] != nil
    }
  }

  /// Fewer changes are closer; of as many, those to a result of the very same name.
  private func rank(_ neighbor: Neighbor) -> (Int, Int) {
    (neighbor.changes.count, neighbor.result.label == step.label ? 0 : 1)
  }

  /// What an earlier result was made of, without the inputs of which nothing is known this time.
  private func known(_ manifest: Manifest) -> Manifest {
    let unknown = step.inputs.map(\.name).filter { contents[$0] == nil }.map { "inputs/\($0)" }
    if unknown.isEmpty { return manifest }
    var known = Manifest()
    for leaf in manifest.leaves where !unknown.contains(leaf.name) { known.set(leaf.name, leaf.value) }
    return known
  }

  /// Whether an earlier result is one of the same step.
  ///
  /// It is if it had the same name up to its details; of a step with another name, if it worked on the same data and
  /// most of what it was made of is the same. Leaves of one option count once: another verifier changes many.
  private func isSame(_ label: String?, _ before: Manifest, _ manifest: Manifest) -> Bool {
    if let label {
      if Self.subject(of: label) == Self.subject(of: step.label) { return true }
      let data = step.inputs.map(\.name).filter { !Self.isOfModel($0) }
      guard data.allSatisfy({ before["inputs/\($0)"] == manifest["inputs/\($0)"] && contents[$0] != nil }) else {
        return false
      }
    }
    let changed = Set(before.changes(to: manifest).map { Self.group(of: $0.name) }).count
    return 2 * changed <= Set(manifest.leaves.map { Self.group(of: $0.name) }).count
  }

  /// A label without what it says after a comma: `generate counting/heldout` of `generate counting/heldout, greedy`.
  private static func subject(of label: String) -> Substring {
    label.firstRange(of: ", ").map { label[..<$0.lowerBound] } ?? label[...]
  }

  static func isOfModel(_ input: String) -> Bool {
    input == "model" || input.hasPrefix("model/") || input.hasPrefix("adapter/")
  }

  /// What one option's leaves have in common.
  private static func group(of leaf: String) -> String {
    let parts = leaf.split(separator: "/")
    return parts.prefix(parts.first == "options" && parts.dropFirst().first != "model" ? 2 : 3).joined(separator: "/")
  }
}
