// Some records of a part, in their order: what one of several rounds works on.

import Execution
import JSON
import Planning
import Records

enum TakeStep {
  static func run(_ work: TakeWork, _ task: StepTask) throws -> [ProducedOutput] {
    let records = try RecordFile.fields(from: task.input("records"), file: "records of \(task.step.label)")
    let taken = Array(records.dropFirst(work.first).prefix(work.count))
    guard taken.count == work.count else {
      throw StepError.roundBeyondRecords(
        step: task.step.label, wanted: work.first..<work.first + work.count, records: records.count,
        place: task.step.places["count"])
    }
    return [ProducedOutput("records", RecordFile.bytes(fields: taken), records: taken.count)]
  }
}
