// How splits and the choice of data are written in a spec.
// Knows nothing of records.

import YAML

extension Split {
  static var shape: Shape<Split> {
    .record("split") { fields in
      let groupBy = fields.optional("group-by", Grouping.shape, "What keeps records together.")
      let parts = fields.rest(Size.shape)
      check(parts, fields)
      return Split(parts: parts, groupBy: groupBy)
    }
  }

  private static func check(_ parts: Named<Size>, _ fields: Fields) {
    let rests = parts.entries.filter { $0.value == .rest }.map(\.name)
    if rests.count > 1, let place = fields.place(rests[1]) {
      fields.reading.note(.twoRests(rests[0], rests[1]), place)
    }
    let sum = parts.entries.reduce(0.0) { sum, part in
      if case .fraction(let fraction) = part.value { sum + fraction } else { sum }
    }
    // Tenths do not add up exactly; nobody overlaps by a billionth on purpose.
    if sum > 1 + 1e-9, let last = parts.entries.last(where: { $0.value != .rest }), let place = fields.place(last.name)
    {
      fields.reading.note(.splitOverlap(Limits.text((sum * 1e6).rounded() / 1e6)), place)
    }
    for name in parts.names where name.isEmpty || name.contains("/") {
      if let place = fields.place(name) { fields.reading.note(.badName(name), place) }
    }
  }
}

extension Split.Size {
  fileprivate static var shape: Shape<Split.Size> {
    let count = Shape<Int>.count().map { Split.Size.count($0) }
    let tagged = Shape<Split.Size>.choice(
      "size of a part",
      [
        Alternative("rest", .rest, "What the other parts leave."),
        Alternative(
          "fraction", .number(Limits(above: 0, atMost: 1)), "A share of all records."
        ) { .fraction($0) },
      ])
    return Shape(.either([count.form, tagged.form])) { node, reading in
      switch node.scalar?.value {
      case .integer?, .number?: count.read(node, reading)
      default: tagged.read(node, reading)
      }
    }
  }
}

extension Split.Grouping {
  fileprivate static var shape: Shape<Split.Grouping> {
    let template = Shape<Template>.template.map { Split.Grouping.template($0) }
    let field = Shape<Split.Grouping>.record("group-by") { fields in
      let field = fields.optional("field", .nonEmptyText(), "The field that must be equal; unless set, the prompt.")
      let until = fields.optional("until", .nonEmptyText(), "Up to the first occurrence of this text.")
      let ignore = fields.optional(
        "ignore", Shape<ExactOptions.Ignored>.wordSet(), default: [], "What does not tell texts apart.")
      if let field { return .field(field, until: until, ignoring: ignore) }
      fields.refuse("until", without: "field")
      // Records with equal prompts stay together anyhow.
      if !fields.has("field"), !fields.has("ignore") { fields.demand("field") }
      return .prompt(ignoring: ignore)
    }
    return Shape(.either([template.form, field.form])) { node, reading in
      node.scalar == nil ? field.read(node, reading) : template.read(node, reading)
    }
  }
}

extension DataSelection {
  static var shape: Shape<DataSelection> {
    let one = trained.map { DataSelection(parts: [Part(reference: $0, weight: 1)]) }
    let mixture = Shape<DataSelection>.record("data") { fields in
      fields.required("mixture", weighted, "Weights by data set.")
    }
    return Shape(.either([one.form, mixture.form])) { node, reading in
      node.scalar == nil ? mixture.read(node, reading) : one.read(node, reading)
    }
  }

  /// Without a part named: the part `train`, if there is one.
  private static var trained: Shape<DataReference> {
    Shape<DataReference>.data.check { reference, _, reading in
      let splits = reading.names.splits(of: reference.dataset) ?? nil
      guard reference.split == nil, splits?.contains("train") ?? false else { return reference }
      return DataReference(dataset: reference.dataset, split: "train")
    }
  }

  private static var weighted: Shape<DataSelection> {
    let weight = Shape<Double>.number(.above(0))
    return Shape(.named(weight.form, atLeast: 1)) { node, reading in
      guard let weights = Shape<Named<Double>>.named(weight, atLeast: 1).read(node, reading) else { return nil }
      let parts = (node.entries ?? []).compactMap { entry -> Part? in
        let name = Node(.scalar(Scalar(entry.key.text, style: .singleQuoted)), location: entry.key.location)
        guard let reference = trained.read(name, reading) else { return nil }
        return Part(reference: reference, weight: weights[entry.key.text] ?? 1)
      }
      return DataSelection(parts: parts)
    }
  }
}
