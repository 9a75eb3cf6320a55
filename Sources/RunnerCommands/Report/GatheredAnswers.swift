// What all cells answered to the same prompts, for a page: records on which they differ most come first.
// Joins stored outcomes with the prompts and responses that they were made of.

import Digests
import Pages
import Planning
import Records
import Reporting
import Specification
import Storage

/// Gathers answers that evals saw.
struct GatheredAnswers {
  /// What one cell said.
  private struct Side {
    let cell: String
    /// The digest of all its outcomes.
    let digest: String
    let outcomes: [Outcomes]
    let responses: [RecordID: Responses]
    let prompts: [RecordID: RenderedPrompt]
  }

  /// Records are chosen among so many: reading all that cells of a large experiment said would take long.
  private static let mostRead = 200
  private static let mostEvals = 2
  private static let mostCells = 24

  private let numbers: TracedNumbers

  init(_ numbers: TracedNumbers) { self.numbers = numbers }

  /// The answers that the first evals saw that look at written responses.
  ///
  /// - Parameter count: How many records of each eval.
  /// - Returns: One for each eval.
  /// - Throws: What reading the store throws.
  func sets(_ count: Int) throws -> [AnswerSet] {
    let all = numbers.all()
    let shown = numbers.experiment.experiment.table?.value
    let evals = all.map(\.measured.eval).distinct.filter { shown == nil || $0 == shown }
    var sets: [AnswerSet] = []
    for eval in evals where sets.count < Self.mostEvals {
      let sides = try all.filter { $0.measured.eval == eval }.prefix(Self.mostCells).compactMap(side)
      if let set = set(eval, sides, count) { sets.append(set) }
    }
    return sets
  }

  private func side(_ number: TracedNumber) throws -> Side? {
    guard let source = number.sources.first else { return nil }
    let step = numbers.stored.graph.step(source.outcomes.step)
    func input<Record: WireRecord>(_ name: String, _ type: Record.Type) throws -> [Record]? {
      guard let input = step.inputs.first(where: { $0.name == name }) else { return nil }
      return try numbers.stored.records(type, of: input.source, first: Self.mostRead)
    }
    guard let prompts = try input("prompts", RenderedPrompt.self),
      let responses = try input("responses", Responses.self),
      let outcomes = try numbers.stored.records(Outcomes.self, of: source.outcomes, first: Self.mostRead)
    else { return nil }
    return Side(
      cell: number.cell, digest: numbers.stored.digest(of: source.outcomes)?.hex ?? "", outcomes: outcomes,
      responses: Dictionary(responses.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
      prompts: Dictionary(prompts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }))
  }

  private func set(_ eval: String, _ sides: [Side], _ count: Int) -> AnswerSet? {
    guard let first = sides.first, !first.outcomes.isEmpty else { return nil }
    let kinds = sides.map { side in
      Dictionary(side.outcomes.map { ($0.id, $0.outcomes.first?.kind) }, uniquingKeysWith: { first, _ in first })
    }
    let order = first.outcomes.enumerated().map { place, record in
      (place: place, differing: Set(kinds.compactMap { $0[record.id] ?? nil }).count)
    }.sorted { ($1.differing, $0.place) < ($0.differing, $1.place) }
    let chosen = order.prefix(count).map(\.place).sorted().map { first.outcomes[$0].id }
    let seed = sides.count > 1 ? "Of each cell the first seed and sample. " : ""
    return AnswerSet(
      title: eval,
      note:
        "\(seed)\(chosen.count) of the first \(first.outcomes.count) records: those with the most different outcomes.",
      records: chosen.map { shown($0, sides) },
      origin: sides.map { "\($0.cell) \($0.digest)" }.joined(separator: "\n"))
  }

  private func shown(_ id: RecordID, _ sides: [Side]) -> ShownAnswers {
    let prompt = sides.lazy.compactMap { $0.prompts[id] }.first
    let answers = sides.compactMap { side -> ShownAnswers.Answer? in
      guard let outcome = side.outcomes.first(where: { $0.id == id })?.outcomes.first,
        let response = side.responses[id]?.responses.first
      else { return nil }
      return ShownAnswers.Answer(
        cell: side.cell.isEmpty ? "the only cell" : side.cell, response: response.text, kind: outcome.kind,
        outcome: RecordForm.text(of: outcome))
    }
    let turns = prompt?.turns.map { ShownText($0.role.rawValue, $0.text) } ?? []
    let accepted = prompt?.answers ?? []
    return ShownAnswers(
      id: id.description,
      prompt: turns + (accepted.isEmpty ? [] : [ShownText("accepted", accepted.joined(separator: " | "))]),
      answers: answers)
  }
}

extension StoredGraph {
  /// The first records of an output, without reading the others; nil if its step is not stored.
  ///
  /// - Throws: What reading the store throws.
  func records<Record: WireRecord>(
    _ type: Record.Type, of output: OutputReference, first count: Int
  ) throws -> [Record]? {
    guard let digest = digest(of: output) else { return nil }
    let bytes = try store.read(digest)
    var lines = 0
    let end = bytes.firstIndex { byte in
      if byte == UInt8(ascii: "\n") { lines += 1 }
      return lines == count
    }
    return try RecordFile.records(type, from: end.map { Array(bytes[...$0]) } ?? bytes, file: output.output)
  }
}
