// The steps that lead from a data set's source to prompts.

import Diagnostics
import Digests
public import Specification
import YAML

extension CellPlanner {
  /// A part of a data set as records.
  struct DataPart {
    let name: String
    let dataset: Dataset
    let reference: DataReference
    let split: StepID
    let output: String
    /// The round that takes its own records, counted from 1, and the step that takes them; nil for all records.
    var round: (number: Int, records: OutputReference)?
    var label: String { reference.text + (round.map { ", round \($0.number)" } ?? "") }
    var records: OutputReference { round?.records ?? OutputReference(split, output) }
  }

  /// The records of a part of a data set.
  ///
  /// - Parameters:
  ///   - reference: The part.
  ///   - asker: The part of the spec that asks for it.
  ///   - round: Which of several sources, counted from 0.
  /// - Returns: The records; a step that cannot run gives those of a part that nothing sets aside.
  /// - Throws: ``PlanningError``, or what reading a spec throws.
  mutating func records(_ reference: DataReference, for asker: String, round: Int = 0) throws -> DataPart {
    guard let dataset = experiment.datasets[reference.dataset] else { fatalError("an unresolved name: our own bug") }
    let path = "datasets/\(reference.dataset.escapedKey)"
    let ingest = try ingest(
      source(dataset, round: round), name: reference.dataset, path: sourcePath(dataset, round, under: path))
    let whole = Named<Split.Size>([.init("all", .rest)])
    let split = reference.split == nil ? nil : dataset.split
    if let part = reference.split, split?.parts[part] == nil {
      // The reader lets a data set of another file lack a part that the language knows by name.
      let missing = unavailable(
        .split, "split \(reference.text)", path: asker,
        inputs: [StepInput("records", OutputReference(ingest, "records"))],
        reason: .missingPart(part, dataset: reference.dataset))
      return DataPart(name: reference.dataset, dataset: dataset, reference: reference, split: missing, output: part)
    }
    let work = SplitWork(
      parts: split?.parts.inSplitOrder ?? whole, groupBy: split?.groupBy,
      promptFields: dataset.prompt.fields(bound: experiment.variables.names + ["options"]),
      dialogue: dataset.prompt.dialogueBeforeReply, limit: context.limit)
    var paths = ["group-by": "\(path)/split/group-by"]
    for (index, part) in work.parts.entries.enumerated() {
      paths["parts/\(index)/size"] = "\(path)/split/\(part.name.escapedKey)"
    }
    let id = add(
      .split(work), "split \(reference.dataset)", inputs: [StepInput("records", OutputReference(ingest, "records"))],
      at: paths)
    return DataPart(
      name: reference.dataset, dataset: dataset, reference: reference, split: id, output: reference.split ?? "all")
  }

  /// The records of a part that a round takes, counted from 0.
  mutating func records(_ reference: DataReference, takenBy round: Int) throws -> DataPart {
    var part = try records(reference, for: "data", round: round)
    guard case .count(let count) = experiment.rounds.records else {
      if experiment.rounds.count > 1 { part.round = (round + 1, part.records) }
      return part
    }
    let rounds = experiment.rounds.count
    let size = context.limit.map { max(1, min(count, $0 / rounds)) } ?? count
    // Where every round has a source of its own, each begins with its first record.
    var first = round * size
    if case .rounds(let sources) = part.dataset.source { first = round / sources.count * size }
    let step = add(
      .take(TakeWork(first: first, count: size)), "take \(reference.text), round \(round + 1)",
      inputs: [StepInput("records", part.records)], at: ["first": "rounds/records", "count": "rounds/records"])
    part.round = (round + 1, OutputReference(step, "records"))
    return part
  }

  private func source(_ dataset: Dataset, round: Int) -> Source {
    guard case .rounds(let sources) = dataset.source else { return dataset.source }
    return sources[round % sources.count]
  }

  /// Where the source of a round is written.
  private func sourcePath(_ dataset: Dataset, _ round: Int, under path: String) -> String {
    guard case .rounds(let sources) = dataset.source else { return "\(path)/source" }
    return "\(path)/source/rounds/\(round % sources.count)"
  }

  private mutating func ingest(_ source: Source, name: String, path: String) throws -> StepID {
    let format: IngestWork.Format
    var file: FileReference?
    switch source {
    case .jsonl(let reference): (format, file) = (.jsonl, reference)
    case .json(let json): (format, file) = (.json(records: json.records), json.file)
    case .csv(let csv): (format, file) = (.csv(delimiter: csv.delimiter), csv.file)
    case .bigbench(let reference): (format, file) = (.bigbench, reference)
    case .task(let task): format = .task(task)
    case .rounds: fatalError("rounds of rounds are refused by the reader: our own bug")
    }
    let work = IngestWork(
      format: format, displayName: file?.origins.first?.openedName ?? name,
      expectedRecords: experiment.expect.records[name])
    var inputs: [StepInput] = []
    if let file { inputs.append(StepInput("file", OutputReference(try fetch(file, path: path), "file"))) }
    return add(
      .ingest(work), "ingest \(name)", inputs: inputs, at: leafPaths(of: work.options, under: path))
  }

  /// The options of a source stand under its tag.
  private func leafPaths(of options: Manifest, under path: String) -> [String: String] {
    var paths: [String: String] = [:]
    let source = experiment.tree.node(at: path)
    for tag in ["task/object-counting", "task/tracking-shuffled-objects", "task/word-sorting", "task/arithmetic"]
    where source?.node(at: tag) != nil {
      for leaf in options.leaves { paths[leaf.name] = "\(path)/\(tag)/\(leaf.name)" }
    }
    // Of a file the tag is the format itself: what is wrong with the file as a whole is told there.
    for tag in ["jsonl", "json", "csv", "bigbench"] where source?.node(at: tag) != nil {
      for leaf in options.leaves { paths[leaf.name] = "\(path)/\(tag)/\(leaf.name)" }
      paths["format"] = "\(path)/\(tag)"
    }
    return paths
  }

  /// The step that gets a file.
  mutating func fetch(_ file: FileReference, path: String) throws -> StepID {
    let digest: Digest?
    switch file.digest {
    case .known(let hex): digest = Digest(hex: hex)
    case .unknown: digest = nil
    case .unstated:
      guard case .path(let local)? = file.origins.first(where: { if case .path = $0 { true } else { false } }) else {
        fatalError("a file without digest has a local path: checked by the reader")
      }
      do {
        digest = try context.digestOfFile(local.resolved)
      } catch let error as any DiagnosableError {
        throw error.placed(at: experiment.nearestPlace(of: path))
      }
    }
    let name = file.origins.first?.displayName ?? "file"
    let work = FetchWork(digest: digest, origins: file.origins, licences: file.licence.map { [$0] } ?? [])
    return add(.fetch(work), "fetch \(name)", at: ["sha256": digestPath(under: path)])
  }

  /// Where a file's digest stands; else what is said of the file.
  private func digestPath(under path: String) -> String {
    let tags = ["jsonl", "json", "csv", "bigbench", "gguf", "safetensors", "pypi", "huggingface"]
    let paths = ["\(path)/sha256"] + tags.map { "\(path)/\($0)/sha256" }
    return paths.first { experiment.place(of: $0) != nil } ?? path
  }

  /// The prompts of a part of a data set.
  mutating func prompts(
    _ part: DataPart, prompt: Prompt?, promptPath: String?, variables: Named<String>, texts: Named<Template> = Named(),
    variablePaths: [String: String] = [:], textPaths: [String: String] = [:], lettersAnswer: Bool = true,
    withoutTurns: Bool = false
  ) throws -> StepID {
    let path = "datasets/\(part.name.escapedKey)"
    let asked = withoutTurns ? nil : prompt ?? part.dataset.prompt
    let work = RenderWork(
      prompt: asked, answer: part.dataset.answer?.from, optionFormat: part.dataset.options,
      lettersAnswer: lettersAnswer,
      variables: merged(variables, experiment.variables), texts: texts)
    var inputs = [StepInput("records", part.records)]
    if let shots = asked?.shots { inputs.append(StepInput("shots", OutputReference(part.split, shots.from))) }
    var paths = textPaths
    for leaf in work.options.leaves where leaf.name.hasPrefix("prompt") {
      paths[leaf.name] = leaf.name.replacingPrefix("prompt", with: promptPath ?? "\(path)/prompt")
    }
    paths["answer"] = "\(path)/answer/from"
    for variable in experiment.variables.names { paths["variables/\(variable)"] = "variables/\(variable.escapedKey)" }
    for (variable, path) in variablePaths { paths["variables/\(variable)"] = path }
    return add(.render(work), "render \(part.label)", inputs: inputs, at: paths)
  }

  private func merged(_ inner: Named<String>, _ outer: Named<String>) -> Named<String> {
    Named(inner.entries + outer.entries.filter { inner[$0.name] == nil })
  }
}

extension Origin {
  /// What the user calls the file.
  public var displayName: String {
    switch self {
    case .path(let path): path.written
    case .https(let url): url
    case .huggingface(let origin): "\(origin.repository)/\(origin.file ?? "weights")"
    case .pypi(let origin): origin.file ?? "\(origin.package) \(origin.version)"
    }
  }
}

extension Origin {
  /// What an editor started where the program was finds the file by; elsewhere what the user calls it.
  fileprivate var openedName: String { if case .path(let path) = self { path.resolved } else { displayName } }
}

extension String {
  /// A key as a part of a path through the spec.
  var escapedKey: String {
    var result = ""
    for character in self {
      switch character {
      case "~": result += "~0"
      case "/": result += "~1"
      default: result.append(character)
      }
    }
    return result
  }

  func replacingPrefix(_ prefix: String, with other: String) -> String {
    hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
  }
}

extension Named<Split.Size> {
  /// `heldout`, then `validation`, then the others by name, `train` last: the order in which a file names them decides nothing.
  fileprivate var inSplitOrder: Named {
    func rank(_ name: String) -> Int { ["heldout": 0, "validation": 1, "train": 3][name] ?? 2 }
    return Named(
      entries.sorted { left, right in
        let (one, other) = (rank(left.name), rank(right.name))
        return one == other ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : one < other
      })
  }
}
