// Results of records of which every input has a line: what is kept of a record is a list of parts in JSON.
// Knows nothing of what a part says.

import Execution
import JSON
import Planning
import Records

extension StepTask {
  /// The results of records under the keys that the plan asks for, too; computed where they are not kept.
  ///
  /// - Parameters:
  ///   - records: How many records the inputs speak of.
  ///   - compute: The two parts of the result of the record at a position, a function of what its inputs' lines say.
  /// - Returns: Two parts a record, and how many records were computed.
  /// - Throws: What `compute` and the store throw; `Cancelled` if the user stopped the run.
  func resultsByLine(
    of records: Int, _ compute: (Int) throws -> [JSONValue]
  ) throws -> (results: [[JSONValue]], count: WorkCount) {
    guard let keys = try step.lineKeys(reading: { try input($0) }), keys.count == records else {
      throw StepError.recordsDiffer(step: step.label, record: records)
    }
    let (results, count) = try results(of: keys) { missing, finished in
      for position in missing {
        if try !finished(position, JSONValue.array(try compute(position)).canonicalBytes) { return }
      }
    }
    let parts = try results.map { result in
      guard let parts = try JSONValue(parsing: result).arrayValue, parts.count == 2 else {
        throw WireFault(member: "parts")
      }
      return parts
    }
    return (parts, count)
  }
}
