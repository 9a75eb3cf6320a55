// How a file of published numbers is written.
// Knows nothing of the table beside which they stand.

import YAML

extension PublishedNumbers {
  static var shape: Shape<PublishedNumbers> {
    .record("published numbers") { fields in
      let version = fields.required("version", .version, "The version of the spec language: 1.")
      let source = fields.required(
        "source", .nonEmptyText(), "Where the numbers were printed: the paper, its version, the table.")
      let rows = fields.required(
        "rows", .named(.named(PublishedNumber.shape, atLeast: 1), atLeast: 1),
        "The numbers by the rows and columns of the table; shares in percent, `null` where a number is unknown.")
      guard version != nil, let source, let rows else { return nil }
      return PublishedNumbers(source: source, rows: rows)
    }
  }
}

extension PublishedNumber {
  /// A number as the file has it, or `null`.
  static var shape: Shape<PublishedNumber> {
    let number = Shape<Double>.number()
    return Shape(.either([number.form, .null])) { node, reading in
      if node.scalar?.value == .null { return .unknown }
      return number.read(node, reading).map { .number(written: node.scalar?.text ?? "", value: $0) }
    }
  }

  /// The same number as a part of 1, where it is written in percent.
  ///
  /// The text is read with its point moved, so that 47.1 becomes the number that 0.471 is, which a division would not promise.
  var ofPercent: PublishedNumber {
    guard case .number(let written, let value) = self else { return self }
    return .number(written: written, value: Double("\(written)e-2") ?? value / 100)
  }
}
