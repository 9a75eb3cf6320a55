// What trainings learned from, for a page: the counts of every stage, what pairs are like, and the first records.
// Reads stored feedback; lays nothing out.

import Digests
import JSON
import Pages
import Planning
import Records
import Reporting
import Storage

/// Gathers the examples of an experiment's trainings; where nothing is trained, what its reviser made.
struct GatheredFeedback {
  /// Feedback of one origin.
  private struct Origin {
    let output: OutputReference
    let label: String
    let cells: [String]
    let key: Digest
  }

  private let experiment: PlannedExperiment
  private let stored: StoredGraph
  private let learned: LearnedStages
  private let origins: [Origin]

  init(_ experiment: PlannedExperiment, _ stored: StoredGraph) {
    self.experiment = experiment
    self.stored = stored
    learned = LearnedStages(graph: stored.graph, done: stored.results, store: stored.store)
    let trained = learned.sources(of: experiment).map { OutputReference($0.examples, "examples") }
    let wanted = experiment.wanted.filter { stored.graph.step($0).kind == .revise }
      .map { OutputReference($0, "feedback") }
    origins = (trained.isEmpty ? wanted : trained).compactMap { output in
      guard let key = stored[output.step]?.key, stored.digest(of: output) != nil else { return nil }
      return Origin(
        output: output, label: stored.graph.step(output.step).label,
        cells: experiment.cells(using: output.step, in: stored.graph), key: key)
    }
  }

  // MARK: - Stages

  /// The counts of every stage; nil where nothing is learned.
  var stages: ReportedTables? {
    get throws {
      let examples = try learned.examples(of: experiment)
      guard !examples.isEmpty else { return nil }
      let rows = examples.flatMap { one in
        one.stages.enumerated().map { index, stage in
          CountRow(
            cells: Self.row(stage, cells: index == one.stages.count - 1 ? one.cells : []), origin: stage.key?.hex ?? "")
        }
      }.distinct
      let counts = PageTable(
        head: ["stage", "items", "prompts with items", "prompts", "left over", "verdicts", "for cells"],
        rows: rows.map(\.cells), numbers: [1, 2, 3], origins: rows.map(\.origin))
      let judged = LearnedExamples.judgedTables(of: examples).map { table in
        PageTable(
          head: StageCounts.columns(isCUT: table.isCUT), rows: table.stages.map { $0.cells(isCUT: table.isCUT) },
          numbers: table.isCUT ? [1, 2, 3, 4] : [1, 2, 3], caption: "What judged responses became")
      }
      return ReportedTables(
        note:
          "Every response that came in is an item or a named leftover. The last stage of each chain made the examples.",
        tables: [counts] + judged)
    }
  }

  /// A stage with the key of its step.
  private struct CountRow: Hashable {
    let cells: [String]
    let origin: String
  }

  private static func row(_ stage: LearnedExamples.Stage, cells: [String]) -> [String] {
    let counts = stage.counts
    func list(_ kinds: [FeedbackCounts.Kind]) -> String {
      kinds.isEmpty ? "–" : kinds.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    }
    // What earlier stages left over stands in their own rows.
    let own = counts.leftovers.filter { kind in
      kind.count > stage.before.reduce(0) { $0 + $1[kind.kind] }
    }.map { kind in "\(kind.count - stage.before.reduce(0) { $0 + $1[kind.kind] }) \(kind.kind)" }
    return [
      stage.label, String(counts.items), String(counts.recordsWithItems), String(counts.records),
      own.isEmpty ? "–" : own.joined(separator: ", "), list(counts.verdicts), names(cells),
    ]
  }

  private static func names(_ cells: [String]) -> String {
    let named = cells.filter { !$0.isEmpty }
    return named.count > 6 ? named.prefix(6).joined(separator: ", ") + ", …" : named.joined(separator: ", ")
  }

  // MARK: - Pairs

  /// More pairs than these are not compared word by word.
  private static let mostCompared = 2000

  /// What the pairs of each origin are like; nil where there are none.
  var pairs: ReportedTables? {
    get throws {
      let rows = try origins.compactMap { origin -> CountRow? in
        let pairs = try stored.records(FeedbackRecord.self, of: origin.output)?.flatMap(\.items)
          .compactMap { item -> (chosen: Response, rejected: Response)? in
            if case .pair(let chosen, let rejected) = item { (chosen, rejected) } else { nil }
          }
        guard let pairs, !pairs.isEmpty else { return nil }
        return CountRow(
          cells: [origin.label, String(pairs.count)] + Self.statistics(pairs) + [Self.names(origin.cells)],
          origin: origin.key.hex)
      }
      guard !rows.isEmpty else { return nil }
      let head = [
        "pairs", "count", "tokens of chosen", "tokens of rejected", "characters of chosen", "characters of rejected",
        "chosen is longer", "words kept", "for cells",
      ]
      let note =
        "Means over pairs. Tokens are those that a model wrote; recorded responses have none. Words kept: of the "
        + "chosen response's words those that stand in the rejected one, in order, over at most "
        + "\(Self.mostCompared) pairs."
      return ReportedTables(
        note: note,
        tables: [
          PageTable(head: head, rows: rows.map(\.cells), numbers: Set(1...7), origins: rows.map(\.origin))
        ])
    }
  }

  private static func statistics(_ pairs: [(chosen: Response, rejected: Response)]) -> [String] {
    func mean(_ values: [Double], _ decimals: Int = 1, shift: Int = 0) -> String {
      values.isEmpty
        ? "–" : NumberFormat.fixed(values.reduce(0, +) / Double(values.count), decimals: decimals, shift: shift)
    }
    func tokens(_ responses: [Response]) -> String {
      mean(responses.filter { $0.tokens > 0 }.map { Double($0.tokens) })
    }
    func length(_ response: Response) -> Int { response.text.unicodeScalars.count }
    let kept = pairs.prefix(mostCompared).map { WordEdits(from: $0.rejected.text, to: $0.chosen.text).keptShare }
    return [
      tokens(pairs.map(\.chosen)), tokens(pairs.map(\.rejected)), mean(pairs.map { Double(length($0.chosen)) }),
      mean(pairs.map { Double(length($0.rejected)) }),
      mean(pairs.map { length($0.chosen) > length($0.rejected) ? 1 : 0 }, 0, shift: 2) + "%",
      mean(kept, 0, shift: 2) + "%",
    ]
  }

  // MARK: - Examples

  /// The first records that something was made of.
  func examples(_ count: Int) throws -> [ExampleSet] {
    try origins.compactMap { origin in
      let records = try stored.records(FeedbackRecord.self, of: origin.output) ?? []
      let useful = records.filter { !$0.items.isEmpty }
      guard !useful.isEmpty else { return nil }
      let items = useful.reduce(0) { $0 + $1.items.count }
      let cells = Self.names(origin.cells)
      return ExampleSet(
        title: origin.label.prefix(1).uppercased() + origin.label.dropFirst(),
        note:
          "The first \(min(count, useful.count)) of \(useful.count) records with \(items) item\(items == 1 ? "" : "s")"
          + "\(cells.isEmpty ? "" : ", for \(cells)"); key \(origin.key.short).",
        examples: useful.prefix(count).map(Self.shown), origin: origin.key.hex)
    }
  }

  private static func shown(_ record: FeedbackRecord) -> ShownExample {
    ShownExample(
      id: record.id.description, prompt: record.turns.map { ShownText($0.role.rawValue, $0.text) },
      items: record.items.prefix(2).map { item in
        if case .pair(let chosen, let rejected) = item {
          return .pair(rejected: rejected.text, chosen: chosen.text)
        }
        return .texts(RecordForm.parts(of: item).map { ShownText($0.0, $0.1) })
      })
  }
}
