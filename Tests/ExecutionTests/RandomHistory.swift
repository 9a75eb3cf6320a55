// Random experiments, how they change from one run to the next, and how the files of a store go bad.

import Digests
import Planning
import Specification
import Storage

/// SplitMix64: the same numbers for the same seed, everywhere.
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

  mutating func percent(_ chance: Int) -> Bool { below(100) < chance }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

/// An experiment on some files of lines, with some evals of each.
struct World: Hashable {
  struct Dataset: Hashable {
    var lines: [String]
    /// What stands behind the last line and is no record.
    var end = ""
    var verifier = "number"

    var text: String { lines.joined(separator: "\n") + end }
  }

  struct Eval: Hashable {
    var dataset: Int
    var temperature: String
    var samples: Int
  }

  /// A training on the first data set; of several rates one is searched for.
  struct Training: Hashable {
    var rates: [Int]
    var seeds: Int
    /// Whether a training is planned that has one of the rates by hand.
    var isAlsoWritten: Bool

    init(_ dice: inout Dice) {
      rates = (0...dice.below(3)).map { 10 * $0 + 1 + dice.below(9) }
      seeds = 1 + dice.below(3)
      isAlsoWritten = dice.percent(30)
    }
  }

  var datasets: [Dataset]
  var evals: [Eval]
  var training: Training?
  var comment = 0

  init(_ dice: inout Dice) {
    datasets = []
    for _ in 0...dice.below(3) { datasets.append(Dataset(lines: (0...dice.below(4)).map { _ in Self.line(&dice) })) }
    evals = []
    for _ in 0...dice.below(4) { evals.append(Self.eval(datasets.count, &dice)) }
    if dice.percent(20) { training = Training(&dice) }
  }

  private static func line(_ dice: inout Dice) -> String { "\(dice.below(12))" }

  private static func eval(_ datasets: Int, _ dice: inout Dice) -> Eval {
    Eval(dataset: dice.below(datasets), temperature: dice.pick(["0.25", "0.5", "0.75"]), samples: 1 + dice.below(3))
  }

  /// Changes one thing, as an author would between two runs.
  mutating func change(_ dice: inout Dice) {
    let (set, eval) = (dice.below(datasets.count), dice.below(evals.count))
    switch dice.below(13) {
    case 0: datasets[set].lines[dice.below(datasets[set].lines.count)] = Self.line(&dice)
    case 1: datasets[set].lines.append(Self.line(&dice))
    case 2: datasets[set].lines.shuffle(using: &dice)
    case 3: datasets[set].end += "\n"
    case 4: datasets[set].verifier = dice.pick(["number", "contains"])
    case 5: evals[eval].temperature = dice.pick(["0.25", "0.5", "0.75"])
    case 6: evals[eval].samples = 1 + dice.below(3)
    case 7: evals.append(Self.eval(datasets.count, &dice))
    case 8: if evals.count > 1 { evals.remove(at: eval) }
    case 9: comment += 1
    case 10: training = dice.percent(40) ? Training(&dice) : nil
    case 11: training?.seeds = 1 + dice.below(3)
    default: training?.rates.append(100 + dice.below(100))
    }
  }

  /// The files by digest.
  var files: [Digest: [UInt8]] {
    Dictionary(datasets.map { (Digest.sha256($0.text), Array($0.text.utf8)) }) { first, _ in first }
  }

  /// The part of a spec that trains; with `rate` without a search.
  private func learning(_ training: Training, rate: Int?) -> String {
    let text = datasets[0].text
    let search = """
      search:
        over: {hyperparameters.optimizer.adamw.learning-rate: [\(training.rates.map { "\($0).0e-6" }.joined(separator: ", "))]}
        choose: {highest: trained, on: learned/validation}
      """
    return """
        learned:
          source: {jsonl: {sha256: \(Digest.sha256(text).hex), from: [{path: d0.jsonl}]}}
          prompt: "{question}"
          answer: {from: "{answer}", verifier: \(datasets[0].verifier)}
          split: {heldout: 1, validation: 1, train: rest}
      data: learned/train
      seeds: {values: [\((1...training.seeds).map(String.init).joined(separator: ", "))], vary: [training]}
      generator: {sample: {samples: 1, temperature: 0.5, max-new-tokens: 4}}
      objective: {sft: {}}
      hyperparameters:
        adapter: {lora: {rank: 4, alpha: 8}}
        optimizer: {adamw: {learning-rate: \(rate ?? 7).0e-6}}
        batch: {examples: 8}
        epochs: 2
      \(rate == nil ? search : "")
      """
  }

  private func spec(training: Training?, rate: Int? = nil) -> String {
    let sets = datasets.enumerated().map { number, dataset in
      """
        d\(number):
          source: {jsonl: {sha256: \(Digest.sha256(dataset.text).hex), from: [{path: d\(number).jsonl}]}}
          prompt: "{question}"
          answer: {from: "{answer}", verifier: \(dataset.verifier)}
      """
    }
    let asked = evals.enumerated().map { number, eval in
      "  e\(number): {accuracy: {on: d\(eval.dataset), max-new-tokens: 4, temperature: \(eval.temperature), "
        + "samples: \(eval.samples)}}"
    }
    return """
      # \(comment)
      version: 1
      models:
        policy:
          weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
          turns: chatml
          system: none
      datasets:
      \(sets.joined(separator: "\n"))
      \(training.map { learning($0, rate: rate) } ?? "")
      evals:
      \(training == nil ? "" : "  trained: {accuracy: {on: learned/heldout, max-new-tokens: 4}}")
      \(asked.joined(separator: "\n"))
      """
  }

  func graph() throws -> StepGraph {
    var planner = Planner(context: PlanningContext(digestOfFile: { .sha256($0) }, fingerprint: { _ in nil }))
    var specs = [spec(training: training)]
    if let training, training.isAlsoWritten { specs.append(spec(training: training, rate: training.rates[0])) }
    for (number, spec) in specs.enumerated() {
      let experiment = try SpecificationReader(files: TextFiles(texts: ["test.yaml": spec])).read("test.yaml")
      _ = try planner.plan(experiment, name: "test\(number)")
    }
    return planner.steps
  }
}

extension MemoryFileSystem {
  /// Spoils a random file of a store: another bit, a shorter file, or none.
  ///
  /// - Returns: Whether there was a file to spoil; the note of the store's format is left alone, without which it is none.
  func damage(_ dice: inout Dice) throws -> Bool {
    let files = files().filter { !$0.path.hasSuffix("/format") }
    guard !files.isEmpty else { return false }
    let (path, bytes) = dice.pick(files)
    switch dice.below(3) {
    case 0: try remove(path)
    case 1: overwrite(path, Array(bytes.prefix(dice.below(bytes.count + 1))))
    default:
      guard !bytes.isEmpty else { return false }
      var changed = bytes
      changed[dice.below(bytes.count)] ^= 1 << UInt8(dice.below(8))
      overwrite(path, changed)
    }
    return true
  }
}
