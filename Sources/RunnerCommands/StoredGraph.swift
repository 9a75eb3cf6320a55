// A graph held against a store: the key, the outputs and the provenance of every step that is stored.
// Looks things up; runs nothing.

import Digests
import Execution
import FoundationEssentials
import JSON
import Planning
import Records
import Storage

/// The steps of a graph with what the store holds of them.
struct StoredGraph {
  /// The steps, with the choices that are stored.
  let graph: StepGraph
  let store: Store
  private let found: [StepID: (key: Digest, result: StoredResult)]

  /// Looks every step up.
  init(_ graph: StepGraph, in store: Store) {
    var resolver = Resolver(index: StoreIndex(store))
    var found: [StepID: (key: Digest, result: StoredResult)] = [:]
    var graph = graph
    for step in graph.steps {
      if let chosen = resolver.decided(step).chosen { graph.decide(step.id, chosen) }
      if case .cached(let key, let result) = resolver.resolve(step) { found[step.id] = (key, result) }
    }
    self.graph = graph
    self.store = store
    self.found = found
  }

  /// Takes what a run has found already, with its choices made.
  init(_ graph: StepGraph, _ results: RunResults, in store: Store) {
    (self.graph, self.store) = (graph, store)
    found = Dictionary(
      graph.steps.compactMap { step in results[step.id].map { (step.id, $0) } }, uniquingKeysWith: { first, _ in first }
    )
  }

  /// The keys and outputs of all that is stored.
  var results: RunResults { RunResults(found, choices: graph.choices) }

  /// A step's key and outputs; nil if it is not stored.
  subscript(step: StepID) -> (key: Digest, result: StoredResult)? { found[step] }

  /// The keys of all that is stored.
  var keys: Set<Digest> { Set(found.values.map(\.key)) }

  /// The digest of an output; nil if its step is not stored.
  func digest(of output: OutputReference) -> Digest? { found[output.step]?.result.outputs[output.output]?.digest }

  /// The records of an output; nil if its step is not stored.
  ///
  /// - Throws: What reading the store throws.
  func records<Record: WireRecord>(_ type: Record.Type, of output: OutputReference) throws -> [Record]? {
    guard let digest = digest(of: output) else { return nil }
    return try RecordFile.records(type, from: store.read(digest), file: output.output)
  }

  /// The fields of an output that holds records of data; nil if its step is not stored.
  ///
  /// - Throws: What reading the store throws.
  func fields(of output: OutputReference) throws -> [JSONObject]? {
    guard let digest = digest(of: output) else { return nil }
    return try RecordFile.fields(from: store.read(digest), file: output.output)
  }

  /// The line of an output that tells of a record, found without reading the others; nil if there is none.
  ///
  /// - Throws: What reading the store throws.
  func line(about record: RecordID, in output: OutputReference) throws -> JSONValue? {
    guard let digest = digest(of: output) else { return nil }
    let bytes = try store.read(digest)
    // Canonical JSON has no blanks, and the identity's end tells equal records apart.
    guard let mark = Self.place(of: Array("\"id\":\"\(record.description)\"".utf8), in: bytes) else { return nil }
    let newline = UInt8(ascii: "\n")
    let start = bytes[..<mark].lastIndex(of: newline).map { $0 + 1 } ?? bytes.startIndex
    let end = bytes[mark...].firstIndex(of: newline) ?? bytes.endIndex
    return try? JSONValue(parsing: Array(bytes[start..<end]))
  }

  /// Where a text first begins in another.
  private static func place(of text: [UInt8], in bytes: [UInt8]) -> Int? {
    var start = bytes.startIndex
    while let place = bytes[start...].firstIndex(of: text[0]) {
      if bytes[place...].starts(with: text) { return place }
      start = place + 1
    }
    return nil
  }

  /// When, where and how a step's result came to be; empty if nobody noted it.
  func provenance(of step: StepID) -> JSONObject {
    guard let key = found[step]?.key, let result = try? store.result(for: key) else { return JSONObject() }
    return result.provenance
  }
}
