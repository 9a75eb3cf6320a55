// How a table spec is written.
// Knows nothing of the experiments that it names; whether their cells exist is found out when they are read.

import YAML

/// What a table spec says by itself.
struct WrittenTable {
  let description: String?
  let experiments: Named<TableSpecification.Source>
  let rows: Named<TableSpecification.Row>
  let columns: Named<String>
  let relativeTo: String?
  let published: LocalPath?
  let claims: Named<Claim>

  static var shape: Shape<WrittenTable> {
    .record("table of experiments") { fields in
      let version = fields.required("version", .version, "The version of the spec language: 1.")
      let description = fields.optional("description", .text(), "What the table shows.")
      let experiments = fields.required("experiments", .named(source, atLeast: 1), "The experiments by name.")
      let rows = fields.required("rows", .named(row, atLeast: 1), "The rows by name, from top to bottom.")
      let columns = fields.required("columns", .named(column, atLeast: 1), "The columns by name, from left to right.")
      let relativeTo = fields.optional("relative-to", .nonEmptyText(), "The row that numbers are compared with.")
      let published = fields.optional("published", Table.published, "A file with the paper's numbers.")
      let claims = fields.optional(
        "claims", .named(Claim.shape), default: Named(), "Statements about two cells, each `ROW/COLUMN`.")
      guard version != nil, let experiments, let rows, let columns else { return nil }
      return WrittenTable(
        description: description, experiments: experiments, rows: rows, columns: columns, relativeTo: relativeTo,
        published: published, claims: claims)
    }
  }

  private static var source: Shape<TableSpecification.Source> {
    .record("experiment of a table") { fields in
      let spec = fields.required("spec", .path, "The experiment's spec, relative to this file.")
      return spec.map { TableSpecification.Source(spec: $0) }
    }
  }

  private static var row: Shape<TableSpecification.Row> {
    .record("row of a table") { fields in
      let experiment = fields.required("experiment", .nonEmptyText(), "The experiment, by its name above.")
      let cell = fields.optional(
        "cell", .nonEmptyText(), "The cell: its arms joined by `/`, or `base`; not needed where there is one only.")
      return experiment.map { TableSpecification.Row(experiment: $0, cell: cell) }
    }
  }

  private static var column: Shape<String> {
    .record("column of a table") { fields in
      fields.required(
        "eval", .nonEmptyText(),
        "The eval whose number is shown; of an eval that gives several, the number's own name: `drift tokens`.")
    }
  }
}

extension WrittenTable {
  /// What can be read of a table in which something is wrong, so that what else is wrong can be found.
  init(ofFaulty tree: Node) {
    func all<Value>(_ section: String, _ shape: Shape<Value>) -> Named<Value> {
      Named(
        (tree[section]?.entries ?? []).compactMap { entry in
          shape.read(entry.value, Reading()).map { .init(entry.key.text, $0) }
        })
    }
    description = nil
    experiments = all("experiments", Self.source)
    rows = all("rows", Self.row)
    columns = all("columns", Self.column)
    relativeTo = tree["relative-to"]?.scalar?.text
    published = nil
    claims = all("claims", Claim.shape)
  }
}

extension Shape where Value == Int {
  /// The version of the spec language.
  static var version: Shape<Int> {
    Shape<Int>.integer(.atLeast(1)).check { version, node, reading in
      if version != 1 { reading.note(.unsupportedVersion(version), node) }
      return version
    }
  }
}
