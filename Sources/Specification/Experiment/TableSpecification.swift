// A table spec: cells of several experiments, laid out as a paper's table.
// Knows nothing of numbers.

public import Diagnostics

/// Evals of several experiments' cells in one table.
public struct TableSpecification: Sendable {
  /// What a row shows.
  public struct Row: Hashable, Sendable {
    /// The experiment, by its name in this file.
    public let experiment: String
    /// The cell: its arms joined by `/`, or `base`; nil: the only one.
    public let cell: String?
  }

  /// An experiment of the table.
  public struct Source: Hashable, Sendable {
    /// Its spec.
    public let spec: LocalPath
  }

  /// The file's path as the user gave it.
  public let path: String
  /// What the table shows.
  public let description: String?
  /// The experiments by name.
  public let experiments: Named<Source>
  /// The experiments, read; in the order of their names.
  public let resolved: [ResolvedExperiment]
  /// The rows by name.
  public let rows: Named<Row>
  /// The columns by name, each with the number that it shows, as its eval calls it.
  public let columns: Named<String>
  /// The row that numbers are compared with; nil: none.
  public let relativeTo: String?
  /// A file with the paper's numbers.
  public let published: LocalPath?
  /// The paper's numbers; nil without a file, or where it is not there.
  public let publishedNumbers: PublishedNumbers?
  /// Claims by name; their cells are `ROW/COLUMN`.
  public let claims: Named<Claim>
  /// What the user should know.
  public let warnings: [Diagnosis]
  /// Where the top keys stand in the file, and what they have by name: `rows/NAME`.
  public let places: [String: SourcePlace]
}

/// A file of the spec language.
public enum SpecificationFile: Sendable {
  /// One experiment.
  case experiment(ResolvedExperiment)
  /// A table over several.
  case table(TableSpecification)
}
