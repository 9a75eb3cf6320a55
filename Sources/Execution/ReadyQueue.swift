// The steps of a run that are not settled: which of them can be looked at now, and which wait for what.
// Knows positions in a graph; knows no clock, no store and no result.

import Digests
import Planning

/// A step that another run computes.
struct TakenStep: Sendable {
  let step: Step
  let key: Digest
  let computing: Computing
}

/// Hands out steps, inputs first and otherwise in the graph's order.
struct ReadyQueue {
  private let graph: StepGraph
  /// For each step of the graph how many of its inputs are open; nil for a step that is settled or not asked for.
  private var waits: [Int?]
  private var readers: [[Int]]
  /// Open steps without open inputs, the first of the graph last.
  private var ready: [Int] = []
  /// Steps for which there is no room beside what runs, or whose equal runs.
  private var crowded: [Int] = []
  /// Steps that other runs compute.
  private(set) var taken: [TakenStep] = []
  private var told: [Digest: Computing] = [:]

  /// Opens the steps of a graph that are wanted.
  init(_ graph: StepGraph, wants: (Int, Step) -> Bool) {
    self.graph = graph
    waits = Array(repeating: nil, count: graph.steps.count)
    readers = Array(repeating: [], count: graph.steps.count)
    for (position, step) in graph.steps.enumerated() where wants(position, step) { open(position) }
    ready.reverse()
  }

  /// Whether a step is asked for and not settled.
  func isOpen(_ step: Step) -> Bool { waits[graph.position(of: step.id)] != nil }

  /// Takes the first step that can be looked at.
  mutating func next() -> Step? { ready.popLast().map { graph.steps[$0] } }

  /// Closes a step: those that read from it wait for one thing less.
  mutating func settle(_ step: Step) {
    let position = graph.position(of: step.id)
    waits[position] = nil
    for reader in readers[position] { proceed(reader) }
    readers[position] = []
  }

  /// Makes a step that was taken from here wait for another, which is opened if it is not.
  mutating func require(_ source: Step, by reader: Step) {
    let (source, reader) = (graph.position(of: source.id), graph.position(of: reader.id))
    if waits[source] == nil {
      open(source)
      if waits[source] == 0 { insert(ready.removeLast()) }
    }
    readers[source].append(reader)
    waits[reader] = (waits[reader] ?? 0) + 1
  }

  /// Puts off a step until another has ended.
  mutating func putOff(_ step: Step) { crowded.append(graph.position(of: step.id)) }

  /// Puts off a step that another run computes.
  mutating func putOff(_ step: TakenStep) { taken.append(step) }

  /// Lets what had no room try again.
  mutating func retryCrowded() {
    for position in crowded { insert(position) }
    crowded = []
  }

  /// Lets what others computed try again.
  mutating func retryTaken() {
    for taken in taken { insert(graph.position(of: taken.step.id)) }
    taken = []
  }

  /// Those of the taken steps of whose holder nothing was said yet.
  mutating func news() -> [TakenStep] {
    let news = taken.filter { told[$0.key] != $0.computing }
    for taken in news { told[taken.key] = taken.computing }
    return news
  }

  /// Opens a step; one that waits for nothing is put at the end of `ready`.
  private mutating func open(_ position: Int) {
    var count = 0
    for input in graph.steps[position].inputs {
      let source = graph.position(of: input.source.step)
      guard waits[source] != nil else { continue }
      readers[source].append(position)
      count += 1
    }
    waits[position] = count
    if count == 0 { ready.append(position) }
  }

  private mutating func proceed(_ reader: Int) {
    guard let count = waits[reader] else { return }
    waits[reader] = count - 1
    if count == 1 { insert(reader) }
  }

  private mutating func insert(_ position: Int) {
    var (low, high) = (0, ready.count)
    while low < high {
      let middle = (low + high) / 2
      if ready[middle] > position { low = middle + 1 } else { high = middle }
    }
    ready.insert(position, at: low)
  }
}
