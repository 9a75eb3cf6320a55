// Two sets of step results by their keys, where a side has no spec to plan: what both have, and where the second goes another way.
// Reads manifests from the store; without a spec there are no places in YAML.

import Digests
import JSON
import Reporting
import Storage

/// How the step results of two sides differ.
struct DiffKeys {
  /// A step of the second, made from what both have, which the first does not have.
  struct Parting {
    let label: String
    let counterpart: String?
    let changes: [String]
  }

  let shared: Int
  let onlyFirst: [NamedKey]
  let onlySecond: [NamedKey]
  let partings: [Parting]

  private static let mostPartings = 12

  /// Compares; nil where a side does not say of which steps it consists.
  init?(_ first: DiffSide, _ second: DiffSide, in store: Store) {
    guard let one = first.keys, let other = second.keys, !one.isEmpty, !other.isEmpty else { return nil }
    let (known, others) = (Set(one.map(\.key)), Set(other.map(\.key)))
    shared = known.intersection(others).count
    onlyFirst = one.filter { !others.contains($0.key) }
    onlySecond = other.filter { !known.contains($0.key) }
    let common = Set(
      known.intersection(others).flatMap { key in (try? store.result(for: key))?.outputs.map(\.digest) ?? [] })
    /// Results that are made from nothing but what both have.
    func ends(_ keys: [NamedKey]) -> [(named: NamedKey, manifest: Manifest)] {
      keys.compactMap { named in
        guard let manifest = (try? store.result(for: named.key))?.manifest else { return nil }
        let inputs = manifest.leaves.filter { $0.name.hasPrefix("inputs/") }
        let isEnd = inputs.allSatisfy {
          if case .digest(let digest) = $0.value { common.contains(digest) } else { false }
        }
        return isEnd ? (named, manifest) : nil
      }
    }
    let before = ends(onlyFirst)
    partings = ends(onlySecond).map { end in
      let alike = before.filter { $0.manifest["kind"] == end.manifest["kind"] }
      let named = alike.filter { $0.named.label == end.named.label }
      let nearest = (named.isEmpty ? alike : named).map { ($0, $0.manifest.changes(to: end.manifest)) }
        .min { $0.1.count < $1.1.count }
      return Parting(
        label: end.named.label, counterpart: nearest?.0.named.label, changes: (nearest?.1 ?? []).map(Self.words))
    }
  }

  private static func words(_ change: ManifestChange) -> String {
    let name = change.name.hasPrefix("options/") ? String(change.name.dropFirst(8)) : change.name
    let values = Excerpt.pair(change.old?.readable, change.new?.readable)
    return "\(name.replacing("/", with: ".")): \(values.first ?? "(absent)") → \(values.second ?? "(absent)")"
  }

  // MARK: - Words

  func tell(into document: inout DiffDocument) {
    let all = shared + onlyFirst.count + onlySecond.count
    document.add(
      .sentence(
        "\(shared) of \(all) step results in common (\(100 * shared / max(1, all))%), \(onlyFirst.count) only of the first, "
          + "\(onlySecond.count) only of the second, by their keys."))
    guard !partings.isEmpty else { return }
    document.add(.sentence("They part at:"))
    document.add(
      .list(
        partings.prefix(Self.mostPartings).map { parting in
          DiffPiece.Item(
            text: parting.label,
            details: parting.counterpart == nil ? ["the first has no step of its kind there"] : parting.changes)
        }))
    let rest = partings.count - Self.mostPartings
    if rest > 0 { document.add(.sentence("and \(rest) more")) }
  }

  // MARK: - JSON

  var json: JSONValue {
    .members([
      "shared": .integer(Int64(shared)), "only-first": .integer(Int64(onlyFirst.count)),
      "only-second": .integer(Int64(onlySecond.count)),
      "partings": .array(
        partings.map { parting in
          .members([
            "step": .string(parting.label), "changes": .array(parting.changes.map { .string($0) }),
            "counterpart": parting.counterpart.map { .string($0) } ?? .null,
          ])
        }),
    ])
  }
}
