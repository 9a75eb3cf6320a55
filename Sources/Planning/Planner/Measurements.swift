// What cells measure, put together for one table: nothing twice, and the model before training at its own place.
// Knows nothing of how anything is measured.

import Digests
import Specification

/// A number that a cell asks for.
struct CellMeasurement {
  /// The eval's name; an eval of several numbers adds a word.
  let eval: String
  /// What kind of number it is.
  let kind: String
  /// The cell's arms.
  let arms: Named<String>
  /// Where the number belongs beside the arms: round, data set, seed.
  let coordinates: [Named<String>.Entry]
  /// The seed that it varies with; nil for none.
  let seed: String?
  /// Whether it measures the model before training, which cells have in common.
  let isBase: Bool
  /// The outcomes.
  let source: OutputReference

  /// The same for all seeds.
  var place: [String] {
    [eval, isBase ? "base" : ""] + coordinates.filter { $0.name != "seed" }.flatMap { [$0.name, $0.value] }
  }
}

extension CellPlanner {
  /// Notes a measurement for the table, unless the same outcomes are measured at the same place for another seed.
  mutating func note(_ finding: EvalFinding, of subject: EvalSubject) {
    let measurement = CellMeasurement(
      eval: finding.eval, kind: finding.kind, arms: arms, coordinates: subject.coordinates + finding.coordinates,
      seed: finding.seed ?? subject.seed, isBase: subject.isBase, source: finding.source)
    let place = measurement.place
    if places[measurement.source]?.contains(place) == true { return }
    places[measurement.source, default: []].append(place)
    measured.append(measurement)
  }
}

extension Planner {
  /// The measurements of all cells as inputs of the table.
  ///
  /// Cells have the model before training in common. Where an arm changes what is measured of it, the number belongs to that
  /// arm; else it belongs to all cells and is taken once.
  static func measurements(
    _ measured: [CellMeasurement]
  ) -> [(measurement: AggregateWork.Measurement, source: OutputReference)] {
    var axes: [String: Set<String>] = [:]
    for measurement in measured where measurement.isBase && axes[measurement.eval] == nil {
      axes[measurement.eval] = parting(measured.filter { $0.isBase && $0.eval == measurement.eval })
    }
    var seen: [[String]: Set<OutputReference>] = [:]
    var result: [(AggregateWork.Measurement, OutputReference)] = []
    for measurement in measured {
      let arms = measurement.arms.entries.filter {
        !measurement.isBase || axes[measurement.eval]?.contains($0.name) == true
      }
      if measurement.isBase {
        let place = arms.flatMap { [$0.name, $0.value] } + measurement.place
        guard seen[place, default: []].insert(measurement.source).inserted else { continue }
      }
      let mark: [Named<String>.Entry] = measurement.isBase ? [.init("base", "base")] : []
      result.append(
        (
          AggregateWork.Measurement(
            eval: measurement.eval, evalKind: measurement.kind,
            coordinates: Named(arms + mark + measurement.coordinates), input: "outcomes/\(result.count)",
            seed: measurement.seed),
          measurement.source
        ))
    }
    return result
  }

  /// The axes that tell cells apart whose base is measured in different ways: none if it is the same everywhere.
  private static func parting(_ measured: [CellMeasurement]) -> Set<String> {
    var cells: [(arms: Named<String>, sources: Set<[String]>)] = []
    for measurement in measured {
      let source = measurement.place + [measurement.source.step.digest.hex, measurement.source.output]
      if let index = cells.firstIndex(where: { $0.arms == measurement.arms }) {
        cells[index].sources.insert(source)
      } else {
        cells.append((measurement.arms, [source]))
      }
    }
    var axes = measured.first?.arms.names ?? []
    for axis in axes {
      let fewer = axes.filter { $0 != axis }
      var sources: [[String]: Set<[String]>] = [:]
      let suffices = cells.allSatisfy { cell in
        let place = fewer.map { cell.arms[$0] ?? "" }
        if let known = sources[place] { return known == cell.sources }
        sources[place] = cell.sources
        return true
      }
      if suffices { axes = fewer }
    }
    return Set(axes)
  }
}
