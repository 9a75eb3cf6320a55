// How tables, claims, search and expectations are written in a spec.
// Knows nothing of numbers.

import Diagnostics
import JSON
import YAML

extension Table {
  /// Axes that every table has besides those of `ablations:`.
  static let builtInAxes = ["round", "dataset", "seed"]

  static var shape: Shape<Table> {
    let axes = Shape<[String]>.oneOrMore(of: .name(of: "axis") { $0.axes.map(\.name) + builtInAxes }, atLeast: 1)
    return .record("table") { fields in
      let rows = fields.optional("rows", axes, default: [], "The axes that make rows, outermost first.")
      let columns = fields.optional("columns", axes, default: [], "The axes that make columns.")
      let value = fields.required(
        "value", .numberName, "The eval whose number is shown; of an eval that gives several, the number's own name.")
      let relativeTo = fields.optional(
        "relative-to", .nonEmptyText(),
        "What numbers are compared with: `base`, a row, or a cell by its arms joined by `/`.")
      let published = fields.optional("published", published, "A file with the paper's numbers.")
      let claims = fields.optional("claims", .named(Claim.shape), default: Named(), "Statements about two cells.")
      let labels = TableLabels(rows: rows, columns: columns, names: fields.reading.names)
      checkOnce(rows, columns, fields)
      let areRead = fields.has("rows") != rows.isEmpty && fields.has("columns") != columns.isEmpty
      if areRead, checkShown(rows + columns, fields) { labels.check(claims, fields) }
      // Which seeds there are is not known here; what is compared with nothing says so in its notes.
      if let relativeTo, relativeTo != "base", !(rows + columns).contains("seed"),
        let place = fields.place("relative-to")
      {
        labels.check(reference: relativeTo, place, fields.reading)
      }
      guard let value else { return nil }
      return Table(
        rows: rows, columns: columns, value: value, relativeTo: relativeTo.map { Table.RelativeTo($0) },
        published: published, claims: claims)
    }
  }

  static var published: Shape<LocalPath> {
    .record("published") { fields in
      let file = fields.required("file", .path, "The file, relative to this one.")
      if let file, let place = fields.place("file") { fields.reading.published(file, place) }
      return file
    }
  }

  /// An axis makes rows or columns, and does so once.
  private static func checkOnce(_ rows: [String], _ columns: [String], _ fields: Fields) {
    for (key, axes, others) in [("rows", rows, []), ("columns", columns, rows)] {
      for (index, axis) in axes.enumerated() {
        func isIn(_ names: some Sequence<String>) -> Bool { names.contains { $0.utf8.elementsEqual(axis.utf8) } }
        let isTwice = isIn(axes[..<index])
        guard isTwice || isIn(others), let node = fields.node(at: key) else { continue }
        fields.reading.note(.repeated(key: isTwice ? key : "table", word: axis), node.elements?[index] ?? node)
      }
    }
  }

  /// A cell of the grid must have one place in the table.
  private static func checkShown(_ shown: [String], _ fields: Fields) -> Bool {
    guard !shown.isEmpty, let place = fields.place("rows") else { return true }
    var isWhole = true
    for axis in fields.reading.names.axes where !shown.contains(where: { $0.utf8.elementsEqual(axis.name.utf8) }) {
      fields.reading.note(.axisNotShown(axis.name), place)
      isWhole = false
    }
    return isWhole
  }
}

/// The names that a table's rows and cells have.
struct TableLabels {
  /// Nil where they are not known before the data are.
  let rows: [String]?
  let cells: [String]?
  /// The cells as they are called elsewhere: the axes in the order of the spec.
  private let plain: [String]?

  init(rows: [String], columns: [String], names: NameTable) {
    self.rows = Self.labels(rows, names)
    self.cells = Self.labels(rows + columns, names)
    plain = Self.labels(names.axes.map(\.name), names)
  }

  /// The labels along several axes, joined by `/`; nil if an axis has labels that are not known yet.
  static func labels(_ axes: [String], _ names: NameTable) -> [String]? {
    guard !axes.isEmpty else { return nil }
    var labels = [""]
    for (index, axis) in axes.enumerated() {
      let own: [String]
      if let ablation = names.axes.first(where: { $0.name.utf8.elementsEqual(axis.utf8) }) {
        own = ablation.arms
      } else if axis == "dataset" {
        own = names.datasets.map(\.name)
      } else {
        return nil
      }
      guard labels.count * own.count <= 20_000 else { return nil }
      labels = labels.flatMap { label in own.map { index == 0 ? $0 : "\(label)/\($0)" } }
    }
    return labels
  }

  func check(_ claims: Named<Claim>, _ fields: Fields) {
    guard let cells else { return }
    for entry in claims.entries {
      for name in [entry.value.left, entry.value.right] where name != "base" && !contains(cells, name) {
        guard let place = fields.node(at: "claims", entry.name, "holds")?.place else { continue }
        fields.reading.note(.unknownRow(name, known: cells), place)
      }
    }
  }

  /// Notes what is neither a row nor a cell.
  func check(reference name: String, _ place: SourcePlace, _ reading: Reading) {
    guard let rows = rows ?? plain else { return }
    let known = ["base"] + rows + (cells ?? []) + (plain ?? [])
    if !contains(known, name) { reading.note(.unknownRow(name, known: known), place) }
  }

  private func contains(_ names: [String], _ name: String) -> Bool {
    names.contains { $0.utf8.elementsEqual(name.utf8) }
  }
}

extension Claim {
  static var shape: Shape<Claim> {
    let sides = Shape<String>.nonEmptyText("two cells with `>` or `<` between").check { text, node, reading in
      for relation in Relation.allCases {
        let pieces = text.split(separator: " \(relation.rawValue) ", omittingEmptySubsequences: false).map(String.init)
        if pieces.count == 2, pieces.allSatisfy({ !$0.isEmpty }) {
          return Claim(written: text, left: pieces[0], relation: relation, right: pieces[1], required: true)
        }
      }
      reading.note(.badClaim(text), node)
      return nil
    }
    return .record("claim") { fields in
      let claim = fields.required("holds", sides, "`ROW/COLUMN > ROW/COLUMN`.")
      let required = fields.optional("required", .flag, default: true, "Whether a run fails when it does not hold.")
      return claim.map {
        Claim(written: $0.written, left: $0.left, relation: $0.relation, right: $0.right, required: required)
      }
    }
  }
}

extension Search {
  static var shape: Shape<Search> {
    let values = Shape<[JSONValue]>.list(of: .anyValue, atLeast: 1)
    return .record("search") { fields in
      let over = fields.required("over", .named(values, atLeast: 1), "The values to try, by key with dots.")
      let choose = fields.required("choose", Choice.shape, "Which values win.")
      for key in fields.node(at: "over")?.entries?.map(\.key) ?? [] where !canTry(key.text) {
        fields.reading.note(.cannotSearchOver(key.text), key.place)
      }
      guard let over, let choose else { return nil }
      return Search(
        over: over.entries.map { Axis(path: $0.name, values: $0.value) }, eval: choose.eval, highest: choose.highest,
        on: choose.on)
    }
  }

  /// Whether values of a key can be tried: those that change nothing before the training.
  private static func canTry(_ key: String) -> Bool {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false)
    return ["hyperparameters", "objective"].contains(parts.first.map(String.init)) && parts.count > 1
  }

  private struct Choice {
    let eval: String
    let highest: Bool
    let on: DataReference

    static var shape: Shape<Choice> {
      .record("choose") { fields in
        let highest = fields.optional("highest", .evalName, "The eval whose highest number wins.")
        let lowest = fields.optional("lowest", .evalName, "The eval whose lowest number wins.")
        let on = fields.required("on", .data, "The records that decide: a validation part.")
        if fields.has("highest") == fields.has("lowest"), let place = fields.place("lowest"),
          !fields.reading.isPartial
        {
          let found = fields.has("highest") ? 2 : 0
          fields.reading.note(.exactlyOne(of: ["highest", "lowest"], in: "choose", found: found), place)
        }
        guard let eval = highest ?? lowest, let on else { return nil }
        return Choice(eval: eval, highest: highest != nil, on: on)
      }
    }
  }
}

extension Shape where Value == JSONValue {
  /// Any value, kept as it is; whoever uses it checks it.
  fileprivate static var anyValue: Shape<JSONValue> { Shape(.anything) { node, _ in node.json } }
}

extension Node {
  /// The node as JSON; numbers that JSON lacks become their text.
  var json: JSONValue {
    switch content {
    case .sequence(let elements): return .array(elements.map(\.json))
    case .mapping(let entries): return .object(JSONObject(entries.map { JSONMember($0.key.text, $0.value.json) }))
    case .scalar(let scalar):
      switch scalar.value {
      case .null: return .null
      case .bool(let flag): return .bool(flag)
      case .integer(let value): return .integer(Int64(value))
      case .number(let value): return value.isFinite ? .number(value) : .string(scalar.text)
      case .text(let text): return .string(text)
      }
    }
  }
}

extension Expectations {
  static let none = Expectations(
    responseTokens: nil, promptTokens: nil, tokensPerSecond: nil, records: Named(), prices: Named())

  static var shape: Shape<Expectations> {
    .record("expect") { fields in
      let response = fields.optional("response-tokens", .number(.above(0)), "Tokens of a response, on average.")
      let prompt = fields.optional("prompt-tokens", .number(.above(0)), "Tokens of a prompt, on average.")
      let rate = fields.optional("tokens-per-second", .number(.above(0)), "What one worker scores.")
      let records = fields.optional(
        "records", .named(.count()), default: Named(), "Records of data sets whose files are not at hand.")
      let prices = fields.optional(
        "prices", .named(TokenPrices.shape), default: Named(), "What tokens cost, by model, in any one currency.")
      let names = fields.reading.names
      for (key, known) in [("records", names.datasets.map(\.name)), ("prices", names.models)] {
        for entry in fields.node(at: key)?.entries ?? [] where !known.contains(entry.key.text) {
          fields.reading.note(
            .unresolved(kind: key == "records" ? "data set" : "model", entry.key.text, known: known), entry.key.place)
        }
      }
      return Expectations(
        responseTokens: response, promptTokens: prompt, tokensPerSecond: rate, records: records, prices: prices)
    }
  }
}

extension TokenPrices {
  fileprivate static var shape: Shape<TokenPrices> {
    .record("prices of tokens") { fields in
      let prompt = fields.required("prompt", .number(.atLeast(0)), "A million tokens that are read.")
      let response = fields.required("response", .number(.atLeast(0)), "A million tokens that are written.")
      guard let prompt, let response else { return nil }
      return TokenPrices(prompt: prompt, response: response)
    }
  }
}
