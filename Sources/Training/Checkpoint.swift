// A training in the middle: what it needs to go on with the same bits.
// Knows nothing of where the bytes are kept.

import Digests
public import JSON
import LanguageModel
import Objectives
import Tensors

extension Trainer {
  private static let format = "runner checkpoint 2"

  /// Steps taken, parameters and moments as one file.
  ///
  /// - Parameter reports: The steps so far, to be had back when the training goes on.
  /// - Returns: A safetensors file.
  public func checkpoint(_ reports: [StepReport]) -> [UInt8] {
    let entries = trainee.parameters.flatMap { parameter in
      [
        ("values", parameter.values), ("first", parameter.firstMoment.base), ("second", parameter.secondMoment.base),
      ].map { part, base in
        SafetensorsEntry(
          "\(parameter.name.text)/\(part)", sizes: [parameter.count],
          numbers: Array(UnsafeBufferPointer(start: base, count: parameter.count)))
      }
    }
    let log = JSONValue.array(reports.map(\.json)).canonical
    return SafetensorsWriter.bytes(entries, metadata: ["format": Self.format, "step": String(step), "log": log])
  }

  /// Goes on from a checkpoint of the same training.
  ///
  /// - Parameter bytes: What ``checkpoint(_:)`` gave.
  /// - Returns: The steps before it; nil if the bytes are no checkpoint of this training, which then starts anew.
  public func resume(from bytes: [UInt8]) -> [StepReport]? {
    guard let file = try? SafetensorsFile(ModelBytes(bytes, name: "checkpoint")),
      file.metadata["format"] == Self.format, let step = file.metadata["step"].flatMap(Int.init), step <= order.steps,
      let log = try? JSONValue(parsing: Array((file.metadata["log"] ?? "").utf8)),
      let reports = log.arrayValue?.compactMap(StepReport.init(json:)), reports.count == step
    else { return nil }
    var places: [String: SafetensorsTensor] = [:]
    for tensor in file.tensors { places[tensor.name] = tensor }
    let parts = trainee.parameters.flatMap { parameter in
      [
        ("values", parameter.values), ("first", parameter.firstMoment.base), ("second", parameter.secondMoment.base),
      ].map { (name: "\(parameter.name.text)/\($0)", base: $1, count: parameter.count) }
    }
    guard parts.allSatisfy({ places[$0.name]?.sizes == [$0.count] && places[$0.name]?.type == .f32 }) else {
      return nil
    }
    bytes.withUnsafeBytes { buffer in
      for part in parts {
        guard let place = places[part.name]?.place else { continue }
        UnsafeMutableRawPointer(part.base).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: buffer[place]).baseAddress ?? UnsafeRawPointer(part.base),
          byteCount: 4 * part.count)
      }
    }
    trainee.refresh()
    resume(at: step)
    return reports
  }
}

extension Trainer {
  private static let optimizerFormat = "runner optimizer 1"

  private var moments: [(name: String, base: UnsafeMutablePointer<Float>, count: Int)] {
    trainee.parameters.flatMap { parameter in
      [("first", parameter.firstMoment.base), ("second", parameter.secondMoment.base)].map {
        ("\(parameter.name.text)/\($0)", $1, parameter.count)
      }
    }
  }

  /// The optimizer's memory as one file, for the training of a next round.
  public var optimizerState: [UInt8] {
    let entries = moments.map {
      SafetensorsEntry($0.name, sizes: [$0.count], numbers: Array(UnsafeBufferPointer(start: $0.base, count: $0.count)))
    }
    return SafetensorsWriter.bytes(
      entries, metadata: ["format": Self.optimizerFormat, "steps": String(stepsBefore + step)])
  }

  /// Takes over the optimizer's memory of an earlier round, before the first step.
  ///
  /// - Parameter bytes: What ``optimizerState`` gave.
  /// - Returns: Whether the bytes fit this training.
  public func startOptimizer(from bytes: [UInt8]) -> Bool {
    guard let file = try? SafetensorsFile(ModelBytes(bytes, name: "optimizer")),
      file.metadata["format"] == Self.optimizerFormat, let steps = file.metadata["steps"].flatMap(Int.init), steps >= 0
    else { return false }
    let places = Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    guard moments.allSatisfy({ places[$0.name]?.sizes == [$0.count] }) else { return false }
    bytes.withUnsafeBytes { buffer in
      for part in moments {
        guard let place = places[part.name]?.place,
          let from = UnsafeRawBufferPointer(rebasing: buffer[place]).baseAddress
        else { continue }
        UnsafeMutableRawPointer(part.base).copyMemory(from: from, byteCount: 4 * part.count)
      }
    }
    startOptimizer(after: steps)
    return true
  }
}

extension StepReport {
  /// The report as JSON.
  public var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("step", .integer(Int64(step))), JSONMember("loss", .number(loss)),
      JSONMember("learning-rate", .number(learningRate)), JSONMember("gradient-norm", .number(gradientNorm)),
      JSONMember("tokens", .integer(Int64(tokens))),
    ]
    for (name, value) in [
      ("chosen-log-ratio", chosenLogRatio), ("rejected-log-ratio", rejectedLogRatio), ("accuracy", accuracy),
      ("reference-point", referencePoint),
    ] {
      if let value { members.append(JSONMember(name, .number(value))) }
    }
    if !metrics.isEmpty {
      members.append(
        JSONMember("metrics", .object(JSONObject(metrics.map { JSONMember($0.name, .number($0.value)) }))))
    }
    if let weights { members.append(JSONMember("weights", .string(weights.description))) }
    return .object(JSONObject(members))
  }

  /// Reads a report; nil if a part is missing.
  public init?(json: JSONValue) {
    guard let step = json["step"]?.integerValue, let loss = json["loss"]?.doubleValue,
      let rate = json["learning-rate"]?.doubleValue, let norm = json["gradient-norm"]?.doubleValue,
      let tokens = json["tokens"]?.integerValue
    else { return nil }
    self.init(
      step: step, loss: loss, learningRate: rate, gradientNorm: norm, tokens: tokens,
      chosenLogRatio: json["chosen-log-ratio"]?.doubleValue, rejectedLogRatio: json["rejected-log-ratio"]?.doubleValue,
      accuracy: json["accuracy"]?.doubleValue, referencePoint: json["reference-point"]?.doubleValue)
    metrics = (json["metrics"]?.objectValue?.members ?? []).compactMap { member in
      member.value.doubleValue.map { ObjectiveMetric(member.name, $0) }
    }
    weights = json["weights"]?.stringValue.flatMap(Digest.init(hex:))
  }
}
