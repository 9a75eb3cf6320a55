// Records from a BIG-bench `task.json`, with the same few fields whatever the task's kind.
// Knows BIG-bench's format; lettering the options and choosing a prompt are others' matter.

import JSON

/// Reads examples into few fields.
///
/// A record has `input` (text), `target` (list of accepted texts), and, where the task has options, `options` (list, in
/// the order of the file). A task whose prefix belongs to every question also gives `task_prefix` (text).
/// With `target_scores`, the accepted texts are all options with the highest score; `target` is not looked at then.
enum TaskRecords {
  static func read(_ bytes: PlainBytes, into faults: inout FaultList, _ take: (IngestedRecord) -> Void) {
    guard let document = JSONDocument.read(bytes, into: &faults) else { return }
    guard let task = document.objectValue else {
      faults.add(.wrongKind("task.json", expected: "a mapping", found: document.kindInWords))
      return
    }
    guard let examples = task["examples"]?.arrayValue else {
      let subtasks = task["subtasks"]?.arrayValue?.compactMap(\.stringValue) ?? []
      faults.add(.noExamples(subtasks: subtasks))
      return
    }
    let prefix = task["task_prefix"]?.stringValue ?? ""
    for (index, example) in examples.enumerated() {
      switch fields(of: example, prefix: prefix) {
      case .success(let fields): take(IngestedRecord(fields: fields, place: .record(index + 1)))
      case .failure(let fault): faults.add(fault.fault, .record(index + 1))
      }
    }
  }

  private struct Failure: Error {
    let fault: IngestionFault
  }

  private static func fields(of example: JSONValue, prefix: String) -> Result<JSONObject, Failure> {
    guard let example = example.objectValue else {
      return .failure(Failure(fault: .notAnObject(kind: example.kindInWords)))
    }
    do throws(Failure) {
      var fields = JSONObject()
      fields["input"] = .string(try text(example, "input"))
      if let scores = example["target_scores"] {
        let (options, best) = try scored(scores)
        fields["target"] = .array(best)
        fields["options"] = .array(options)
      } else {
        fields["target"] = .array(try targets(example))
      }
      if !prefix.isEmpty { fields["task_prefix"] = .string(prefix) }
      return .success(fields)
    } catch {
      return .failure(error)
    }
  }

  private static func text(_ example: JSONObject, _ name: String) throws(Failure) -> String {
    guard let value = example[name] else { throw Failure(fault: .missing(name)) }
    guard let text = value.stringValue else {
      throw Failure(fault: .wrongKind(name, expected: "text", found: value.kindInWords))
    }
    return text
  }

  private static func targets(_ example: JSONObject) throws(Failure) -> [JSONValue] {
    guard let target = example["target"] else { throw Failure(fault: .missing("target")) }
    let targets = target.arrayValue ?? [target]
    guard !targets.isEmpty else { throw Failure(fault: .missing("target")) }
    for value in targets where value.stringValue == nil {
      throw Failure(fault: .wrongKind("target", expected: "text or a list of texts", found: value.kindInWords))
    }
    return targets
  }

  private static func scored(_ scores: JSONValue) throws(Failure) -> (options: [JSONValue], best: [JSONValue]) {
    guard let object = scores.objectValue else {
      throw Failure(fault: .wrongKind("target_scores", expected: "a mapping", found: scores.kindInWords))
    }
    var best = -Double.infinity
    for option in object.members {
      guard let score = option.value.doubleValue else {
        throw Failure(
          fault: .wrongKind("target_scores/\(option.name)", expected: "a number", found: option.value.kindInWords))
      }
      best = max(best, score)
    }
    let right = object.members.filter { $0.value.doubleValue == best }
    guard !right.isEmpty, right.count < object.members.count else { throw Failure(fault: .noBestOption) }
    return (object.members.map { .string($0.name) }, right.map { .string($0.name) })
  }
}
