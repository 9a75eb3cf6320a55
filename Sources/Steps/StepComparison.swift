// A stored result held against what the same step gives again: which outputs differ, and where the difference begins.
// Knows the form of outputs; nothing of how the step was computed again.

public import Digests
public import Execution
import JSON
import Objectives
public import Planning
import Training

/// How a step's second result differs from its stored one.
public struct StepComparison: Hashable, Sendable {
  /// An output of the step.
  public struct Output: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// The digest of what is stored; nil if the stored result has no such output.
    public let stored: Digest?
    /// The digest of what came now; nil if there is no such output now.
    public let again: Digest?
    /// Whether both are the same bytes.
    public var isEqual: Bool { stored == again }
  }

  /// Where a difference begins.
  public enum Beginning: Hashable, Sendable {
    /// In an optimizer step, counted from 1: what its report says, stored and now.
    case optimizerStep(Int, [Value])
    /// In the report of an optimizer step, counted from 1, of which all that can be read agrees.
    case report(Int)
    /// In no report of a training: all so many agree, and only weights differ.
    case weightsAlone(steps: Int)
    /// In the number of optimizer steps.
    case steps(stored: Int, again: Int)
    /// In a record of an output, counted from 1; its identity, if it says one.
    case record(Int, of: String, id: String?)
    /// In the number of an output's records.
    case records(stored: Int, again: Int, of: String)
    /// Nobody knows: what is stored of the output that would tell cannot be read.
    case unreadable(String)
  }

  /// A number of a report that differs.
  public struct Value: Hashable, Sendable {
    /// What it is.
    public let name: String
    /// The stored number; nil if there is none.
    public let stored: Double?
    /// The number now.
    public let again: Double?
  }

  /// All outputs, by name.
  public let outputs: [Output]
  /// Where the difference begins; nil if all outputs are equal, or have no parts.
  public let beginning: Beginning?

  /// Whether every output is the same bytes.
  public var isEqual: Bool { outputs.allSatisfy(\.isEqual) }

  /// Compares.
  ///
  /// - Parameters:
  ///   - stored: The stored result.
  ///   - produced: What the work gave now.
  ///   - kind: The step's kind.
  ///   - isEarlier: Whether the stored result is of an earlier version of the step.
  ///   - read: Gives the bytes of a stored object.
  public init(
    _ stored: StoredResult, _ produced: [ProducedOutput], kind: StepKind, isEarlier: Bool = false,
    read: @escaping (Digest) throws -> [UInt8]
  ) {
    let produced = isEarlier ? EarlierForm(stored, read: read).of(produced) : produced
    var now: [String: Digest] = [:]
    for output in produced { now[output.name] = output.digest }
    let names = Set(stored.outputs.keys).union(now.keys).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    outputs = names.map { Output(name: $0, stored: stored.outputs[$0]?.digest, again: now[$0]) }
    let differing = outputs.filter { !$0.isEqual }.map(\.name)
    guard !differing.isEmpty else {
      beginning = nil
      return
    }
    let differences = Differences(stored: stored, produced: produced, read: read)
    beginning = kind == .train ? differences.training(differing) : differences.records(differing)
  }
}

/// What came now without what results of an earlier version lack: such a result is right, and says less.
private struct EarlierForm {
  let stored: StoredResult
  let read: (Digest) throws -> [UInt8]

  init(_ stored: StoredResult, read: @escaping (Digest) throws -> [UInt8]) {
    self.stored = stored
    self.read = read
  }

  func of(_ produced: [ProducedOutput]) -> [ProducedOutput] {
    produced.map { output in
      guard case .bytes(let bytes) = output.content, let member = Self.members[output.name], lacks(output.name, member)
      else { return output }
      var plain: [UInt8] = []
      for line in bytes.split(separator: UInt8(ascii: "\n")) {
        guard case .object(var object)? = try? JSONValue(parsing: Array(line)) else { return output }
        object[member] = nil
        plain +=
          JSONValue.object(object).canonicalBytes + (bytes.last == UInt8(ascii: "\n") ? [UInt8(ascii: "\n")] : [])
      }
      return ProducedOutput(output.name, plain, records: output.recordCount)
    }
  }

  /// What later versions add to an output: a training's log says what the weights are, counts what was judged.
  private static let members = ["log": "weights", "counts": "verdicts"]

  private func lacks(_ output: String, _ member: String) -> Bool {
    guard let digest = stored.outputs[output]?.digest, let bytes = try? read(digest) else { return false }
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    return lines.allSatisfy { (try? JSONValue(parsing: Array($0)))?[member] == nil }
  }
}

/// Finds where a difference begins.
private struct Differences {
  let stored: StoredResult
  let produced: [ProducedOutput]
  let read: (Digest) throws -> [UInt8]

  /// The first optimizer step whose report differs.
  func training(_ differing: [String]) -> StepComparison.Beginning? {
    guard let (old, new) = lines(of: "log") else { return .unreadable("log") }
    for (before, now) in zip(old, new) where before != now {
      guard let second = StepReport(line: now) else { return .unreadable("log") }
      guard let first = StepReport(line: before) else { return .report(second.step) }
      let values = first.differences(from: second)
      return values.isEmpty && (first.weights == nil || first.weights == second.weights)
        ? .report(second.step) : .optimizerStep(second.step, values)
    }
    if old.count != new.count { return .steps(stored: old.count, again: new.count) }
    return differing.contains { $0.hasPrefix("weights") } ? .weightsAlone(steps: old.count) : nil
  }

  /// The first record that differs, in the first output of records that does.
  func records(_ differing: [String]) -> StepComparison.Beginning? {
    for name in differing where stored.outputs[name]?.recordCount != nil {
      guard let (old, new) = lines(of: name) else { return .unreadable(name) }
      for (index, (before, now)) in zip(old, new).enumerated() where before != now {
        let record = (try? JSONValue(parsing: now)) ?? (try? JSONValue(parsing: before))
        return .record(index + 1, of: name, id: record?["id"]?.stringValue)
      }
      if old.count != new.count { return .records(stored: old.count, again: new.count, of: name) }
    }
    return nil
  }

  /// The lines of an output, stored and now.
  private func lines(of name: String) -> (stored: [[UInt8]], again: [[UInt8]])? {
    guard let digest = stored.outputs[name]?.digest, let before = try? read(digest),
      case .bytes(let now)? = produced.first(where: { $0.name == name })?.content
    else { return nil }
    func lines(_ bytes: [UInt8]) -> [[UInt8]] { bytes.split(separator: UInt8(ascii: "\n")).map(Array.init) }
    return (lines(before), lines(now))
  }
}

extension ProducedOutput {
  fileprivate var digest: Digest {
    switch content {
    case .bytes(let bytes): .sha256(bytes)
    case .stored(let digest, _): digest
    }
  }
}

extension StepReport {
  fileprivate init?(line: [UInt8]) {
    guard let json = try? JSONValue(parsing: line) else { return nil }
    self.init(json: json)
  }

  /// The numbers that differ, the loss first and then the gradient's length.
  fileprivate func differences(from other: StepReport) -> [StepComparison.Value] {
    let values: [(String, Double?, Double?)] = [
      ("loss", loss, other.loss), ("gradient norm", gradientNorm, other.gradientNorm),
      ("learning rate", learningRate, other.learningRate), ("tokens", Double(tokens), Double(other.tokens)),
      ("chosen log-ratio", chosenLogRatio, other.chosenLogRatio),
      ("rejected log-ratio", rejectedLogRatio, other.rejectedLogRatio), ("accuracy", accuracy, other.accuracy),
      ("reference point", referencePoint, other.referencePoint),
    ]
    let metrics: [(String, Double?, Double?)] = metricNames(with: other).map { ($0, metric($0), other.metric($0)) }
    return (values + metrics).filter { $0.1 != $0.2 }.map {
      StepComparison.Value(name: $0.0, stored: $0.1, again: $0.2)
    }
  }

  private func metricNames(with other: StepReport) -> [String] {
    metrics.map(\.name) + other.metrics.map(\.name).filter { name in !metrics.contains { $0.name == name } }
  }

  private func metric(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }
}
