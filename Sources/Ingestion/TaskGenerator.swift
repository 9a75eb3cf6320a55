// Tasks whose records are made up here, with answers that are right by construction; nothing is fetched.
// Knows how many distinct prompts a task has; how records are split and prompted is others' matter.

public import JSON
import Randomness

/// A task that makes its own records.
///
/// Every record has `question` and `answer` (text), and the same task in two parts as `instruction` and `input`.
public enum TaskGenerator: Hashable, Sendable {
  /// "I have a clarinet, a violin, and a flute. How many musical instruments do I have?", answered in digits.
  ///
  /// `objects` is how many objects are listed; each number in the range is as likely. Also gives `objects`, their names.
  case objectCounting(objects: ClosedRange<Int>)
  /// People hold one object each and swap in pairs; who holds what at the end?
  ///
  /// Also gives `options`, the objects in the order of the people at the start.
  case trackingShuffledObjects(objects: Int, swaps: Int)
  /// Words in a random order, answered by the same words in alphabetical order.
  case wordSorting(words: Int)
  /// "What is 17 - 5 * 2?", answered in digits, products before sums; terms have at most so many digits.
  case arithmetic(operations: [ArithmeticOperation], digits: Int, terms: Int)

  /// The task's name in a spec.
  public var name: String {
    switch self {
    case .objectCounting: "object-counting"
    case .trackingShuffledObjects: "tracking-shuffled-objects"
    case .wordSorting: "word-sorting"
    case .arithmetic: "arithmetic"
    }
  }

  /// How many distinct prompts the task has; `Int.max` stands for that many or more.
  ///
  /// - Throws: ``TaskError`` if an option is out of its range.
  public func distinctPrompts() throws(TaskError) -> Int {
    try kinds().reduce(0) { Saturating.sum($0, $1.count) }
  }

  /// Makes the first records of the task.
  ///
  /// The record at an index depends on the seed and on the records before it alone: asking for more only appends.
  ///
  /// - Parameters:
  ///   - count: How many, all with distinct prompts.
  ///   - seed: The seed that the spec names.
  /// - Returns: So many records, in the order of their index.
  /// - Throws: ``TaskError`` if an option is out of its range or there are not so many distinct prompts.
  public func records(_ count: Int, seed: UInt64) throws(TaskError) -> [JSONObject] {
    let kinds = try kinds()
    let available = kinds.reduce(0) { Saturating.sum($0, $1.count) }
    guard count >= 0, count <= available else {
      throw .tooFewPrompts(task: name, available: available, wanted: count)
    }
    var maker = RecordMaker(kinds: kinds, seed: seed)
    return (0..<count).map { maker.record(at: $0) }
  }

  private func kinds() throws(TaskError) -> [PromptKind] {
    switch self {
    case .objectCounting(let objects): try ObjectCounting.kinds(objects: objects)
    case .trackingShuffledObjects(let objects, let swaps): try ShuffledObjects.kinds(objects: objects, swaps: swaps)
    case .wordSorting(let words): try WordSorting.kinds(words: words)
    case .arithmetic(let operations, let digits, let terms):
      try Arithmetic.kinds(operations: operations, digits: digits, terms: terms)
    }
  }
}

/// Prompts of one shape, each as likely as the other.
struct PromptKind {
  /// How many distinct prompts there are.
  let count: Int
  /// Draws one; equal prompts come from equal draws only.
  let draw: @Sendable (inout RandomStream) -> JSONObject
}

/// Makes record after record with distinct prompts.
private struct RecordMaker {
  let kinds: [PromptKind]
  let seed: UInt64
  /// The prompts that each kind has given so far.
  private var given: [Set<[UInt8]>]

  init(kinds: [PromptKind], seed: UInt64) {
    self.kinds = kinds
    self.seed = seed
    given = Array(repeating: [], count: kinds.count)
  }

  /// Chooses among the kinds that have prompts left, then draws until the prompt is a new one.
  mutating func record(at index: Int) -> JSONObject {
    let open = kinds.indices.filter { given[$0].count < kinds[$0].count }
    var choice = stream(index, attempt: 0)
    let kind = open[choice.integer(below: open.count)]
    var attempt: UInt64 = 0
    while true {
      attempt += 1
      var stream = stream(index, attempt: attempt)
      let record = kinds[kind].draw(&stream)
      let prompt = Array((record["question"]?.stringValue ?? "").utf8)
      if given[kind].insert(prompt).inserted { return record }
    }
  }

  private func stream(_ index: Int, attempt: UInt64) -> RandomStream {
    RandomStream(RandomAddress(seed: seed, purpose: .taskRecords, record: (UInt64(index), 0), sample: attempt))
  }
}

/// Arithmetic that stops at `Int.max`.
enum Saturating {
  static func sum(_ left: Int, _ right: Int) -> Int {
    let (value, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : value
  }

  static func product(_ left: Int, _ right: Int) -> Int {
    let (value, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? .max : value
  }

  /// How many ordered choices of `count` different things there are among `things`.
  static func arrangements(_ count: Int, of things: Int) -> Int {
    (0..<count).reduce(1) { product($0, max(0, things - $1)) }
  }
}

extension RandomStream {
  /// Different elements in a random order.
  mutating func arrangement<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    var elements = elements
    for place in 0..<count { elements.swapAt(place, place + integer(below: elements.count - place)) }
    return Array(elements.prefix(count))
  }
}

/// A record's fields, the two-part form among them.
func taskRecord(
  question: String, answer: String, instruction: String, input: String, _ more: KeyValuePairs<String, JSONValue> = [:]
) -> JSONObject {
  var fields = JSONObject([
    JSONMember("question", .string(question)), JSONMember("answer", .string(answer)),
    JSONMember("instruction", .string(instruction)), JSONMember("input", .string(input)),
  ])
  for (name, value) in more { fields[name] = value }
  return fields
}
