// Counting listed things of one category, in the manner of BIG-bench's object counting with words of our own.

import JSON
import Randomness

enum ObjectCounting {
  static func kinds(objects: ClosedRange<Int>) throws(TaskError) -> [PromptKind] {
    let most = WordLists.categories.map(\.things.count).min() ?? 0
    guard objects.lowerBound >= 1, objects.upperBound <= most else {
      throw .outOfRange(
        task: "object-counting", option: "objects", value: "[\(objects.lowerBound), \(objects.upperBound)]",
        allowed: "two numbers from 1 to \(most), the smaller one first")
    }
    return objects.flatMap { count in
      WordLists.categories.map { category in
        PromptKind(count: Saturating.arrangements(count, of: category.things.count)) { stream in
          record(stream.arrangement(count, of: category.things), category.plural)
        }
      }
    }
  }

  private static func record(_ things: [String], _ plural: String) -> JSONObject {
    let have = "I have \(WordLists.enumeration(things.map(WordLists.withArticle)))."
    return taskRecord(
      question: "\(have) How many \(plural) do I have?", answer: String(things.count),
      instruction: "How many \(plural) do I have? Answer with a number.", input: have,
      ["objects": .array(things.map { .string($0) })])
  }
}
