// What the searches of an experiment chose, read from the store. How it is told is Reporting's.

import Planning
import Records
import Reporting
import Storage

extension Store {
  /// What was chosen for the cells of an experiment, as far as it is stored.
  ///
  /// - Throws: What reading the store throws.
  func searches(of experiment: PlannedExperiment, _ results: RunResults) throws -> [ReportedSearch] {
    try ReportedSearch.all(of: experiment) { search in
      guard let choice = results[search.choice]?.result.outputs[SelectWork.choice] else { return nil }
      return CandidateChoice(bytes: try read(choice.digest))
    }
  }
}
