// Puts together what a page tells of an experiment: each part from its own gatherer.
// Knows which parts there are; reads the store through them.

import Digests
import JSON
import Pages
import Planning
import Reporting
import Specification
import Storage

/// Gathers one experiment.
struct ReportGathering {
  let subject: ReportSubject
  /// Experiments that stand before it on the page.
  let earlier: [ReportSubject]
  /// How many records of each kind are shown.
  let examples: Int
  let relativeTo: String?

  init(_ subject: ReportSubject, after earlier: [ReportSubject], examples: Int, relativeTo: String?) {
    (self.subject, self.earlier, self.examples, self.relativeTo) = (subject, earlier, examples, relativeTo)
  }

  /// What the page tells.
  var part: ReportedExperiment {
    get async throws {
      let description = subject.experiment?.experiment.description
      var part = ReportedExperiment(name: subject.name, description: description)
      let store = subject.stored?.store
      part.numbers = try GatheredNumbers(subject, relativeTo: relativeTo) { store?.outcomes($0) ?? nil }.numbers
      part.claims = subject.table.claims
      part.facts = facts
      guard let experiment = subject.experiment, let stored = subject.stored else {
        part.missing = [
          "The spec is not at \(subject.folder?.usualSpec ?? ""), so that only the numbers of the folder can be shown."
        ]
        return part
      }
      part.missing = missing(experiment, stored)
      let logs = try PolicyLog.all(of: experiment, in: stored, planned: subject.context)
      part.curves = GatheredCurves(logs, experiment.experiment).families
      part.traces = try GatheredTraces(experiment, stored, logs).families
      let learned = GatheredFeedback(experiment, stored)
      part.stages = try learned.stages
      part.pairs = try learned.pairs
      if examples > 0 {
        part.examples = try learned.examples(examples)
        part.answers = try GatheredAnswers(TracedNumbers(experiment: experiment, stored: stored)).sets(examples)
        part.detections = try await GatheredRatios(experiment, stored).sets(examples)
      }
      let steps = GatheredSteps(experiment, stored, after: earlier)
      part.plan = steps.picture
      part.cost = try steps.cost
      part.data = steps.files
      return part
    }
  }

  // MARK: - Facts

  /// The seeds of the cells, most cells' first: `1, 2, 3 (of training); 1, 2, 3, 4, 5 (of training) in 7 cells`.
  private static func seeds(of cells: [Cell]) -> String {
    let all = cells.map { cell in
      let seeds = cell.experiment.seeds
      let vary = seeds.vary.map(\.rawValue).joined(separator: " and ")
      let values = seeds.values.map { String($0) }.joined(separator: ", ")
      return values + (vary.isEmpty || seeds.values.count < 2 ? "" : " (of \(vary))")
    }
    let counts = Dictionary(all.map { ($0, 1) }, uniquingKeysWith: +)
    let ordered = all.distinct.sorted { counts[$0, default: 0] > counts[$1, default: 0] }
    return ordered.enumerated().map { index, text in
      let count = counts[text, default: 0]
      return index == 0 ? text : "\(text) in \(count) cell\(count == 1 ? "" : "s")"
    }.joined(separator: "; ")
  }

  private var facts: [PageFact] {
    var facts: [PageFact] = []
    if let folder = subject.folder { facts.append(PageFact("results", folder.folder, isCode: true)) }
    guard let planned = subject.experiment, let stored = subject.stored else {
      return facts + (subject.folder.map { [PageFact("arithmetic", $0.arithmetic)] } ?? [])
    }
    let experiment = planned.experiment
    facts += experiment.files.map { file in
      PageFact("spec", "\(file.path) (sha256 \(Digest.sha256(file.bytes).short))", isCode: true)
    }
    facts.append(PageFact("cells", Self.cells(experiment)))
    facts.append(PageFact("seeds", Self.seeds(of: experiment.cells)))
    let arithmetic = subject.folder?.arithmetic ?? experiment.cells.first?.experiment.arithmetic.rawValue ?? ""
    facts.append(PageFact("arithmetic", arithmetic))
    let steps = stored.graph.steps
    let there = steps.count { stored[$0.id] != nil }
    facts.append(PageFact("steps", there == steps.count ? "\(there), all stored" : "\(there) of \(steps.count) stored"))
    if let table = stored[planned.table] {
      let digest = table.result.outputs["table"].map { ", sha256 \($0.digest.short)" } ?? ""
      facts.append(PageFact("table", "key \(table.key.short)\(digest)", isCode: true))
    }
    return facts + computed(stored)
  }

  /// When the results came to be, and by which versions, as the store says it.
  private func computed(_ stored: StoredGraph) -> [PageFact] {
    let notes = stored.graph.steps.filter { stored[$0.id] != nil }.map { stored.provenance(of: $0.id) }
    let times = notes.compactMap { $0["time"]?.stringValue }.sorted()
    guard let first = times.first, let last = times.last else { return [] }
    let versions = Set(notes.compactMap { $0["runner"]?.stringValue }).sorted().joined(separator: ", ")
    return [
      PageFact("computed", first == last ? first : "\(first) to \(last)")
    ] + (versions.isEmpty ? [] : [PageFact("version", "runner \(versions)")])
  }

  private static func cells(_ experiment: ResolvedExperiment) -> String {
    guard !experiment.axes.isEmpty else { return "1" }
    return "\(experiment.cells.count): "
      + experiment.axes.map { "\($0.arms.count) \($0.name)" }.joined(separator: " × ")
  }

  // MARK: - What is missing

  private func missing(_ experiment: PlannedExperiment, _ stored: StoredGraph) -> [String] {
    var sentences: [String] = []
    let absent = stored.graph.steps.filter { stored[$0.id] == nil }
    if !absent.isEmpty {
      let names = absent.prefix(3).map(\.label).joined(separator: "; ") + (absent.count > 3 ? "; …" : "")
      sentences.append(
        "\(absent.count) of \(stored.graph.steps.count) steps are not in the store \(stored.store.path), so that what "
          + "they made is not shown (\(names)). Run `\(subject.command)` first.")
    }
    if let folder = subject.folder, stored.results[experiment.table] != nil {
      let keys = Set(folder.table.numbers.flatMap(\.sources).map(\.step))
      let own = Set(stored.graph.steps.compactMap { stored[$0.id]?.key })
      if !keys.isSubset(of: own) {
        sentences.append(
          "The spec has changed since these results were written: some of their steps are not among its own.")
      }
    }
    return sentences
  }
}
