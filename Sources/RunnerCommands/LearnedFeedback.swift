// What the trainings of a cell learned from, in the forms of other programs: TRL's pairs and CUT's judgments.
// Finds stored examples and writes them down; trains nothing.

import Diagnostics
import JSON
import Planning
import Records
import Reporting
import Specification
import Storage

/// The feedback of a cell: the examples of its trainings, or what its reviser made where nothing is trained.
struct LearnedFeedback {
  /// What the examples are called: the labels of the steps that made them.
  let labels: [String]
  let records: [FeedbackRecord]
  private let user: String
  private let stored: StoredGraph
  private let command: String

  /// Finds the feedback of a cell.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - choice: The cell and the seed; nil for the only ones.
  ///   - stored: The plan's steps.
  ///   - command: What stores them, for the message that they are not.
  /// - Throws: ``CommandError`` or ``FeedbackExportFault``, or what reading the store throws.
  init(_ experiment: PlannedExperiment, _ choice: PolicyChoice, in stored: StoredGraph, command: String) throws {
    let graph = stored.graph
    let user = try Self.user(of: experiment, choice.cell)
    let trainings = try Self.trainings(of: experiment, choice.cell, graph)
    let outputs = try Self.outputs(for: user, experiment, choice.seed, graph, trainings)
    var records: [FeedbackRecord] = []
    for output in outputs {
      guard let own = try stored.records(FeedbackRecord.self, of: output) else {
        throw PolicyError.notStored(step: graph.step(output.step).label, store: stored.store.path, command: command)
      }
      records += own
    }
    labels = outputs.map { graph.step($0.step).label }
    (self.records, self.user, self.stored, self.command) = (records, user, stored, command)
  }

  /// The cell's own trainings: models that it uses may be trained as well, from other examples.
  private static func trainings(
    of experiment: PlannedExperiment, _ cell: String?, _ graph: StepGraph
  ) throws -> Set<StepID> {
    var planner = Planner(context: Session.context())
    let policies = try planner.planPolicies(of: experiment.experiment)
    return Set(policies.filter { cell == nil || $0.cell == cell }.flatMap { $0.trainings(in: graph) })
  }

  /// A cell as a user of steps.
  private static func user(of experiment: PlannedExperiment, _ cell: String?) throws -> String {
    let names = experiment.experiment.cells.map(\.name)
    let cells = zip(names, experiment.users)
    guard let cell else {
      guard experiment.users.count == 1 else {
        throw FeedbackExportFault.severalCells(
          spec: experiment.experiment.path, names.map { "--cell \(ShellWord.quoted($0))" })
      }
      return experiment.users[0]
    }
    guard let found = cells.first(where: { $0.0 == cell }) else {
      throw CommandError.unknownName(what: "cell", name: cell, known: names)
    }
    return found.1
  }

  /// The examples of a cell's trainings in the order of the rounds, each once; else what its reviser gives.
  private static func outputs(
    for user: String, _ experiment: PlannedExperiment, _ seed: Int?, _ graph: StepGraph, _ trainings: Set<StepID>
  ) throws -> [OutputReference] {
    let own = graph.steps.filter { graph.users[$0.id]?.contains(user) ?? false }
    var seeds: [(seed: Int, examples: [OutputReference])] = []
    for step in own {
      guard trainings.contains(step.id), case .train(let work) = step.work,
        let examples = step.inputs.first(where: { $0.name == "examples" })?.source
      else { continue }
      let index = seeds.firstIndex { $0.seed == work.seed } ?? seeds.count
      if index == seeds.count { seeds.append((work.seed, [])) }
      if !seeds[index].examples.contains(examples) { seeds[index].examples.append(examples) }
    }
    if let seed {
      guard let found = seeds.first(where: { $0.seed == seed }) else {
        throw CommandError.unknownName(what: "seed", name: String(seed), known: seeds.map { String($0.seed) })
      }
      return found.examples
    }
    guard Set(seeds.map(\.examples)).count < 2 else {
      throw FeedbackExportFault.severalSeeds(user: user, seeds.map { "--seed \($0.seed)" })
    }
    if let only = seeds.first { return only.examples }
    let wanted = own.filter { $0.kind == .revise && experiment.wanted.contains($0.id) }
    guard !wanted.isEmpty else { throw FeedbackExportFault.noFeedback(user: user) }
    return wanted.map { OutputReference($0.id, "feedback") }
  }

  // MARK: - Forms

  /// The pairs as TRL's DPOTrainer reads them, a line each.
  ///
  /// - Parameter isPlain: Whether prompt and responses are texts; else they are lists of messages.
  /// - Returns: The lines.
  /// - Throws: ``FeedbackExportFault`` if there is no pair, or a prompt is no text.
  func pairs(isPlain: Bool) throws -> [JSONValue] {
    var lines: [JSONValue] = []
    for record in records {
      for case .pair(let chosen, let rejected) in record.items {
        let prompt = isPlain ? .string(try text(of: record, instead: "leave --plain out")) : Self.messages(record.turns)
        func reply(_ response: Response) -> JSONValue {
          isPlain ? .string(response.text) : Self.messages([Message(.assistant, response.text)])
        }
        lines.append(.members(["prompt": prompt, "chosen": reply(chosen), "rejected": reply(rejected)]))
      }
    }
    if lines.isEmpty { throw FeedbackExportFault.none(of: "pairs", labels, isElse: kinds) }
    return lines
  }

  /// The judgments as CUT's data have them: `id`, `instruction`, `input`, `output` and `judgment`, which is empty where
  /// a response is acceptable.
  ///
  /// Data that have an instruction of their own give it as it is: the words around it, which the spec's prompt adds,
  /// CUT's code adds, too. Of other data the whole prompt is the instruction.
  ///
  /// - Returns: One mapping for each response.
  /// - Throws: ``FeedbackExportFault`` if there is no judgment, or a prompt is no text; what reading the store throws.
  func judgments() throws -> [JSONValue] {
    let data = try fields()
    var judgments: [JSONValue] = []
    for record in records {
      let own = data[record.id] ?? JSONObject()
      for case .judged(let response, let judgment, _) in record.items {
        let bare = own["instruction"]?.stringValue
        let instruction = try bare ?? text(of: record, instead: "take pairs, which hold dialogues")
        let input = bare == nil ? nil : own["input"]?.stringValue
        judgments.append(
          .members([
            "id": own["id"] ?? .string(record.id.description), "instruction": .string(instruction),
            "input": .string(input ?? ""), "output": .string(response.text), "judgment": .string(judgment ?? ""),
          ]))
      }
    }
    if judgments.isEmpty { throw FeedbackExportFault.none(of: "judgments", labels, isElse: kinds) }
    return judgments
  }

  /// The fields of the data that the cell's prompts were rendered from.
  private func fields() throws -> [RecordID: JSONObject] {
    let sources = stored.graph.steps.filter { $0.kind == .render && stored.graph.users[$0.id]?.contains(user) ?? false }
      .compactMap { step in step.inputs.first { $0.name == "records" }?.source }
    var fields: [RecordID: JSONObject] = [:]
    for source in sources.distinct {
      guard let own = try stored.fields(of: source) else {
        throw PolicyError.notStored(
          step: stored.graph.step(source.step).label, store: stored.store.path, command: command)
      }
      for record in SourceRecord.identified(own) { fields[record.id] = record.fields }
    }
    return fields
  }

  /// The kinds of items there are, in words.
  private var kinds: [String] {
    let words = records.flatMap(\.items).map { item in
      switch item {
      case .pair: "pairs"
      case .judged: "judgments"
      case .ranking: "rankings"
      case .relabeled: "relabeled responses"
      case .response: "single responses"
      }
    }
    return Set(words).sorted()
  }

  private func text(of record: FeedbackRecord, instead: String) throws -> String {
    guard record.turns.count == 1, let turn = record.turns.first, turn.role == .user else {
      throw FeedbackExportFault.dialogue(record: record.id.description, turns: record.turns.count, instead: instead)
    }
    return turn.text
  }

  private static func messages(_ turns: [Message]) -> JSONValue {
    .array(turns.map { .members(["role": .string($0.role.rawValue), "content": .string($0.text)]) })
  }
}

/// Why feedback cannot be written in another program's form.
enum FeedbackExportFault: DiagnosableError, Hashable {
  /// The cell is not said.
  case severalCells(spec: String, [String])
  /// Seeds learned from different examples.
  case severalSeeds(user: String, [String])
  /// The cell neither trains nor revises.
  case noFeedback(user: String)
  /// There is feedback, but not of this kind.
  case none(of: String, [String], isElse: [String])
  /// A prompt of several turns has no place in a form that holds one text.
  case dialogue(record: String, turns: Int, instead: String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .severalCells(let spec, let choices):
      [
        Diagnosis(
          "export.several-cells", "\(spec) has \(choices.count) cells, and it is not said which one is meant",
          notes: Array(choices.prefix(40)), remedy: "Name one of them with --cell.", exit: .usage)
      ]
    case .severalSeeds(let user, let choices):
      [
        Diagnosis(
          "export.several-seeds", "the seeds of \(user) learned from different examples", notes: choices,
          remedy: "Name one of them with --seed.", exit: .usage)
      ]
    case .noFeedback(let user):
      [
        Diagnosis(
          "export.no-feedback", "\(user) has no feedback: it neither trains nor revises",
          remedy: "Name a cell with `reviser:`, or write what evals saw with --records.", exit: .usage)
      ]
    case .none(let kind, let labels, let others):
      [
        Diagnosis(
          "export.no-such-feedback", "\(labels.joined(separator: ", ")): there are no \(kind)",
          remedy: others.isEmpty
            ? "Every response was left over: `runner show` says why." : "There are \(others.joined(separator: ", ")).",
          exit: .usage)
      ]
    case .dialogue(let record, let turns, let instead):
      [
        Diagnosis(
          "export.dialogue", "the prompt of record \(record) has \(turns) turns, and this form holds one text",
          remedy: "\(instead.prefix(1).uppercased() + instead.dropFirst()).", exit: .usage)
      ]
    }
  }
}
