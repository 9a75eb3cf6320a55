// What goes along while a tree is read: the faults found so far, the key at hand, and the names that can be referred to.
// Knows nothing of any section of a spec.

import Diagnostics
import YAML

/// The state of one reading of one tree.
final class Reading {
  /// A fault and its place.
  struct Located: Hashable {
    let fault: SpecFault
    let place: SourcePlace
    var isWarning = false
  }

  private(set) var faults: [Located] = []
  /// The faults that are no warnings.
  var errors: [Located] { faults.filter { !$0.isWarning } }
  /// Whether required keys may be absent because an axis will give them.
  let isPartial: Bool
  /// The names that can be referred to.
  let names: NameTable
  /// Other files that a spec counts on; whether they are there is found out by whoever can look.
  private(set) var mentions: [Mention] = []
  private var keys: [(text: String, key: Node.Key?)] = []

  /// A file that a spec names.
  struct Mention {
    let path: LocalPath
    let place: SourcePlace
    let isSpec: Bool
  }

  init(partial: Bool = false, names: NameTable = NameTable()) {
    isPartial = partial
    self.names = names
  }

  /// The key whose value is being read.
  var key: String { keys.last?.text ?? "the file" }

  /// What holds the keys at hand, for messages.
  var holder: String { keys.isEmpty ? "The spec" : "`\(key)`" }

  /// How much has been found so far.
  var mark: (faults: Int, mentions: Int) { (faults.count, mentions.count) }

  /// Forgets what was found since.
  func goBack(to mark: (faults: Int, mentions: Int)) {
    faults.removeLast(faults.count - mark.faults)
    mentions.removeLast(mentions.count - mark.mentions)
  }

  /// Forgets the faults for which the condition does not hold.
  func keep(_ condition: (SpecFault) -> Bool) { faults.removeAll { !condition($0.fault) } }

  /// The keys from the top to the one at hand.
  var path: [String] { keys.map(\.text) }

  /// Reads something under a key.
  func within<Value>(_ key: String, _ written: Node.Key? = nil, _ read: () -> Value?) -> Value? {
    keys.append((key, written))
    defer { keys.removeLast() }
    return read()
  }

  func note(_ fault: SpecFault, _ node: Node) { note(fault, node.place) }

  /// The most faults that one reading notes: nobody mends more at once, and each costs a look at its line.
  static let mostFaults = 500

  func note(_ fault: SpecFault, _ place: @autoclosure () -> SourcePlace) { add(fault, place()) }

  func warn(_ fault: SpecFault, _ place: @autoclosure () -> SourcePlace) { add(fault, place(), isWarning: true) }

  private func add(_ fault: SpecFault, _ place: @autoclosure () -> SourcePlace, isWarning: Bool = false) {
    if faults.count < Self.mostFaults {
      faults.append(Located(fault: fault, place: place(), isWarning: isWarning))
    } else if faults.count == Self.mostFaults {
      faults.append(Located(fault: .tooManyFaults(most: Self.mostFaults), place: place()))
    }
  }

  /// Another experiment's spec is counted on.
  func referenced(_ path: LocalPath, _ place: SourcePlace) {
    mentions.append(Mention(path: path, place: place, isSpec: true))
  }

  /// A file of published numbers is counted on.
  func published(_ path: LocalPath, _ place: SourcePlace) {
    mentions.append(Mention(path: path, place: place, isSpec: false))
  }

  /// The data sets trained on must have answers.
  func needsVerifier(in what: String, _ place: SourcePlace?) { needsVerifier(of: names.trainedOn, in: what, place) }

  /// Data sets must have answers.
  func needsVerifier(of datasets: [String], in what: String, _ place: SourcePlace?) {
    guard let place, !isPartial else { return }
    for name in datasets where names.splits(of: name) != nil {
      if !names.answered.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
        note(.noAnswer(dataset: name, by: what), place)
      }
    }
  }

  /// Data sets must have options to choose from and, where a letter is the answer, say how the letters are written.
  ///
  /// Of files nothing is known before they are read; a task's records are known.
  func needsOptions(of datasets: [String], letters: SourcePlace?, _ place: SourcePlace?) {
    guard !isPartial else { return }
    for name in datasets where names.splits(of: name) != nil {
      if let place, names.optionless.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
        note(.noOptions(dataset: name), place)
      } else if let letters, !names.lettered.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
        note(.noLetters(dataset: name), letters)
      }
    }
  }

  /// Where a person looks for a key that is not there: the key of the mapping that lacks it.
  func placeForMissing(in node: Node) -> SourcePlace {
    guard let key = keys.last?.key, key.location.source === node.location.source else { return node.place }
    return key.place
  }

  /// What was found, short enough for a message: the text itself if it is short text.
  func found(_ node: Node) -> String {
    guard let scalar = node.scalar, case .text(let text) = scalar.value else { return node.kindInWords }
    return text.count <= 24 && !text.contains("\n") ? "the text `\(text)`" : "text"
  }

  /// Whether a value means that its key is not set.
  static func isAbsent(_ node: Node?) -> Bool {
    guard let node else { return true }
    return node.scalar?.style == .plain && node.scalar?.text == "none"
  }
}

/// The names that a spec gives to things, known before anything is read so that every section can refer to them.
struct NameTable {
  var models: [String] = []
  /// Data sets and the names of their parts; nil if they have none.
  var datasets: [(name: String, splits: [String]?)] = []
  /// The data sets that `data:` names.
  var trainedOn: [String] = []
  /// The data sets of which nothing is known because what they are the same as could not be found.
  var unknown: [String] = []
  /// The data sets that know what is right.
  var answered: [String] = []
  /// The data sets of tasks whose records have no options.
  var optionless: [String] = []
  /// The data sets that say how options are written.
  var lettered: [String] = []
  var evals: [String] = []
  /// The numbers that each eval gives, by its name.
  var numbers: [(eval: String, names: [String])] = []
  var variables: [String] = []
  var axes: [(name: String, arms: [String])] = []

  init() {}

  /// Collects the names that a tree gives.
  ///
  /// - Parameters:
  ///   - tree: The tree of a spec or of a cell.
  ///   - axes: The axes where the tree has them no longer, because it is a cell.
  init(_ tree: Node, axes: [(name: String, arms: [String])]? = nil) {
    func keys(_ node: Node?) -> [String] { node?.entries?.map(\.key.text) ?? [] }
    models = keys(tree["models"])
    datasets = (tree["datasets"]?.entries ?? []).map { entry in
      let splits = entry.value["split"]?.entries?.map(\.key.text).filter { $0 != "group-by" }
      return (entry.key.text, splits)
    }
    evals = keys(tree["evals"])
    numbers = (tree["evals"]?.entries ?? []).map { entry in
      let kind = entry.value.entries?.first?.key.text ?? entry.value.scalar?.text ?? ""
      return (entry.key.text, Eval.numbers(of: entry.key.text, kind: kind))
    }
    variables = keys(tree["variables"])
    unknown = (tree["datasets"]?.entries ?? []).filter { $0.value["same-as"] != nil }.map(\.key.text)
    answered = (tree["datasets"]?.entries ?? []).compactMap { entry in
      let hasAnswer =
        entry.value["same-as"] != nil || !Reading.isAbsent(entry.value["answer"])
        || entry.value["source"]?["task"] != nil
      return hasAnswer ? entry.key.text : nil
    }
    for entry in tree["datasets"]?.entries ?? [] where entry.value["same-as"] == nil {
      let task = entry.value["source"]?["task"]?.entries?.first?.key.text
      if let task, !task.utf8.elementsEqual(Self.taskWithOptions.utf8) { optionless.append(entry.key.text) }
    }
    lettered = (tree["datasets"]?.entries ?? []).compactMap { entry in
      entry.value["same-as"] != nil || !Reading.isAbsent(entry.value["options"]) ? entry.key.text : nil
    }
    self.axes = axes ?? Self.axes(of: tree)
    trainedOn = Self.dataNames(tree["data"])
  }

  /// The one built-in task whose records are multiple-choice.
  private static let taskWithOptions = "tracking-shuffled-objects"

  static func axes(of tree: Node) -> [(name: String, arms: [String])] {
    (tree["ablations"]?.entries ?? []).map { ($0.key.text, $0.value.entries?.map(\.key.text) ?? []) }
  }

  func splits(of dataset: String) -> [String]?? {
    datasets.first { $0.name.utf8.elementsEqual(dataset.utf8) }.map(\.splits)
  }

  private static func dataNames(_ node: Node?) -> [String] {
    let written =
      node?.scalar.map { [$0.text] } ?? node?["mixture"]?.entries?.map(\.key.text)
      ?? node?["mixture"]?.elements?.compactMap { $0.scalar?.text } ?? []
    return written.map { text in String(text.split(separator: "/", maxSplits: 1).first ?? "") }
  }
}
