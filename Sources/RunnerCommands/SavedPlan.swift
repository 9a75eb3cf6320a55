// A plan in a file: what was asked for, by which program, and the stored results that it counts on.
// Says whether it still holds; runs nothing.

import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import Planning
import Specification
import Storage
import SystemPackage

/// A plan that `runner plan -o` wrote.
struct SavedPlan: Hashable {
  /// A file that the specs consist of.
  struct SpecFile: Hashable {
    let path: String
    let digest: Digest
  }

  /// A stored result that the plan counts on.
  struct CountedResult: Hashable {
    let label: String
    let key: Digest
  }

  /// A step of which the results of some single records are stored, and the plan counts on them.
  struct CountedRecords: Hashable {
    let label: String
    let key: Digest
    let held: Int
  }

  /// The digest of the program's file.
  let program: Digest
  let specs: [String]
  let sets: [String]
  let files: [SpecFile]
  /// What all steps are, by meaning: other data or another host's arithmetic change it.
  let graph: Digest
  let counted: [CountedResult]
  let records: [CountedRecords]

  /// What a plan says now.
  init(_ plan: Plan, of options: SpecOptions, _ session: Session) throws {
    program = try Self.programDigest()
    specs = options.specs
    sets = options.sets
    files = Self.files(of: session)
    graph = Self.digest(of: plan.graph)
    counted = plan.steps.compactMap { planned in
      guard case .cached(let key, _) = planned.state else { return nil }
      return CountedResult(label: planned.step.label, key: key)
    }
    records = plan.steps.compactMap { planned in
      guard case .partlyCached(let key, let held, _, _) = planned.state else { return nil }
      return CountedRecords(label: planned.step.label, key: key, held: held)
    }
  }

  private static func programDigest() throws -> Digest { try FileDigest.digest(ofFile: "/proc/self/exe") }

  private static func files(of session: Session) -> [SpecFile] {
    var digests: [String: Digest] = [:]
    for experiment in session.experiments {
      for file in experiment.experiment.files { digests[file.path] = .sha256(file.bytes) }
    }
    return digests.sorted { $0.key < $1.key }.map { SpecFile(path: $0.key, digest: $0.value) }
  }

  private static func digest(of graph: StepGraph) -> Digest {
    var hasher = DigestHasher()
    for step in graph.steps { hasher.update(step.id.digest.bytes) }
    return hasher.finalize()
  }

  /// Refuses if something has changed on which the plan rests; results that have appeared since are welcome.
  func check(_ plan: Plan, _ session: Session) throws {
    guard try Self.programDigest() == program else { throw SavedPlanFault.otherProgram }
    let now = Self.files(of: session)
    let changed = Set(now).symmetricDifference(files).map(\.path).min()
    if let changed { throw SavedPlanFault.changedSpec(path: changed) }
    guard Self.digest(of: plan.graph) == graph else { throw SavedPlanFault.otherSteps }
    let held = Set(
      plan.steps.compactMap { planned -> Digest? in
        guard case .cached(let key, _) = planned.state else { return nil }
        return key
      })
    let gone = counted.filter { !held.contains($0.key) }.map(\.label)
    if !gone.isEmpty { throw SavedPlanFault.resultsGone(gone) }
    try checkRecords(plan, stored: held)
  }

  /// Refuses if fewer records of a step are stored than were, and its result is not, either.
  private func checkRecords(_ plan: Plan, stored: Set<Digest>) throws {
    var held: [Digest: Int] = [:]
    for planned in plan.steps {
      if case .partlyCached(let key, let count, _, _) = planned.state { held[key] = count }
    }
    let gone = records.filter { !stored.contains($0.key) && held[$0.key, default: 0] < $0.held }
    if gone.isEmpty { return }
    throw SavedPlanFault.recordsGone(gone.map { "\($0.label): \(held[$0.key, default: 0]) of \($0.held)" })
  }
}

extension SavedPlan {
  /// What to read again.
  var options: SpecOptions {
    var options = SpecOptions()
    (options.specs, options.sets) = (specs, sets)
    return options
  }
}

// MARK: - The file

extension SavedPlan {
  private static let mark = "runner-plan"
  private static let version: Int64 = 1

  var json: JSONValue {
    .members([
      "runner-plan": .integer(Self.version), "program": .string(program.hex),
      "specs": .array(specs.map { .string($0) }), "sets": .array(sets.map { .string($0) }),
      "files": .array(
        files.map { .members(["path": .string($0.path), "sha256": .string($0.digest.hex)]) }),
      "graph": .string(graph.hex),
      "counts-on": .array(counted.map { .members(["step": .string($0.label), "key": .string($0.key.hex)]) }),
      "counts-on-records": .array(
        records.map {
          .members(["step": .string($0.label), "key": .string($0.key.hex), "held": .integer(Int64($0.held))])
        }),
    ])
  }

  /// The plan in a file; nil if the file is no saved plan at all, such as a spec.
  ///
  /// - Throws: ``SavedPlanFault/unreadable(path:)`` if it began as one.
  static func read(_ path: String) throws -> SavedPlan? {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
    defer { try? file.close() }
    // Specs are YAML, which could not begin so and go on as a plan does.
    // What cannot be read so, such as a folder, is told of by the reader of specs.
    guard let first = try? file.bytes(upTo: 64), first.starts(with: "{\"counts-on\":".utf8) else { return nil }
    let rest = try file.bytes()
    guard let value = try? JSONValue(parsing: first + rest), value[mark]?.integerValue == Int(version),
      let plan = SavedPlan(value)
    else { throw SavedPlanFault.unreadable(path: path) }
    return plan
  }

  private init?(_ value: JSONValue) {
    func digest(_ value: JSONValue?) -> Digest? { value?.stringValue.flatMap(Digest.init(hex:)) }
    func texts(_ value: JSONValue?) -> [String]? { value?.arrayValue.map { $0.compactMap(\.stringValue) } }
    guard let program = digest(value["program"]), let graph = digest(value["graph"]),
      let specs = texts(value["specs"]), let sets = texts(value["sets"]),
      let files = value["files"]?.arrayValue, let counted = value["counts-on"]?.arrayValue,
      let records = value["counts-on-records"]?.arrayValue
    else { return nil }
    (self.program, self.graph, self.specs, self.sets) = (program, graph, specs, sets)
    self.files = files.compactMap { file in
      guard let path = file["path"]?.stringValue, let digest = digest(file["sha256"]) else { return nil }
      return SpecFile(path: path, digest: digest)
    }
    self.counted = counted.compactMap { result in
      guard let label = result["step"]?.stringValue, let key = digest(result["key"]) else { return nil }
      return CountedResult(label: label, key: key)
    }
    self.records = records.compactMap { value in
      guard let label = value["step"]?.stringValue, let key = digest(value["key"]),
        let held = value["held"]?.integerValue
      else { return nil }
      return CountedRecords(label: label, key: key, held: held)
    }
    guard self.files.count == files.count, self.counted.count == counted.count, self.records.count == records.count
    else { return nil }
  }

  /// Writes the plan to a file, whole or not at all.
  func write(to path: String) throws {
    do {
      try Data(json.canonicalBytes + [UInt8(ascii: "\n")]).write(
        to: URL(fileURLWithPath: path), options: OutputPath.isReplaceable(path) ? .atomic : [])
    } catch {
      throw CommandError.unwritable(path: path, reason: SystemReason.text(of: error, at: path))
    }
  }
}

/// Why a saved plan is not run.
enum SavedPlanFault: DiagnosableError, Hashable {
  /// It is damaged, or of another version.
  case unreadable(path: String)
  /// Another build of the program made it.
  case otherProgram
  /// A file of the specs changed, or one came or went.
  case changedSpec(path: String)
  /// The specs mean other steps: their data changed, or this host computes otherwise.
  case otherSteps
  /// Results are gone that the plan counts on.
  case resultsGone([String])
  /// Results of single records are gone that the plan counts on: steps, with how many are left of how many.
  case recordsGone([String])
  /// An option that would change what was planned.
  case notWithPlan(option: String)

  var diagnoses: [Diagnosis] {
    let again = "Look at `runner plan` again, and save what it says now."
    return switch self {
    case .unreadable(let path):
      [
        Diagnosis("plan.unreadable", "\(path) is no plan that this version saved", remedy: again, exit: .badSpec)
      ]
    case .otherProgram:
      [Diagnosis("plan.other-program", "the plan was saved by another build of runner", remedy: again, exit: .usage)]
    case .changedSpec(let path):
      [Diagnosis("plan.changed-spec", "\(path) has changed since the plan was saved", remedy: again, exit: .usage)]
    case .otherSteps:
      [
        Diagnosis(
          "plan.other-steps", "the specs mean other steps than when the plan was saved",
          notes: ["A local file that they name has changed, or this host's arithmetic is another."], remedy: again,
          exit: .usage)
      ]
    case .resultsGone(let labels):
      [
        Diagnosis(
          "plan.results-gone",
          "the plan counts on \(labels.count) stored result\(labels.count == 1 ? " that is" : "s that are") gone",
          notes: labels.prefix(20).map { $0 }, remedy: again, exit: .usage)
      ]
    case .recordsGone(let steps):
      [
        Diagnosis(
          "plan.records-gone",
          "the plan counts on stored records of \(steps.count) step\(steps.count == 1 ? "" : "s"), and some are gone",
          notes: steps.prefix(20).map { $0 }, remedy: again, exit: .usage)
      ]
    case .notWithPlan(let option):
      [
        Diagnosis(
          "plan.not-with-plan", "\(option) cannot be given with a saved plan", remedy: "Give specs instead.",
          exit: .usage)
      ]
    }
  }
}
