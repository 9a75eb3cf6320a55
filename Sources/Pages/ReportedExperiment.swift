// What a page tells of one experiment, as plain values: whoever gathers them needs no markup, and the page no store.

package import Reporting

/// A fact with its name.
package struct PageFact: Sendable {
  /// What it is of.
  package let name: String
  /// What is so.
  package let text: String
  /// Whether it is a key, a digest or a path, whose letters are read one by one.
  package let isCode: Bool

  /// States a fact.
  package init(_ name: String, _ text: String, isCode: Bool = false) {
    (self.name, self.text, self.isCode) = (name, text, isCode)
  }
}

/// The numbers of an experiment.
package struct ReportedNumbers: Sendable {
  /// The table.
  package let grid: TableGrid
  /// What the numbers are, in one line.
  package let legend: String
  /// What must be known beside them, a sentence or more each.
  package let notes: [String]
  /// Every number with what stands behind it.
  package let behind: PageTable

  /// Puts a table and what is said of it together.
  package init(grid: TableGrid, legend: String, notes: [String], behind: PageTable) {
    (self.grid, self.legend, self.notes, self.behind) = (grid, legend, notes, behind)
  }
}

/// Tables under a heading, each with what is said of it.
package struct ReportedTables: Sendable {
  /// What a reader should know first.
  package let note: String
  /// The tables.
  package let tables: [PageTable]

  /// Puts tables together.
  package init(note: String, tables: [PageTable]) { (self.note, self.tables) = (note, tables) }
}

/// What a page tells of an experiment, or of a table over several; what is empty has no section.
package struct ReportedExperiment: Sendable {
  /// Its name.
  package let name: String
  /// What it is about.
  package let description: String?
  /// What it is and where it comes from.
  package var facts: [PageFact] = []
  /// What could not be shown, and how it can be had.
  package var missing: [String] = []
  /// Its numbers.
  package var numbers: ReportedNumbers?
  /// What its table claims, as it was judged.
  package var claims: [JudgedClaim] = []
  /// The curves of its trainings.
  package var curves: [CurveFamily] = []
  /// How likelihoods of better and worse responses moved.
  package var traces: [CurveFamily] = []
  /// What became of responses from stage to stage.
  package var stages: ReportedTables?
  /// What pairs are like.
  package var pairs: ReportedTables?
  /// What models answered to the same prompts.
  package var answers: [AnswerSet] = []
  /// What trainings learned from.
  package var examples: [ExampleSet] = []
  /// Tokens by how much likelier a judgment makes them.
  package var detections: [DetectionSet] = []
  /// The steps.
  package var plan: PlanPicture?
  /// What it took.
  package var cost: ReportedTables?
  /// The files that it began with.
  package var data: ReportedTables?

  /// Begins with a name.
  package init(name: String, description: String?) { (self.name, self.description) = (name, description) }
}
