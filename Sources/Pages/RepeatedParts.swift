// What several experiments of a page have in common stands with the first of them; the others lead there.
// Knows what is the same by its origin, a name that whoever gathers it gives; nothing of what it says.

/// Takes out of experiments what stands with an earlier one.
struct RepeatedParts {
  /// What stands elsewhere on the page.
  struct Place: Hashable {
    /// The experiment with which it stands.
    let experiment: String
    /// The id of the section.
    let section: String
    /// What it is.
    var titles: [String]
  }

  private var known: [String: (experiment: String, id: String)] = [:]

  /// An experiment without what stands with those that were asked for before, and where that is, section by section.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - id: What stands before the ids of its sections.
  /// - Returns: What is left of it.
  mutating func split(
    _ experiment: ReportedExperiment, id: String
  ) -> (own: ReportedExperiment, elsewhere: [String: [Place]]) {
    var own = experiment
    var part = Part(known: known, experiment: experiment.name, id: id)
    part.take(&own.curves, "curves")
    part.take(&own.traces, "traces")
    part.take(&own.answers, "answers", \.origin, \.title)
    part.take(&own.examples, "examples", \.origin, \.title)
    part.take(&own.detections, "detection", \.origin, \.title)
    own.stages = part.take(own.stages, "stages")
    own.pairs = part.take(own.pairs, "pairs")
    own.data = part.take(own.data, "data")
    for origin in part.new { known[origin] = (experiment.name, id) }
    return (own, part.elsewhere)
  }

  /// One experiment, as far as it was looked through.
  private struct Part {
    let known: [String: (experiment: String, id: String)]
    let experiment: String
    let id: String
    private(set) var new: Set<String> = []
    private(set) var elsewhere: [String: [Place]] = [:]

    init(known: [String: (experiment: String, id: String)], experiment: String, id: String) {
      (self.known, self.experiment, self.id) = (known, experiment, id)
    }

    /// Takes out of a list what is known; what has no origin is never the same as anything.
    mutating func take<Item>(
      _ items: inout [Item], _ section: String, _ origin: KeyPath<Item, String>, _ title: KeyPath<Item, String>
    ) {
      items = items.filter { !isElsewhere($0[keyPath: origin], $0[keyPath: title], section) }
    }

    /// Takes out charts of which every line stands with one experiment: to leave single lines out would part what is
    /// compared.
    mutating func take(_ families: inout [CurveFamily], _ section: String) {
      families = families.filter { !isElsewhere($0.origins, $0.title, section) }
    }

    /// Takes rows out of tables; a table without rows is left out.
    mutating func take(_ tables: ReportedTables?, _ section: String) -> ReportedTables? {
      guard let tables else { return nil }
      var left: [PageTable] = []
      for table in tables.tables {
        let kept = table.rows.indices.filter { row in
          !isElsewhere(table.origin(ofRow: row), table.rows[row].first ?? "", section)
        }
        if !kept.isEmpty { left.append(table.with(rows: kept)) }
      }
      return ReportedTables(note: tables.note, tables: left)
    }

    private mutating func isElsewhere(_ origin: String, _ title: String, _ section: String) -> Bool {
      isElsewhere(origin.isEmpty ? [] : [origin], title, section)
    }

    private mutating func isElsewhere(_ origins: [String], _ title: String, _ section: String) -> Bool {
      let names = origins.map { "\(section) \($0)" }
      let places = names.map { known[$0] }
      guard let place = places.first ?? nil, places.allSatisfy({ $0?.id == place.id }) else {
        new.formUnion(names.filter { known[$0] == nil })
        return false
      }
      let id = place.id + section
      if let index = elsewhere[section]?.firstIndex(where: { $0.section == id }) {
        elsewhere[section]?[index].titles.append(title)
      } else {
        elsewhere[section, default: []].append(Place(experiment: place.experiment, section: id, titles: [title]))
      }
      return true
    }
  }
}

extension RepeatedParts.Place {
  /// A sentence that leads there.
  var markup: Markup {
    let shown = titles.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let more = shown.count > 6 ? ", and \(shown.count - 6) more" : ""
    return .tag(
      "p", ["class": "note"],
      [
        .text("The same as of "), .tag("a", ["href": "#\(section)"], text: experiment), .text(", and shown there: "),
        .text(shown.prefix(6).joined(separator: "; ") + more + "."),
      ])
  }
}
