// Who holds what after some swaps, in the manner of BIG-bench's tracking of shuffled objects with words of our own.

import JSON
import Randomness

enum ShuffledObjects {
  static func kinds(objects: Int, swaps: Int) throws(TaskError) -> [PromptKind] {
    let most = min(WordLists.people.count, WordLists.colors.count)
    guard (2...most).contains(objects) else {
      throw .outOfRange(
        task: "tracking-shuffled-objects", option: "objects", value: String(objects),
        allowed: "a number from 2 to \(most)")
    }
    guard (1...50).contains(swaps) else {
      throw .outOfRange(
        task: "tracking-shuffled-objects", option: "swaps", value: String(swaps), allowed: "a number from 1 to 50")
    }
    let starts = Saturating.product(
      Saturating.arrangements(objects, of: WordLists.people.count),
      Saturating.arrangements(objects, of: WordLists.colors.count))
    let pairs = objects * (objects - 1) / 2
    let count = (0..<swaps).reduce(Saturating.product(starts, objects)) { count, _ in Saturating.product(count, pairs) }
    return WordLists.holdings.map { thing in
      PromptKind(count: count) { stream in record(&stream, thing: thing, objects: objects, swaps: swaps) }
    }
  }

  private static func record(
    _ stream: inout RandomStream, thing: String, objects: Int, swaps: Int
  ) -> JSONObject {
    let people = stream.arrangement(objects, of: WordLists.people)
    let things = stream.arrangement(objects, of: WordLists.colors).map { "\($0) \(thing)" }
    var held = Array(things.indices)
    var sentences: [String] = []
    for swap in 0..<swaps {
      let first = stream.integer(below: objects)
      let second = (first + 1 + stream.integer(below: objects - 1)) % objects
      let (left, right) = (min(first, second), max(first, second))
      held.swapAt(left, right)
      let opening = swap == 0 ? "First" : swap == swaps - 1 ? "Finally" : "Then"
      sentences.append("\(opening), \(people[left]) and \(people[right]) swap \(thing)s.")
    }
    let asked = stream.integer(below: objects)
    let start = zip(people, things).map { "\($0) holds \(WordLists.withArticle($1))" }
    let story =
      "\(WordLists.enumeration(people)) stand in a circle. At the start, \(WordLists.enumeration(start)).\n"
      + sentences.joined(separator: " ")
    let question = "At the end, which \(thing) does \(people[asked]) hold?"
    return taskRecord(
      question: "\(story) \(question)", answer: things[held[asked]], instruction: question, input: story,
      ["options": .array(things.map { .string($0) })])
  }
}
