// Reads records from a file, or has a built-in task make them.

package import Diagnostics
import Execution
import Ingestion
import JSON
package import Planning
import Records
import Specification

package enum IngestStep {
  /// The built-in tasks that have fewer distinct prompts than records are asked for, known before anything runs.
  ///
  /// - Parameter graph: The steps of a plan.
  /// - Returns: One diagnosis a task, at its `records` in the spec.
  package static func faults(of graph: StepGraph) -> [Diagnosis] {
    graph.steps.lazy.filter { $0.kind == .ingest }.flatMap { step -> [Diagnosis] in
      guard case .ingest(let work) = step.work, case .task(let task) = work.format,
        let available = try? task.engine.distinctPrompts(), task.records > available
      else { return [] }
      let fault = TaskError.tooFewPrompts(task: task.engine.name, available: available, wanted: task.records)
      return fault.placed(at: step.places["records"] ?? step.places["task"]).diagnoses
    }
  }

  static func run(_ work: IngestWork, _ task: StepTask) throws -> [ProducedOutput] {
    let records = try records(work, task)
    guard !records.isEmpty else { throw StepError.noRecords(step: task.step.label) }
    return [ProducedOutput("records", RecordFile.bytes(fields: records), records: records.count)]
  }

  private static func records(_ work: IngestWork, _ task: StepTask) throws -> [JSONObject] {
    let file = work.displayName
    switch work.format {
    case .jsonl: return try read(DataReader(.jsonl, file: file), task)
    case .json(let list): return try read(DataReader(.json, file: file, list: list), task)
    case .csv(let delimiter):
      guard let delimiter = delimiter.unicodeScalars.first else { fatalError("the reader checks it: our own bug") }
      return try read(DataReader(.csv, file: file, delimiter: delimiter), task)
    case .bigbench: return try read(DataReader(.bigbench, file: file), task)
    case .task(let made):
      do {
        return try made.engine.records(made.records, seed: UInt64(bitPattern: Int64(made.seed)))
      } catch {
        throw error.placed(at: task.step.places["records"] ?? task.step.places["task"])
      }
    }
  }

  private static func read(_ reader: DataReader, _ task: StepTask) throws -> [JSONObject] {
    try reader.records(of: task.input("file")).map(\.fields)
  }
}

extension BuiltInTask {
  /// The task as its maker knows it.
  fileprivate var engine: TaskGenerator {
    switch self {
    case .objectCounting(let task): .objectCounting(objects: task.objects)
    case .trackingShuffledObjects(let task): .trackingShuffledObjects(objects: task.objects, swaps: task.swaps)
    case .wordSorting(let task): .wordSorting(words: task.words)
    case .arithmetic(let task):
      .arithmetic(
        operations: task.operations.map { operation in
          switch operation {
          case .add: .add
          case .subtract: .subtract
          case .multiply: .multiply
          }
        }, digits: task.digits, terms: task.terms)
    }
  }

  /// The seed that the spec names.
  fileprivate var seed: Int {
    switch self {
    case .objectCounting(let task): task.seed
    case .trackingShuffledObjects(let task): task.seed
    case .wordSorting(let task): task.seed
    case .arithmetic(let task): task.seed
    }
  }
}
