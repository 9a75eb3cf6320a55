// Numbers of single seeds, for tables of which the axis `seed` makes rows or columns.
// Everything else tells of means over seeds.

public import Digests
public import Records

/// Numbers, each taken apart into those of its seeds.
public struct SeedNumbers: Sendable {
  /// The axis of such numbers.
  static let axis = "seed"

  /// The numbers; one whose seeds have no names, such as of the model before training measured once, as it is.
  public let numbers: [StoredTable.Number]
  private let parts: [Measured: [Measured]]

  /// Takes numbers apart.
  ///
  /// - Parameters:
  ///   - numbers: The numbers.
  ///   - outcomes: The records of an outcomes object; nil if it cannot be had: such a number has no error.
  public init(_ numbers: [StoredTable.Number], outcomes: (Digest) -> [Outcomes]?) {
    var parts: [Measured: [Measured]] = [:]
    self.numbers = numbers.flatMap { number -> [StoredTable.Number] in
      let own = Self.apart(number, outcomes)
      parts[number.measured] = own.map(\.measured)
      return own
    }
    self.parts = parts
  }

  private static func apart(
    _ number: StoredTable.Number, _ outcomes: (Digest) -> [Outcomes]?
  ) -> [StoredTable.Number] {
    let (names, whole) = (number.seedNames, number.measured)
    // The model before training that was measured once belongs beside every seed.
    guard names.count > (number.isBase ? 1 : 0), names.count == number.sources.count else { return [number] }
    return names.indices.map { index in
      let place = whole.coordinates + [Measured.Coordinate(axis, names[index])]
      // Of a seed whose training diverged there may be no value.
      let records = outcomes(number.sources[index].outcomes)
      let measured =
        records.map { Measured(eval: whole.eval, kind: whole.kind, coordinates: place, inputs: [], seeds: [$0]) }
        ?? whole.ofSeed(index, at: place)
      return StoredTable.Number(measured, sources: [number.sources[index]], isBase: number.isBase)
    }
  }

  /// Whether a table shows single seeds.
  public static func areShown(rows: [String], columns: [String]) -> Bool { (rows + columns).contains(axis) }

  /// Notes about numbers as notes about those of their seeds.
  public func notes(_ notes: [TableNote]) -> [TableNote] {
    notes.map { note in TableNote(note.text, note.scope, of: note.numbers.flatMap { parts[$0] ?? [$0] }) }
  }
}
