// What of a store is needed for something: steps, the steps that they were made from, their objects, and the results of
// single records. Knows nothing of files' ages.

public import Digests

/// Something for whose sake results are kept.
public struct StoreRoot: Hashable, Sendable {
  /// What it is called, such as `specs/a.yaml`.
  public let name: String
  /// The keys of its steps, stored or not.
  public let steps: [Digest]
  /// Objects that it names itself, such as files from outside.
  public let objects: [Digest]
  /// What is known of the manifests of those of its steps that are not stored: the results of their records may be.
  public let unfinished: [Manifest]
  /// Whether the steps are all that it needs; otherwise those are kept too that they were made from.
  public let isComplete: Bool
  /// Whether a training of it is not stored and its key not known yet: any checkpoint may be that training's.
  public let awaitsTraining: Bool

  /// Makes a root.
  public init(
    name: String, steps: [Digest], objects: [Digest] = [], unfinished: [Manifest] = [], isComplete: Bool = false,
    awaitsTraining: Bool = false
  ) {
    self.name = name
    self.isComplete = isComplete
    self.awaitsTraining = awaitsTraining
    self.steps = steps
    self.objects = objects
    self.unfinished = unfinished
  }
}

/// What some roots reach, each thing with the first root that reaches it.
struct Reach: Sendable {
  private let survey: Survey
  private(set) var steps: [Digest: String] = [:]
  private(set) var objects: [Digest: String] = [:]
  private(set) var recipes: [Digest: String] = [:]
  /// The keys that were asked for, stored or not: what a checkpoint may belong to.
  private(set) var wanted: [Digest: String] = [:]
  /// Results from which something was made that a root reaches, and that are not there, each with that root: what they were
  /// made from nobody can tell.
  private(set) var lost: [Digest: String] = [:]
  /// The first root that may want any checkpoint.
  private(set) var wantsCheckpoints: String?
  private let recipesByKind: [ManifestValue?: [Digest]]

  init(_ survey: Survey) {
    self.survey = survey
    recipesByKind = Dictionary(grouping: survey.recipes.keys.sorted()) { survey.recipes[$0]?.manifest?["kind"] }
  }

  /// Adds what a root reaches.
  mutating func add(_ root: StoreRoot) {
    if root.awaitsTraining { wantsCheckpoints = wantsCheckpoints ?? root.name }
    for object in root.objects { objects[object] = objects[object] ?? root.name }
    for manifest in root.unfinished { addRecipes(of: manifest, root.name) }
    var rest = root.steps
    var met: Set<Digest> = []
    while let key = rest.popLast() {
      wanted[key] = wanted[key] ?? root.name
      guard met.insert(key).inserted, let step = survey.steps[key] else { continue }
      steps[key] = steps[key] ?? root.name
      for object in step.outputs + step.inputs where objects[object] == nil { objects[object] = root.name }
      addRecipes(of: step.manifest, root.name)
      guard !root.isComplete else { continue }
      rest += survey.sources(of: step)
      for source in step.sources where survey.lost[source] != nil { lost[source] = lost[source] ?? root.name }
    }
  }

  /// Notes results that a root wants itself and that are not there.
  mutating func miss(_ keys: some Sequence<Digest>, for name: String) {
    for key in keys where survey.steps[key] == nil { lost[key] = lost[key] ?? name }
  }

  private mutating func addRecipes(of step: Manifest, _ name: String) {
    for recipe in recipesByKind[step["kind"]] ?? [] where recipes[recipe] == nil {
      guard let manifest = survey.recipes[recipe]?.manifest, Self.belongs(manifest, to: step) else { continue }
      recipes[recipe] = name
    }
  }

  /// Whether a recipe may be a step's: everything that it says the step says too, inputs apart that are not known yet.
  private static func belongs(_ recipe: Manifest, to step: Manifest) -> Bool {
    recipe.leaves.allSatisfy { leaf in
      if leaf.name.hasPrefix("record/") { return step["options/" + leaf.name.dropFirst(7)] == leaf.value }
      guard let value = step[leaf.name] else { return leaf.name.hasPrefix("inputs/") }
      return value == leaf.value
    }
  }
}
