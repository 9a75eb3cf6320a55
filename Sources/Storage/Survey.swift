// What a store holds, read once: who made what of what. Reads folders and step results, no object and no segment.

import Digests
import JSON

/// A step result, as far as reachability goes.
struct SurveyedStep: Sendable {
  let file: StoredFile
  let label: String
  let manifest: Manifest
  let outputs: [Digest]
  /// The digests of what the step read.
  let inputs: [Digest]
  /// The steps that made the inputs, as far as the result says so.
  let sources: [Digest]
}

/// What is kept under one recipe.
struct SurveyedRecipe: Sendable {
  var files: [StoredFile] = []
  var manifest: Manifest?
  var newest: Int64 { files.map(\.modified).max() ?? 0 }
}

/// Everything in a store.
struct Survey: Sendable {
  private(set) var steps: [Digest: SurveyedStep] = [:]
  private(set) var objects: [Digest: StoredFile] = [:]
  private(set) var recipes: [Digest: SurveyedRecipe] = [:]
  /// The steps that made an object.
  private(set) var makers: [Digest: [Digest]] = [:]
  /// The steps whose results were published, as the index by kind knows, and are gone or damaged, with the time of that.
  private(set) var lost: [Digest: Int64] = [:]
  /// All other files.
  private(set) var others: [StoredFile] = []

  init(_ store: Store) throws(StorageError) {
    try store.eachFile { file throws(StorageError) in
      switch file.kind {
      case .object(let digest): objects[digest] = file
      case .step(let key): steps[key] = try store.result(for: key).map { SurveyedStep(file, $0) }
      case .segment(let recipe): recipes[recipe, default: SurveyedRecipe()].files.append(file)
      case .recipe(let recipe):
        recipes[recipe, default: SurveyedRecipe()].files.append(file)
        recipes[recipe]?.manifest = try store.recipeManifest(recipe)
      default: others.append(file)
      }
    }
    for file in others where file.path.hasPrefix("index/kinds/") {
      guard let key = Digest(hex: String(StoreFiles.base(of: file.path).suffix(Digest.digitCount))), steps[key] == nil
      else { continue }
      lost[key] = max(lost[key] ?? 0, file.modified)
    }
    for (key, step) in steps { for output in step.outputs { makers[output, default: []].append(key) } }
  }

  /// The steps that a step's inputs came from.
  ///
  /// Results of earlier versions do not say it; then every step counts that made such bytes.
  func sources(of step: SurveyedStep) -> [Digest] {
    let told = step.sources.filter { steps[$0] != nil }
    let made = Set(told.flatMap { steps[$0]?.outputs ?? [] })
    return told + step.inputs.filter { !made.contains($0) }.flatMap { makers[$0] ?? [] }
  }
}

extension SurveyedStep {
  fileprivate init(_ file: StoredFile, _ result: StepResult) {
    self.file = file
    label = result.provenance["label"]?.stringValue ?? result.kind
    manifest = result.manifest
    outputs = result.outputs.map(\.digest)
    inputs = result.manifest.leaves.compactMap { leaf in
      guard leaf.name.hasPrefix("inputs/"), case .digest(let digest) = leaf.value else { return nil }
      return digest
    }
    sources =
      result.provenance["sources"]?.objectValue?.sorted.compactMap { $0.value.stringValue.flatMap(Digest.init(hex:)) }
      ?? []
  }
}
