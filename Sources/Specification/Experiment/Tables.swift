// How results are laid out, searched and claimed.
// Knows nothing of numbers.

public import JSON

/// How the numbers of an experiment are laid out.
public struct Table: Hashable, Sendable {
  /// What a cell's number is compared with.
  public enum RelativeTo: Hashable, Sendable {
    /// The model before training.
    case base
    /// A row of the table by its labels, or a cell by its arms, joined by `/`.
    case cell(String)

    /// What a name means: `base`, or a row or cell.
    public init(_ name: String) { self = name == "base" ? .base : .cell(name) }
  }

  /// The axes that make rows, outermost first: ablation axes, or `round`, `dataset`, `seed`.
  public let rows: [String]
  /// The axes that make columns; empty: one column.
  public let columns: [String]
  /// The number that is shown, as its eval calls it: `accuracy`, `drift tokens`.
  public let value: String
  /// What a cell's number is compared with; nil: nothing.
  public let relativeTo: RelativeTo?
  /// A file with the paper's numbers; the numbers themselves stand beside the table in what was read.
  public let published: LocalPath?
  /// Claims by name.
  public let claims: Named<Claim>
}

/// A statement about two cells.
public struct Claim: Hashable, Sendable {
  /// How two cells compare.
  public enum Relation: String, Hashable, Sendable, CaseIterable {
    /// The left number is larger.
    case greater = ">"
    /// The left number is smaller.
    case less = "<"
  }

  /// As written.
  public let written: String
  /// The name of the left cell: arms joined by `/`, rows before columns.
  public let left: String
  /// How they compare.
  public let relation: Relation
  /// The name of the right cell.
  public let right: String
  /// Whether a run fails unless the claim holds: one that is undecided fails it, too.
  public let required: Bool
}

/// The same values tried for every cell.
public struct Search: Hashable, Sendable {
  /// One key and the values to try.
  public struct Axis: Hashable, Sendable {
    /// The key, with dots between its steps.
    public let path: String
    /// The values in order; not empty.
    public let values: [JSONValue]
  }

  /// What is tried: every combination of the axes' values.
  public let over: [Axis]
  /// The eval that decides.
  public let eval: String
  /// Whether the highest number wins; else the lowest.
  public let highest: Bool
  /// The records that decide: never held-out ones.
  public let on: DataReference
}

/// What a plan may assume where nothing was measured yet.
public struct Expectations: Hashable, Sendable {
  /// Tokens of a response, on average.
  public let responseTokens: Double?
  /// Tokens of a prompt, on average.
  public let promptTokens: Double?
  /// Tokens that one worker scores in a second.
  public let tokensPerSecond: Double?
  /// How many records data sets have whose files are not at hand.
  public let records: Named<Int>
  /// What tokens cost, by the model whose server asks for money.
  public let prices: Named<TokenPrices>
}

/// What a million tokens cost, in any one currency.
public struct TokenPrices: Hashable, Sendable {
  /// A million tokens that are read.
  public let prompt: Double
  /// A million tokens that are written.
  public let response: Double
}
