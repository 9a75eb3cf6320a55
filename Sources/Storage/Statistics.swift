// What a store consists of, in numbers. Reads folders, step results and the ends of segments; decodes no object.

import Digests
import JSON

/// How many files of a sort there are.
public struct FileCount: Hashable, Sendable {
  /// How many.
  public internal(set) var files = 0
  /// Their size on disk in bytes.
  public internal(set) var byteCount = 0

  mutating func add(_ file: StoredFile) {
    files += 1
    byteCount += file.byteCount
  }
}

/// What steps of a kind left.
public struct StepCount: Hashable, Sendable {
  /// How many results there are.
  public internal(set) var results = 0
  /// The bytes of their outputs before compression; an output of two results counts twice.
  public internal(set) var byteCount = 0
  /// The seconds that computing them took, as far as is known.
  public internal(set) var seconds = 0.0
}

/// What is kept of single records under the recipes of a kind.
public struct RecordCount: Hashable, Sendable {
  /// How many recipes.
  public internal(set) var recipes = 0
  /// How many results of single records.
  public internal(set) var records = 0
  /// Their segments.
  public internal(set) var segments = FileCount()
}

/// A store in numbers.
public struct StoreStatistics: Hashable, Sendable {
  /// Files by what they are.
  public internal(set) var files: [String: FileCount] = [:]
  /// Results by the steps' kind.
  public internal(set) var steps: [String: StepCount] = [:]
  /// Single records by the steps' kind; `unknown` where no manifest says it.
  public internal(set) var records: [String: RecordCount] = [:]
}

extension Store {
  /// Counts what there is.
  ///
  /// - Throws: ``StorageError`` if the disk cannot be read.
  public func statistics() throws(StorageError) -> StoreStatistics {
    var statistics = StoreStatistics()
    var recipes: Set<Digest> = []
    try eachFile { file throws(StorageError) in
      statistics.files[file.kind.plural, default: FileCount()].add(file)
      switch file.kind {
      case .step(let key): try add(key, to: &statistics)
      case .segment(let recipe):
        let kind = try kind(ofRecipe: recipe)
        var count = statistics.records[kind] ?? RecordCount()
        if recipes.insert(recipe).inserted { count.recipes += 1 }
        count.segments.add(file)
        count.records += try records(of: recipe).recordCount(StoreFiles.base(of: file.path)) ?? 0
        statistics.records[kind] = count
      default: break
      }
    }
    return statistics
  }

  private func add(_ key: Digest, to statistics: inout StoreStatistics) throws(StorageError) {
    guard let result = try result(for: key) else { return }
    var count = statistics.steps[result.kind] ?? StepCount()
    count.results += 1
    count.byteCount += result.outputs.reduce(0) { $0 + $1.byteCount }
    count.seconds += result.provenance["seconds"]?.doubleValue ?? 0
    statistics.steps[result.kind] = count
  }

  private func kind(ofRecipe recipe: Digest) throws(StorageError) -> String {
    guard case .text(let kind)? = try recipeManifest(recipe)?["kind"] else { return "unknown" }
    return kind
  }

  /// What is done to the records under a recipe; nil if nothing says it.
  func recipeManifest(_ recipe: Digest) throws(StorageError) -> Manifest? {
    guard let bytes = try files.read("records/\(recipe.hex)/manifest"), Digest.sha256(bytes) == recipe else {
      return nil
    }
    return Manifest(parsing: bytes)
  }
}

extension StoredKind {
  /// What such files are called.
  var plural: String {
    switch self {
    case .format: "format"
    case .object: "objects"
    case .step: "step results"
    case .segment: "segments of records"
    case .recipe: "recipes"
    case .journal: "journals"
    case .checkpoint: "checkpoints"
    case .hint: "index"
    case .lease: "leases"
    case .pin: "pins"
    case .setAside: "damaged files set aside"
    case .scratch: "files on their way"
    case .temporary: "temporary files"
    case .unknown: "unknown files"
    }
  }
}
