// From what people type to objects and step results: digests, beginnings of digests, and labels.

import Diagnostics
import Digests
import JSON
import Storage

/// Finds what a name means in a store.
struct StoreNames {
  let store: Store

  /// The fewest digits of a digest that are taken for one.
  static let fewestDigits = 4

  /// The one object whose digest is, or begins like, the name; nil if there is none.
  func object(_ name: String) throws -> Digest? {
    guard let prefix = Self.prefix(name) else { return nil }
    return try one(of: try store.objects(beginning: prefix), name, "object")
  }

  /// The key of the one step result whose key is, or begins like, the name, or whose label it is; nil if there is none.
  func step(_ name: String) throws -> Digest? {
    if let prefix = Self.prefix(name), let key = try one(of: try store.steps(beginning: prefix), name, "step") {
      return key
    }
    let labeled = try store.allResults().filter { $0.result.provenance["label"]?.stringValue == name }
    return try one(of: labeled.map(\.key), name, "step")
  }

  /// The key of the one step result of that name.
  ///
  /// - Throws: ``StoreNameFault`` if there is none, or more than one.
  func requiredStep(_ name: String) throws -> Digest {
    if let key = try step(name) { return key }
    throw StoreNameFault.unknown(name: name, what: "step result")
  }

  private func one(of found: [Digest], _ name: String, _ what: String) throws -> Digest? {
    guard found.count < 2 else { throw StoreNameFault.ambiguous(name: name, what: what, found) }
    return found.first
  }

  private static func prefix(_ name: String) -> String? {
    guard (fewestDigits...64).contains(name.utf8.count), name.allSatisfy(\.isHexDigit) else { return nil }
    return name.lowercased()
  }
}

/// Names that mean nothing in a store, or too much.
enum StoreNameFault: DiagnosableError, Hashable {
  /// Nothing is called so.
  case unknown(name: String, what: String)
  /// Several things are.
  case ambiguous(name: String, what: String, [Digest])
  /// A step's output has to be named.
  case noOutput(name: String?, step: Digest, known: [String])

  var diagnoses: [Diagnosis] {
    switch self {
    case .unknown(let name, let what):
      [
        Diagnosis(
          "store.unknown-name", "no \(what) in the store is called `\(name)`",
          remedy: "`runner store ls` shows what there is; a digest needs at least \(StoreNames.fewestDigits) digits.",
          exit: .usage)
      ]
    case .ambiguous(let name, let what, let found):
      [
        Diagnosis(
          "store.ambiguous-name", "`\(name)` may be any of \(found.count) \(what)s", notes: found.prefix(20).map(\.hex),
          remedy: name.allSatisfy(\.isHexDigit)
            ? "Give more digits." : "Give one of these keys; `runner show SPEC --step` looks among a spec's own steps.",
          exit: .usage)
      ]
    case .noOutput(let name, let step, let known):
      [
        Diagnosis(
          "store.no-output",
          name.map { "the step \(step.short) has no output `\($0)`" }
            ?? "the step \(step.short) has \(known.count) outputs",
          remedy: "Name one of them: \(known.joined(separator: ", ")).", exit: .usage)
      ]
    }
  }
}
