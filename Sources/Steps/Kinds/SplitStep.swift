// Divides records into named parts so that equal prompts, and groups, stay together.
// Knows no seed: a split is a function of the records and of what the spec says.

package import Diagnostics
import Digests
import Execution
package import JSON
package import Planning
import Records
import Specification
import Verification

enum SplitStep {
  static func run(_ work: SplitWork, _ task: StepTask) throws -> [ProducedOutput] {
    let records = try RecordFile.fields(from: task.input("records"), file: "records of \(task.step.label)")
    let splitter = Splitter(work, label: task.step.label, place: task.step.places)
    let division = try splitter.division(of: records)
    if let warning = splitter.warning(of: division) { task.warn(warning) }
    return splitter.limited(division.parts).map {
      ProducedOutput($0.name, RecordFile.bytes(fields: $0.records), records: $0.records.count)
    }
  }
}

/// The rule of splitting.
///
/// Groups stand in the order of their hashes; parts come from the front in the order in which the work lists them (`heldout`,
/// `validation`, then the others by name, wherever the spec writes them), `train` from the back.
/// A group that a part's size cuts gives the part what it needs, and its other records to nobody.
package struct Splitter {
  /// A part with its records, in order.
  package struct Part {
    package let name: String
    package let records: [JSONObject]
  }

  /// The parts, and what became of groups that a part's size cut.
  package struct Division {
    package let parts: [Part]
    /// How many records are in no part because the rest of their group is in one.
    package let cut: Int
  }

  private let work: SplitWork
  private let label: String
  private let place: [String: SourcePlace]

  package init(_ work: SplitWork, label: String, place: [String: SourcePlace] = [:]) {
    self.work = work
    self.label = label
    self.place = place
  }

  /// The parts, each cut to what a trial run takes of it.
  package func limited(_ parts: [Part]) -> [Part] {
    guard let limit = work.limit else { return parts }
    return parts.map { Part(name: $0.name, records: Array($0.records.prefix(limit))) }
  }

  /// What to say of records that are in no part because of their group; nil if there are none.
  package func warning(of division: Division) -> Diagnosis? {
    guard division.cut > 0 else { return nil }
    let records = division.cut == 1 ? "1 record is" : "\(division.cut) records are"
    return Diagnosis(
      "step.cut-groups",
      "\(label): \(records) in no part, because the rest of the group is in one that was full",
      place: place["group-by"] ?? place["parts/0/size"],
      notes: ["Records with equal prompts, or an equal `group-by`, stay together."],
      remedy: "Nothing needs to be done; choose other sizes if these records are wanted.", exit: .done,
      severity: .warning)
  }

  /// The parts in the order of the work.
  package func division(of records: [JSONObject]) throws(StepError) -> Division {
    let groups = try groups(of: records)
    var front = groups[...]
    let sizes = try sizes(total: records.count)
    var taken: [String: [Int]] = [:]
    var cut = 0
    // `train` comes from the other end, so that enlarging it moves nobody else.
    let backward = sizes.first { $0.name == "train" && $0.count != nil }
    for size in sizes where size.name != "train" {
      if let count = size.count { taken[size.name] = Self.take(count, from: &front, cut: &cut) { $0.popFirst() } }
    }
    if let backward, let count = backward.count {
      taken["train"] = Self.take(count, from: &front, cut: &cut) { $0.popLast() }
    }
    for size in sizes where size.count == nil {
      taken[size.name] = (size.name == "train" ? front.reversed() : Array(front)).flatMap { $0 }
    }
    var parts: [Part] = []
    for size in sizes {
      let members = taken[size.name] ?? []
      if let count = size.count, members.count < count {
        throw .tooFewRecords(
          step: label, part: size.name, asked: count, left: members.count, total: records.count,
          place: place["parts/\(size.index)/size"])
      }
      parts.append(Part(name: size.name, records: members.map { records[$0] }))
    }
    return Division(parts: parts, cut: cut)
  }

  /// What a record asks, whatever template it stands in: the turns before the reply, or the prompt's fields, a line each.
  package func promptText(of record: JSONObject) -> String {
    if let dialogue = work.dialogue, let value = record[dialogue.field],
      let turns = try? Dialogue(value, format: dialogue.format).messages(upTo: dialogue.upTo)
    {
      return turns.map(\.text).joined(separator: "\n")
    }
    let fields = work.promptFields.isEmpty ? record.names : work.promptFields
    let values = fields.compactMap { FieldText.value($0, of: record) }.filter { $0 != .null }
    return values.map { FieldText.text($0) ?? $0.canonical }.joined(separator: "\n")
  }

  private static func take(
    _ count: Int, from groups: inout ArraySlice<[Int]>, cut: inout Int, pop: (inout ArraySlice<[Int]>) -> [Int]?
  ) -> [Int] {
    var taken: [Int] = []
    while taken.count < count, let group = pop(&groups) {
      let own = group.prefix(count - taken.count)
      cut += group.count - own.count
      taken += own
    }
    return taken
  }

  private func sizes(total: Int) throws(StepError) -> [(name: String, count: Int?, index: Int)] {
    var sizes: [(name: String, count: Int?, index: Int)] = []
    for (index, part) in work.parts.entries.enumerated() {
      switch part.value {
      case .count(let count): sizes.append((part.name, count, index))
      case .fraction(let fraction):
        let count = Int((fraction * Double(total)).rounded(.down))
        guard count > 0 else {
          throw .emptyPart(
            step: label, part: part.name, fraction: fraction, total: total, place: place["parts/\(index)/size"])
        }
        sizes.append((part.name, count, index))
      case .rest: sizes.append((part.name, nil, index))
      }
    }
    return sizes
  }

  /// Records that share a prompt or a group key are one group; groups stand in the order of their smallest hash.
  private func groups(of records: [JSONObject]) throws(StepError) -> [[Int]] {
    var forest = Forest(count: records.count)
    var first: [Digest: Int] = [:]
    var hashes: [Digest] = []
    for (index, record) in records.enumerated() {
      let prompt = promptIdentity(record)
      let group = try groupKey(record, index) ?? prompt
      let texts = Digest.sha256([2] + promptTexts(record).bytes)
      for key in [Digest.sha256([0] + prompt.bytes), Digest.sha256([1] + group.bytes), texts] {
        if let earlier = first[key] { forest.join(earlier, index) } else { first[key] = index }
      }
      hashes.append(group)
    }
    var members: [Int: [Int]] = [:]
    for index in records.indices { members[forest.root(of: index), default: []].append(index) }
    let ordered = members.values.map { group in (hash: group.map { hashes[$0] }.min() ?? hashes[group[0]], group) }
    return ordered.sorted { ($0.hash, $0.1[0]) < ($1.hash, $1.1[0]) }.map(\.1)
  }

  private func promptIdentity(_ record: JSONObject) -> Digest {
    if let turns = turnsBeforeReply(record) { return .sha256(turns.canonicalBytes) }
    let fields = work.promptFields.isEmpty ? record.names : work.promptFields
    let values = fields.map { JSONMember($0, record[$0] ?? .null) }
    return .sha256(JSONValue.object(JSONObject(values)).canonicalBytes)
  }

  /// The turns of a dialogue before its last, which is the response; nil for other prompts, and for what is no dialogue, of
  /// which the step that renders it tells.
  private func turnsBeforeReply(_ record: JSONObject) -> JSONValue? {
    guard let dialogue = work.dialogue, let value = record[dialogue.field],
      let turns = try? Dialogue(value, format: dialogue.format).messages(upTo: dialogue.upTo)
    else { return nil }
    return .array(turns.map { .array([.string($0.role.rawValue), .string($0.text)]) })
  }

  /// What the prompt's fields say in a prompt, where 5 is "5", and null, nothing and no field at all are the same.
  private func promptTexts(_ record: JSONObject) -> Digest {
    guard !work.promptFields.isEmpty, work.dialogue == nil else { return promptIdentity(record) }
    let values = work.promptFields.map { field -> JSONValue in
      guard let value = FieldText.value(field, of: record), value != .null else { return .string("") }
      return FieldText.text(value).map { .string($0) } ?? value
    }
    return .sha256(JSONValue.array(values).canonicalBytes)
  }

  private func groupKey(_ record: JSONObject, _ index: Int) throws(StepError) -> Digest? {
    switch work.groupBy {
    case nil: return nil
    case .template(let template):
      if template.fields == ["prompt"], record["prompt"] == nil { return promptIdentity(record) }
      do {
        return .sha256(try template.render { FieldText.text($0, of: record) })
      } catch {
        throw .missingField(step: label, field: error.name, record: index + 1, fields: record, place: place["group-by"])
      }
    case .prompt(let ignored): return Self.digest(promptText(of: record), ignored)
    case .field(let field, let until, let ignored):
      guard let text = FieldText.text(field, of: record) else {
        throw .missingField(step: label, field: field, record: index + 1, fields: record, place: place["group-by"])
      }
      guard let until, let end = text.firstBytes(of: until) else { return Self.digest(text, ignored) }
      return Self.digest(String(text[..<end.lowerBound]), ignored)
    }
  }

  private static func digest(_ text: String, _ ignored: [ExactOptions.Ignored]) -> Digest {
    if ignored.isEmpty { return .sha256(text) }
    return .sha256(IgnoredText.removed(Set(ignored.map(\.engine)), from: text))
  }
}

/// Union and find.
private struct Forest {
  private var parent: [Int]

  init(count: Int) { parent = Array(0..<count) }

  mutating func root(of index: Int) -> Int {
    var index = index
    while parent[index] != index {
      parent[index] = parent[parent[index]]
      index = parent[index]
    }
    return index
  }

  mutating func join(_ left: Int, _ right: Int) {
    let (a, b) = (root(of: left), root(of: right))
    parent[max(a, b)] = min(a, b)
  }
}
