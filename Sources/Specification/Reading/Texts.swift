// Shapes of texts with a grammar of their own: templates, digests, paths, names.
// Knows nothing of where in a spec they stand.

import Diagnostics
import YAML

extension Shape where Value == Template {
  /// A template.
  static var template: Shape<Template> {
    Shape<String>.text("text with `{fields}`").check { text, node, reading in
      do throws(TemplateFault) {
        return try Template(text)
      } catch {
        reading.note(
          .badTemplate(error.kind, piece: error.piece), node.place(ofPiece: error.piece, at: error.offset, in: text))
        return nil
      }
    }
  }

  /// A template that must use a field.
  static func template(using field: String) -> Shape<Template> {
    template.check { template, node, reading in
      if !template.fields.contains(field) { reading.note(.templateLacks(field: field, key: reading.key), node) }
      return template
    }
  }
}

extension Node {
  /// Where a piece of a scalar's text stands in the file.
  ///
  /// The piece is looked for as it is written: folding and escapes hardly ever fall into one. If they do, the scalar's
  /// own place is given.
  func place(ofPiece piece: String, at offset: Int, in text: String) -> SourcePlace {
    let bytes = Array(text.utf8)
    let wanted = Array(piece.utf8)
    var earlier = 0
    var index = 0
    while index < offset {
      if bytes[index...].starts(with: wanted) { earlier += 1 }
      index += 1
    }
    let raw = location.source.bytes
    var position = location.range.lowerBound
    let end = min(location.range.upperBound, raw.count)
    while position < end, !wanted.isEmpty {
      if raw[position..<end].starts(with: wanted) {
        if earlier == 0 { return location.source.place(position..<position + wanted.count) }
        earlier -= 1
      }
      position += 1
    }
    return place
  }
}

extension Shape where Value == StatedDigest {
  /// A SHA-256 digest or `unknown`.
  static var digest: Shape<StatedDigest> {
    Shape(.text(pattern: "^([0-9a-f]{64}|unknown)$")) { node, reading in
      // Digits alone would be a number to YAML; a digest is text however it looks.
      guard let text = node.scalar?.text else {
        reading.note(.wrongType(key: reading.key, expected: "a digest", found: node.kindInWords), node)
        return nil
      }
      if text == "unknown" { return .unknown }
      let isHexadecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
      if text.utf8.count == 64, isHexadecimal { return .known(text) }
      reading.note(.badDigest(text), node)
      return nil
    }
  }
}

extension Shape where Value == LocalPath {
  /// A path, relative to the file that says it.
  static var path: Shape<LocalPath> {
    let text = Shape<String>.nonEmptyText("a path")
    return Shape(.path) { node, reading in
      text.read(node, reading).map { LocalPath(written: $0, resolved: PathText.resolve($0, at: node)) }
    }
  }
}

/// What texts look like, for schemas.
enum Texts {
  /// A text that is not empty.
  static let something = "[\\s\\S]"
}

/// Paths as text.
enum PathText {
  /// The path that a node says, joined with the folder of its file.
  static func resolve(_ path: String, at node: Node) -> String { resolve(path, fromFile: node.location.source.file) }

  /// The path, joined with the folder of the file that says it; `.` and `..` are folded.
  static func resolve(_ path: String, fromFile file: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") { return normalized(path) }
    // What stands in a setting is relative to where the program runs, as if its file had no folder.
    guard let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else { return normalized(path) }
    return normalized(String(file[...slash]) + path)
  }

  static func normalized(_ path: String) -> String {
    let isAbsolute = path.utf8.first == UInt8(ascii: "/")
    var steps: [Substring] = []
    for step in path.split(separator: "/", omittingEmptySubsequences: true) where step != "." {
      if step == "..", let last = steps.last, last != ".." {
        steps.removeLast()
      } else if step != ".." || !isAbsolute {
        steps.append(step)
      }
    }
    if steps.isEmpty { return isAbsolute ? "/" : "." }
    return (isAbsolute ? "/" : "") + steps.joined(separator: "/")
  }
}

extension Shape where Value == String {
  /// A name that other places refer to.
  static func name(of kind: String, among known: @escaping (NameTable) -> [String]) -> Shape<String> {
    Shape<String>.nonEmptyText("the name of a \(kind)").check { name, node, reading in
      let names = known(reading.names)
      if names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) { return name }
      reading.note(.unresolved(kind: kind, name, known: names), node)
      return nil
    }
  }

  /// The name of a model.
  static var modelName: Shape<String> { name(of: "model") { $0.models } }

  /// The name of an eval.
  static var evalName: Shape<String> { name(of: "eval") { $0.evals } }

  /// The name of a number that an eval gives.
  static var numberName: Shape<String> {
    Shape<String>.nonEmptyText("the name of an eval, or of one of its numbers").check { name, node, reading in
      guard let fault = reading.names.numbers.fault(inNumber: name) else { return name }
      reading.note(fault, node)
      return nil
    }
  }

  /// The name of a variable.
  static var variableName: Shape<String> { name(of: "variable") { $0.variables } }

  /// The name of a data set.
  static var datasetName: Shape<String> { name(of: "data set") { $0.datasets.map(\.name) } }
}

extension [(eval: String, names: [String])] {
  /// What is wrong with the name of a number.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - kind: What it is the name of, in words.
  /// - Returns: That no eval gives it, or that it is the name of one that gives several; nil if it is right.
  func fault(inNumber name: String, kind: String = "eval") -> SpecFault? {
    if contains(where: { $0.names.contains { $0.utf8.elementsEqual(name.utf8) } }) { return nil }
    if let several = first(where: { $0.eval.utf8.elementsEqual(name.utf8) }) {
      return .severalNumbers(eval: name, several.names)
    }
    return .unresolved(kind: kind, name, known: flatMap(\.names))
  }
}

extension Shape where Value == DataReference {
  /// `name` or `name/part`.
  static var data: Shape<DataReference> {
    Shape<String>.nonEmptyText("the name of a data set").check { text, node, reading in
      let pieces = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let splits = reading.names.splits(of: pieces[0]) else {
        reading.note(.unresolved(kind: "data set", pieces[0], known: reading.names.datasets.map(\.name)), node)
        return nil
      }
      guard pieces.count == 2 else { return DataReference(dataset: pieces[0], split: nil) }
      if reading.names.unknown.contains(where: { $0.utf8.elementsEqual(pieces[0].utf8) }) {
        return DataReference(dataset: pieces[0], split: pieces[1])
      }
      guard let splits else {
        reading.note(.noSplits(pieces[1], dataset: pieces[0]), node)
        return nil
      }
      guard splits.contains(where: { $0.utf8.elementsEqual(pieces[1].utf8) }) else {
        if pieces[1] == "validation" {
          // The language knows this part by name; that a data set sets none aside yet is for its file to mend.
          reading.warn(.noValidation(dataset: pieces[0]), node.place)
          return DataReference(dataset: pieces[0], split: pieces[1])
        }
        reading.note(.unknownSplit(pieces[1], dataset: pieces[0], known: splits), node)
        return nil
      }
      return DataReference(dataset: pieces[0], split: pieces[1])
    }
  }
}

extension Shape where Value == EvalData {
  /// `name/part`, `name`, or a part's name alone: that part of every data set that is trained on.
  static var evalData: Shape<EvalData> {
    Shape<EvalData>(.text(pattern: nil)) { node, reading in
      guard let text = Shape<String>.nonEmptyText("the name of a data set").read(node, reading) else { return nil }
      let names = reading.names
      let isPartAlone =
        !text.contains("/") && names.splits(of: text) == nil && !names.trainedOn.isEmpty
        && names.trainedOn.contains { name in
          (names.splits(of: name) ?? nil)?.contains { $0.utf8.elementsEqual(text.utf8) } ?? false
        }
      guard isPartAlone else {
        let parts = names.trainedOn.flatMap { (names.splits(of: $0) ?? nil) ?? [] }
        if !text.contains("/"), names.splits(of: text) == nil, !parts.isEmpty {
          let known = names.datasets.map(\.name) + parts
          let unique = known.enumerated().filter { !known[..<$0.offset].contains($0.element) }.map(\.element)
          reading.note(.unresolved(kind: "data set or part", text, known: unique), node)
          return nil
        }
        return Shape<DataReference>.data.read(node, reading).map { EvalData(written: text, parts: [$0]) }
      }
      let parts = names.trainedOn.compactMap { name -> DataReference? in
        let splits = (names.splits(of: name) ?? nil) ?? []
        if splits.contains(where: { $0.utf8.elementsEqual(text.utf8) }) {
          return DataReference(dataset: name, split: text)
        }
        reading.note(.unknownSplit(text, dataset: name, known: splits), node)
        return nil
      }
      return EvalData(written: text, parts: parts)
    }
  }
}
