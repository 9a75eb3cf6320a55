// How data sets are written in a spec.
// Knows nothing of reading the data.

import YAML

extension Dataset {
  static var shape: Shape<Dataset> {
    .record("data set") { fields in
      // What `same-as` names is in place by now, unless it could not be found.
      fields.toleratesMissing = fields.has("same-as")
      let source = fields.required("source", Source.shape, "Where the records come from.")
      let prompt = fields.required("prompt", Prompt.shape, "How a record becomes a prompt.")
      let answer = fields.optional("answer", Answer.shape, "The right answer and its verifier.")
      let options = fields.optional("options", OptionFormat.shape, "How options are written.")
      let split = fields.optional("split", Split.shape, "How the data set is split.")
      _ = fields.optional("same-as", .nonEmptyText(), "Another data set, or a file that has one of this name.")
      if let prompt { checkShots(prompt, fields) }
      if case .task(let task)? = source, let split { check(split, of: task, fields) }
      guard let source, let prompt else { return nil }
      let own = source.ownVerifier.map { Answer(from: nil, verifier: $0) }
      return Dataset(source: source, prompt: prompt, answer: answer ?? own, options: options, split: split)
    }
  }

  /// How many records a task makes is known before it runs; of a file it is not.
  private static func check(_ split: Split, of task: BuiltInTask, _ fields: Fields) {
    var asked = 0
    for part in split.parts.entries {
      guard case .count(let count) = part.value else { continue }
      let (sum, isTooMuch) = asked.addingReportingOverflow(count)
      asked = isTooMuch ? .max : sum
    }
    let counted = split.parts.entries.last { if case .count = $0.value { true } else { false } }
    guard asked > task.records, let counted, let place = fields.node(at: "split")?[counted.name]?.place else { return }
    fields.reading.note(.splitBeyondTask(asked: asked, made: task.records), place)
  }

  /// Examples come from a part of the same data set.
  private static func checkShots(_ prompt: Prompt, _ fields: Fields) {
    guard case .turns(let parts) = prompt, let written = fields.node(at: "prompt") else { return }
    let known = (fields.node(at: "split")?.entries ?? []).map(\.key.text).filter { $0 != "group-by" }
    for (index, part) in parts.enumerated() {
      guard case .shots(let shots) = part, !known.contains(where: { $0.utf8.elementsEqual(shots.from.utf8) }) else {
        continue
      }
      let place = written.nearestPlace(of: "\(index)/shots/from")
      fields.reading.note(.unresolved(kind: "part", shots.from, known: known), place)
    }
  }
}

extension Source {
  /// The verifier of sources that know their answers exactly.
  fileprivate var ownVerifier: Verifier? {
    guard case .task(let task) = self else { return nil }
    switch task {
    case .objectCounting, .arithmetic: return .number(NumberOptions(tolerance: 0, words: true))
    case .wordSorting: return .sortedWords
    case .trackingShuffledObjects: return .exact(ExactOptions(ignore: [.space, .period, .case]))
    }
  }

  static var shape: Shape<Source> {
    .choice(
      "source",
      fileKinds + [
        Alternative("task", BuiltInTask.shape, "A built-in generator of records.") { .task($0) },
        Alternative("rounds", .list(of: .choice("source of a round", fileKinds), atLeast: 1), "One for each round.") {
          .rounds($0)
        },
      ])
  }

  private static var fileKinds: [Alternative<Source>] {
    [
      Alternative("jsonl", FileReference.shape, "One JSON value a line; gzip and zstd too.") { .jsonl($0) },
      Alternative("json", JSONSource.shape, "One JSON document; gzip and zstd too.") { .json($0) },
      Alternative("csv", CSVSource.shape, "Comma-separated values with a header; gzip and zstd too.") { .csv($0) },
      Alternative("bigbench", FileReference.shape, "A task of BIG-bench (task.json).") { .bigbench($0) },
    ]
  }
}

extension JSONSource {
  fileprivate static var shape: Shape<JSONSource> {
    .record("json") { fields in
      let file = FileReference.read(&fields)
      let records = fields.optional("records", .nonEmptyText(), "The member that holds the list of records.")
      return file.map { JSONSource(file: $0, records: records) }
    }
  }
}

extension CSVSource {
  fileprivate static var shape: Shape<CSVSource> {
    let delimiter = Shape<String>.text("one character", pattern: "^.$").check { text, node, reading in
      if text.unicodeScalars.count == 1, text.utf8.count == 1 { return text }
      reading.note(.badDelimiter(text), node)
      return nil
    }
    return .record("csv") { fields in
      let file = FileReference.read(&fields)
      let delimiter = fields.optional("delimiter", delimiter, default: ",", "The character between fields.")
      return file.map { CSVSource(file: $0, delimiter: delimiter) }
    }
  }
}

extension BuiltInTask {
  fileprivate static var shape: Shape<BuiltInTask> {
    .choice(
      "task",
      [
        Alternative("object-counting", ObjectCounting.shape, "How many objects does a list name?") {
          .objectCounting($0)
        },
        Alternative("tracking-shuffled-objects", TrackingShuffledObjects.shape, "Who holds what after swaps?") {
          .trackingShuffledObjects($0)
        },
        Alternative("word-sorting", WordSorting.shape, "Words in alphabetical order.") { .wordSorting($0) },
        Alternative("arithmetic", Arithmetic.shape, "Computing with whole numbers.") { .arithmetic($0) },
      ])
  }
}

extension ObjectCounting {
  fileprivate static var shape: Shape<ObjectCounting> {
    let range = Shape<[Int]>.list(of: .integer(.within(1...20)), atLeast: 2).check { ends, node, reading in
      guard ends.count == 2 else {
        reading.note(.wrongType(key: reading.key, expected: "a list of two numbers", found: "more"), node)
        return ClosedRange<Int>?.none
      }
      guard ends[0] <= ends[1] else {
        reading.note(.emptyRange(ends[0], ends[1]), node)
        return nil
      }
      return ends[0]...ends[1]
    }
    return .record("object-counting") { fields in
      let objects = fields.required("objects", range, "The fewest and the most kinds of object in a question.")
      let (records, seed) = fields.records()
      guard let objects, let records else { return nil }
      return ObjectCounting(objects: objects, records: records, seed: seed)
    }
  }
}

extension TrackingShuffledObjects {
  fileprivate static var shape: Shape<TrackingShuffledObjects> {
    .record("tracking-shuffled-objects") { fields in
      let objects = fields.optional("objects", .integer(.within(2...10)), default: 3, "People and objects.")
      let swaps = fields.optional("swaps", .integer(.within(1...20)), default: 3, "How many swaps.")
      let (records, seed) = fields.records()
      guard let records else { return nil }
      return TrackingShuffledObjects(objects: objects, swaps: swaps, records: records, seed: seed)
    }
  }
}

extension WordSorting {
  fileprivate static var shape: Shape<WordSorting> {
    .record("word-sorting") { fields in
      let words = fields.required("words", .integer(.within(2...50)), "How many words a question lists.")
      let (records, seed) = fields.records()
      guard let words, let records else { return nil }
      return WordSorting(words: words, records: records, seed: seed)
    }
  }
}

extension Arithmetic {
  fileprivate static var shape: Shape<Arithmetic> {
    .record("arithmetic") { fields in
      let operations = fields.optional(
        "operations", Shape<Operation>.wordSet(atLeast: 1), default: [.add, .subtract], "What to draw from.")
      let digits = fields.optional("digits", .integer(.within(1...9)), default: 2, "The most digits of a term.")
      let terms = fields.optional("terms", .integer(.within(2...10)), default: 2, "How many terms.")
      let (records, seed) = fields.records()
      guard let records else { return nil }
      return Arithmetic(operations: operations, digits: digits, terms: terms, records: records, seed: seed)
    }
  }
}

extension OptionFormat {
  static var shape: Shape<OptionFormat> {
    let letters = Shape<String>.text("text with one `A`", pattern: "^[^A]*A[^A]*$").check { text, node, reading in
      if text.utf8.count(where: { $0 == UInt8(ascii: "A") }) == 1 { return text }
      reading.note(.badLetters(text), node)
      return nil
    }
    return .record("options") { fields in
      let letters = fields.optional("letters", letters, default: "(A)", "How the letter A is written.")
      let order = fields.optional("order", Shape<Order>.word, default: .given, "The order of the options.")
      return OptionFormat(letters: letters, order: order)
    }
  }
}

extension Fields {
  /// The keys that every built-in task has.
  fileprivate mutating func records() -> (records: Int?, seed: Int) {
    (
      required("records", .integer(.within(1...10_000_000)), "How many records."),
      optional("seed", .integer(.atLeast(0)), default: 1, "The seed of the questions.")
    )
  }
}
