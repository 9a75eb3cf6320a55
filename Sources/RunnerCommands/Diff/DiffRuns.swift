// What two runs did, or one beside something else: how they went, and which steps each computed.

import Digests
import JSON
import Reporting

/// Tells of runs.
struct DiffRuns {
  private let sides: [RunStory?]

  /// Nil if neither side is a run.
  init?(_ first: DiffSide, _ second: DiffSide) {
    sides = [first.run, second.run]
    if sides.allSatisfy({ $0 == nil }) { return nil }
  }

  // MARK: - Words

  func tell(into document: inout DiffDocument) {
    let rows = Self.facts.map { name, fact in (name: name, facts: sides.map { $0.flatMap(fact) }) }
    let told = rows.filter { $0.facts.contains { $0 != nil } }.map { row in [row.name] + row.facts.map { $0 ?? "–" } }
    document.add(.table(header: ["", "first", "second"], rows: told, numbers: []))
    document.add(list: work)
  }

  private static var facts: [(String, (RunStory) -> String?)] {
    [
      ("state", { $0.state.rawValue }), ("began", { $0.row[1] }), ("process", { $0.row[2] }),
      ("runner", { $0.version }), ("specs", { $0.row[6] }),
      ("--set", { ($0.read?.sets).flatMap { $0.isEmpty ? nil : $0.joined(separator: " ") } }),
      ("--smoke", { ($0.read?.isSmoke).map { $0 ? "yes" : "no" } }),
      ("steps", { $0.counts }), ("time", { $0.row[5] }),
    ]
  }

  /// The steps that only one of two runs computed, and how many both did.
  private var work: [String] {
    guard let first = sides[0], let second = sides[1] else {
      return sides.compactMap { $0 }.map { "computed: \(Self.told($0.computed))" }
    }
    let (one, other) = (Set(first.computed), Set(second.computed))
    let both = one.intersection(other).count
    return [
      "only the first computed: \(Self.told(first.computed.filter { !other.contains($0) }))",
      "only the second computed: \(Self.told(second.computed.filter { !one.contains($0) }))",
    ] + (both > 0 ? ["both computed \(both) step\(both == 1 ? "" : "s"), to the same keys"] : [])
  }

  /// Labels, each once, with how many steps are called so.
  private static func told(_ keys: [NamedKey]) -> String {
    let labels = keys.map(\.label).distinct.map { label in
      let count = keys.count { $0.label == label }
      return count == 1 ? label : "\(label) (\(count))"
    }
    return labels.isEmpty ? "nothing" : DiffSpecs.some(labels, most: 12)
  }

  // MARK: - JSON

  var json: JSONValue {
    .array(
      sides.map { story in
        guard let story else { return .null }
        return .members([
          "run": .string(story.id), "state": .string(story.state.rawValue),
          "specs": .array(story.specs.map { .string($0) }), "holds-specs": .bool(story.read != nil),
          "sets": .array((story.read?.sets ?? []).map { .string($0) }),
          "computed": .array(
            story.computed.map { .members(["step": .string($0.label), "key": .string($0.key.hex)]) }),
        ])
      })
  }
}
