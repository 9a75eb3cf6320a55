// Fetch, ingest, split: from files to named parts of records.

public import Digests
public import Specification

/// Gets a file from outside.
///
/// Its identity is its digest; the places are not, unless the digest is unknown: then nothing else tells files apart.
public struct FetchWork: Work, Hashable {
  static let kind = StepKind.fetch
  static let version = 1
  /// What the bytes must be; nil if the spec says that it does not know.
  public let digest: Digest?
  /// Where to look.
  public let origins: [Origin]
  /// What specs say of its licence, each once; in no key.
  public let licences: [String]

  var options: Manifest {
    var options = Manifest()
    options.set("sha256", digest.map { .digest($0) } ?? .none)
    // Such a step is never stored, so this is in no key.
    if digest == nil { options.set("origins", texts: origins.map { String(describing: $0) }) }
    return options
  }

  /// The same file with places that another part of a spec names for it: where one lacks it, another may have it.
  func alsoFrom(_ other: FetchWork) -> FetchWork {
    FetchWork(
      digest: digest, origins: origins + other.origins.filter { !origins.contains($0) },
      licences: licences + other.licences.filter { !licences.contains($0) })
  }

  var foretold: (output: String, digest: Digest)? { digest.map { ("file", $0) } }
  var obstacle: Obstacle? { digest == nil ? .unknownDigest : nil }
}

/// Reads records from a file or makes them up.
///
/// Inputs: `file`, or none for a built-in task.
public struct IngestWork: Work, Hashable {
  /// How the records are written.
  public enum Format: Hashable, Sendable {
    /// One JSON value a line.
    case jsonl
    /// A JSON list, or the list under this member.
    case json(records: String?)
    /// Comma-separated values with this delimiter.
    case csv(delimiter: String)
    /// A task of BIG-bench.
    case bigbench
    /// A built-in task.
    case task(BuiltInTask)
  }

  static let kind = StepKind.ingest
  static let version = 1
  /// How the records are written.
  public let format: Format
  /// What the user calls the file; not part of the key.
  public let displayName: String
  /// How many records a plan may assume while the file is not at hand; in no key.
  public let expectedRecords: Int?

  var options: Manifest {
    var options = Manifest()
    switch format {
    case .jsonl: options.set("format", .text("jsonl"))
    case .json(let records):
      options.set("format", .text("json"))
      options.set("records", optional: records)
    case .csv(let delimiter):
      options.set("format", .text("csv"))
      options.set("delimiter", .text(delimiter))
    case .bigbench: options.set("format", .text("bigbench"))
    case .task(let task): task.describe(into: &options)
    }
    return options
  }
}

extension BuiltInTask {
  fileprivate func describe(into options: inout Manifest) {
    func common(_ name: String, records: Int, seed: Int) {
      options.set("format", .text("task"))
      options.set("task", .text(name))
      options.set("records", .integer(records))
      options.set("seed", .integer(seed))
    }
    switch self {
    case .objectCounting(let task):
      common("object-counting", records: task.records, seed: task.seed)
      options.set("objects/0", .integer(task.objects.lowerBound))
      options.set("objects/1", .integer(task.objects.upperBound))
    case .trackingShuffledObjects(let task):
      common("tracking-shuffled-objects", records: task.records, seed: task.seed)
      options.set("objects", .integer(task.objects))
      options.set("swaps", .integer(task.swaps))
    case .wordSorting(let task):
      common("word-sorting", records: task.records, seed: task.seed)
      options.set("words", .integer(task.words))
    case .arithmetic(let task):
      common("arithmetic", records: task.records, seed: task.seed)
      options.set("operations", texts: task.operations.map(\.rawValue))
      options.set("digits", .integer(task.digits))
      options.set("terms", .integer(task.terms))
    }
  }
}

/// Divides records into named parts.
///
/// Input: `records`. Outputs: one a part.
public struct SplitWork: Work, Hashable {
  static let kind = StepKind.split
  static let version = 2
  /// The parts in the order in which they are taken; one part `all` if the spec has no split.
  public let parts: Named<Split.Size>
  /// What keeps records together beside equal prompts.
  public let groupBy: Split.Grouping?
  /// The fields that the prompt is made of: records equal in them have equal prompts.
  public let promptFields: [String]
  /// The dialogue whose last turn is no part of the prompt; nil: prompts are whole fields.
  public let dialogue: Conversation?
  /// At most so many records a part; nil: no limit.
  ///
  /// For a trial run.
  public let limit: Int?

  var options: Manifest {
    var options = Manifest()
    for (index, part) in parts.entries.enumerated() {
      options.set("parts/\(index)/name", .text(part.name))
      switch part.value {
      case .count(let count): options.set("parts/\(index)/size", .integer(count))
      case .fraction(let fraction): options.set("parts/\(index)/size", .number(fraction))
      case .rest: options.set("parts/\(index)/size", .text("rest"))
      }
    }
    switch groupBy {
    case nil: options.set("group-by", .none)
    case .template(let template): options.set("group-by", .text(template.source))
    case .field(let field, let until, let ignored):
      options.set("group-by/field", .text(field))
      options.set("group-by/until", optional: until)
      // At first nothing could be ignored.
      if !ignored.isEmpty { options.set("group-by/ignore", texts: ignored.map(\.rawValue)) }
    case .prompt(let ignored): options.set("group-by/ignore", texts: ignored.map(\.rawValue))
    }
    options.set("prompt-fields", texts: promptFields)
    if let dialogue { options.set("prompt-fields/dialogue", .text(dialogue.format.rawValue)) }
    if let limit { options.set("limit", .integer(limit)) }
    return options
  }
}

/// Takes so many records of a part, for one of several rounds.
///
/// Input: `records`. Output: `records`.
public struct TakeWork: Work, Hashable {
  static let kind = StepKind.take
  static let version = 1
  /// The first of them, counted from 0.
  public let first: Int
  /// How many.
  public let count: Int

  var options: Manifest {
    var options = Manifest()
    options.set("first", .integer(first))
    options.set("count", .integer(count))
    return options
  }
}
