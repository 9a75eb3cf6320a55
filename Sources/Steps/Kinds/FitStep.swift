// Merges the feedback of all data into the examples of a training: in order, short enough, and as many as asked for.
// Knows lengths in tokens; nothing of objectives.

package import Diagnostics
import Execution
import LanguageModel
import Planning
package import Records
package import Specification

enum FitStep {
  static func run(_ work: FitWork, _ task: StepTask, models: ModelCache) throws -> [ProducedOutput] {
    var parts: [[FeedbackRecord]] = []
    for index in work.weights.indices {
      let name = "feedback/\(index)"
      parts.append(try RecordFile.records(FeedbackRecord.self, from: task.input(name), file: name))
    }
    let tokenizer = try models.tokenizer(work.model, for: task)
    try work.model.check(tokenizer, step: task.step.label)
    let context = try models.configuration(work.model, for: task).context
    let fitting = Fitting(
      ResponseEncoder(work.model, tokenizer), maxLength: min(context, work.maxLength ?? context),
      cuts: work.longer == .cut, examples: work.examples, label: task.step.label, places: task.step.places)
    let (records, cut) = try fitting.fit(parts, weights: work.weights)
    return ReviseStep.outputs("examples", records, cut: cut, longest: fitting.longest(in: records))
  }
}

/// The order of several parts of the data.
package enum Interleaving {
  /// One list of all parts' records.
  ///
  /// The next record always comes from the part that is furthest behind: the one with the fewest items so far for its
  /// weight, the earlier one of equals. A part that runs out is no longer asked, so every record comes, and so long as
  /// all parts last, a beginning of the list has the parts' items in the proportion of their weights.
  package static func merged(_ parts: [[FeedbackRecord]], weights: [Double]) -> [FeedbackRecord] {
    var rest = parts.map { $0[...] }
    var taken = parts.map { _ in 0 }
    var merged: [FeedbackRecord] = []
    while let next = rest.indices.filter({ !rest[$0].isEmpty })
      .min(by: { (Double(taken[$0]) / weights[$0], $0) < (Double(taken[$1]) / weights[$1], $1) }),
      let record = rest[next].popFirst()
    {
      taken[next] += record.items.count
      merged.append(record)
    }
    return merged
  }
}

extension Interleaving {
  /// How many items of each record are taken, so that there are `count` in all, or as many as there are.
  ///
  /// Within a part every record gives its first item before any gives its second. Between parts, the next item comes from
  /// the part that is furthest behind, as in ``merged(_:weights:)``.
  static func taken(_ parts: [[FeedbackRecord]], weights: [Double], count: Int) -> [[Int]] {
    var rest = parts.map { records in
      let items = records.enumerated().flatMap { record in record.element.items.indices.map { ($0, record.offset) } }
      return items.sorted { $0 < $1 }[...]
    }
    var taken = parts.map { $0.map { _ in 0 } }
    var sums = parts.map { _ in 0 }
    for _ in 0..<count {
      guard
        let next = rest.indices.filter({ !rest[$0].isEmpty })
          .min(by: { (Double(sums[$0]) / weights[$0], $0) < (Double(sums[$1]) / weights[$1], $1) }),
        let (_, record) = rest[next].popFirst()
      else { break }
      taken[next][record] += 1
      sums[next] += 1
    }
    return taken
  }
}

/// Takes what fits, in order.
package struct Fitting {
  private let encoder: ResponseEncoder
  private let maxLength: Int
  private let cuts: Bool
  private let examples: ExampleCount?
  private let label: String
  private let places: [String: SourcePlace]

  /// Makes a rule.
  ///
  /// - Parameters:
  ///   - encoder: Counts tokens.
  ///   - maxLength: The most tokens of prompt and response; at least 1.
  ///   - cuts: Whether prompts are cut until their longest response fits; otherwise what is too long is dropped.
  ///   - examples: How many items; nil for all.
  ///   - label: The step, for messages.
  ///   - places: Where its options stand in YAML.
  package init(
    _ encoder: ResponseEncoder, maxLength: Int, cuts: Bool, examples: ExampleCount?, label: String,
    places: [String: SourcePlace] = [:]
  ) {
    self.encoder = encoder
    self.maxLength = maxLength
    self.cuts = cuts
    self.examples = examples
    self.label = label
    self.places = places
  }

  /// The records with the items that are learned from; all others are leftovers.
  ///
  /// Where only so many examples are wanted, every prompt gives its first item before any gives its second: as many
  /// prompts as possible are learned from.
  ///
  /// - Returns: The records, and how many of the prompts that are learned from were cut.
  /// - Throws: ``StepError/tooFewExamples(step:asked:counts:place:)``, ``StepError/noExamples(step:counts:place:)``.
  package func fit(
    _ parts: [[FeedbackRecord]], weights: [Double] = [1]
  ) throws(StepError) -> (records: [FeedbackRecord], cut: Int) {
    var fitted = parts.map { $0.map { fit($0) } }
    if let examples {
      let taken = Interleaving.taken(fitted, weights: weights, count: examples.most)
      for (part, counts) in taken.enumerated() {
        for (index, count) in counts.enumerated() { fitted[part][index] = Self.limited(fitted[part][index], to: count) }
      }
    }
    var cut = 0
    for (before, after) in zip(parts.joined(), fitted.joined()) where !after.items.isEmpty {
      if before.turns != after.turns || !after.items.allSatisfy(before.items.contains) { cut += 1 }
    }
    let merged = Interleaving.merged(fitted, weights: weights)
    let counts = FeedbackCounts(merged, cut: cut)
    if counts.items == 0 { throw .noExamples(step: label, counts: counts, place: places["feedback"]) }
    if let examples = examples?.exact, counts.items < examples {
      throw .tooFewExamples(step: label, asked: examples, counts: counts, place: places["examples"])
    }
    return (merged, cut)
  }

  /// The tokens of the longest response with its prompt.
  package func longest(in records: [FeedbackRecord]) -> Int {
    records.flatMap { record in record.items.map { length(of: $0, record.turns) } }.max() ?? 0
  }

  private static func limited(_ record: FeedbackRecord, to room: Int) -> FeedbackRecord {
    let surplus = record.items.dropFirst(room)
    guard !surplus.isEmpty else { return record }
    return FeedbackRecord(
      id: record.id, turns: record.turns, items: Array(record.items.prefix(room)),
      leftovers: record.leftovers + surplus.map { _ in Leftover(.surplus) })
  }

  /// The record without the items that do not fit, its prompt cut if that is wanted and helps.
  private func fit(_ record: FeedbackRecord) -> FeedbackRecord {
    var kept: [FeedbackItem] = []
    var leftovers = record.leftovers
    let shortest = cuts ? Self.turns(record.turns, withoutLeading: .max) : record.turns
    for item in record.items {
      let short = cuts ? withOwnTurnsCut(item) : item
      if isEmpty(item, record.turns) {
        leftovers.append(Leftover(.empty, "the response has no token"))
      } else if length(of: short, shortest) <= maxLength {
        kept.append(short)
      } else {
        let tokens = length(of: item, record.turns)
        leftovers.append(Leftover(.tooLong, "\(tokens) tokens, at most \(maxLength) are allowed"))
      }
    }
    return FeedbackRecord(id: record.id, turns: cut(record.turns, for: kept), items: kept, leftovers: leftovers)
  }

  /// The turns with as few leading characters of the first user turn gone as lets every item fit.
  ///
  /// Halving finds the border, on the ground that a shorter text has no more tokens; where tokenization breaks that rule
  /// here and there, the result still fits.
  private func cut(_ turns: [Message], for items: [FeedbackItem]) -> [Message] {
    cuts ? cut(turns) { turns in items.allSatisfy { length(of: $0, turns) <= maxLength } } : turns
  }

  /// An item whose own turns, if it has any, are cut so that each fits with what stands behind it.
  private func withOwnTurnsCut(_ item: FeedbackItem) -> FeedbackItem {
    func cut(_ turns: [Message], before response: Response) -> [Message] {
      self.cut(turns) { encoder.count(turns: $0, response: response) <= maxLength }
    }
    switch item {
    case .relabeled(let response, let turns, let contrast, let answers):
      return .relabeled(
        response, turns: cut(turns, before: response), contrast: cut(contrast, before: response), answers: answers)
    case .judged(let response, let judgment, .prompt(let judged)?):
      return .judged(response, judgment: judgment, context: .prompt(cut(judged, before: response)))
    case .judged(let response, .some(let judgment), .question(let question)?):
      let said = Response(text: judgment, finish: .stop, tokens: 0)
      return .judged(response, judgment: judgment, context: .question(cut(question, before: said)))
    case .response, .judged, .pair, .ranking: return item
    }
  }

  private func cut(_ turns: [Message], until fits: ([Message]) -> Bool) -> [Message] {
    if fits(turns) { return turns }
    var tooFew = 0
    var enough = turns.first { $0.role == .user }?.text.count ?? 0
    while enough - tooFew > 1 {
      let middle = (tooFew + enough) / 2
      if fits(Self.turns(turns, withoutLeading: middle)) { enough = middle } else { tooFew = middle }
    }
    return Self.turns(turns, withoutLeading: enough)
  }

  private static func turns(_ turns: [Message], withoutLeading count: Int) -> [Message] {
    guard let index = turns.firstIndex(where: { $0.role == .user }) else { return turns }
    var turns = turns
    turns[index] = Message(.user, String(turns[index].text.dropFirst(count)))
    return turns
  }

  /// The tokens of the longest response of an item with its prompt.
  private func length(of item: FeedbackItem, _ turns: [Message]) -> Int {
    let prompts = Self.prompts(of: item, turns)
    let longest = prompts.flatMap { turns in item.responses.map { encoder.count(turns: turns, response: $0) } }.max()
    guard case .judged(_, .some(let judgment), .question(let question)?) = item else { return longest ?? 0 }
    let said = encoder.count(turns: question, response: Response(text: judgment, finish: .stop, tokens: 0))
    return max(said, longest ?? 0)
  }

  /// The prompts that an item's responses are read behind.
  private static func prompts(of item: FeedbackItem, _ turns: [Message]) -> [[Message]] {
    switch item {
    case .relabeled(_, let own, let contrast, _): [own, contrast]
    case .judged(_, _, .prompt(let judged)?): [turns, judged]
    case .response, .judged, .pair, .ranking: [turns]
    }
  }

  private func isEmpty(_ item: FeedbackItem, _ turns: [Message]) -> Bool {
    Self.prompts(of: item, turns).contains { turns in
      item.responses.contains { response in
        let (tokens, from) = encoder.encode(turns: turns, response: response)
        return tokens.count <= from
      }
    }
  }
}
