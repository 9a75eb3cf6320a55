// Built-in tasks: right answers, distinct prompts, exact counts, and records that stay what they were.

import Diagnostics
import Foundation
import Ingestion
import JSON
import Testing

private func text(_ record: JSONObject, _ name: String) throws -> String { try #require(record[name]?.stringValue) }

private func texts(_ record: JSONObject, _ name: String) throws -> [String] {
  let elements = try #require(record[name]?.arrayValue)
  return elements.compactMap { $0.stringValue }
}

@Suite struct TaskTests {
  static let tasks: [TaskGenerator] = [
    .objectCounting(objects: 2...4), .trackingShuffledObjects(objects: 3, swaps: 3), .wordSorting(words: 3),
    .arithmetic(operations: [.add, .subtract, .multiply], digits: 2, terms: 3),
  ]

  @Test(arguments: tasks)
  func recordsAreGolden(_ task: TaskGenerator) throws {
    let bytes = JSONLines.bytes(of: try task.records(5, seed: 7))
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
      path: "Golden/\(task.name).jsonl")
    guard let expected = try? Data(contentsOf: golden) else {
      try Data(bytes).write(to: golden)
      Issue.record("recorded \(golden.lastPathComponent); look at it, then run again")
      return
    }
    #expect(String(decoding: bytes, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
  }

  @Test(arguments: tasks)
  func moreRecordsOnlyAppend(_ task: TaskGenerator) throws {
    let few = try task.records(50, seed: 3)
    let many = try task.records(600, seed: 3)
    #expect(Array(many.prefix(50)) == few)
    #expect(try task.records(50, seed: 4) != few)
    let prompts = Set(try many.map { Array(try text($0, "question").utf8) })
    #expect(prompts.count == many.count)
  }

  @Test func specsGetTheirRecords() throws {
    let records = try TaskGenerator.objectCounting(objects: 2...4).records(6000, seed: 11)
    #expect(Set(try records.map { try text($0, "question") }).count == 6000)
    var counts = ["2": 0, "3": 0, "4": 0]
    for record in records { counts[try text(record, "answer"), default: 0] += 1 }
    // Each number is as likely: 2000 of 6000, give or take five standard deviations of a third of 6000 draws (37).
    for count in counts.values { #expect(abs(count - 2000) < 185) }
  }

  @Test func countedObjectsAreTheListedOnes() throws {
    for record in try TaskGenerator.objectCounting(objects: 1...20).records(400, seed: 1) {
      let question = try text(record, "question")
      let objects = try texts(record, "objects")
      #expect(try text(record, "answer") == String(objects.count))
      #expect(Set(objects).count == objects.count)
      for object in objects {
        let article = "aeiou".contains(object.prefix(1)) ? "an" : "a"
        #expect(question.contains(" \(article) \(object)"))
      }
      let listed = question.prefix { $0 != "." }.split(separator: " ").filter { $0 == "a" || $0 == "an" }
      #expect(listed.count == objects.count)
    }
  }

  /// Plays the swaps again from the text alone.
  @Test func shuffledObjectsEndWhereTheTextSays() throws {
    for record in try TaskGenerator.trackingShuffledObjects(objects: 5, swaps: 7).records(200, seed: 5) {
      let input = try text(record, "input")
      let lines = input.split(separator: "\n")
      var held: [Substring: String] = [:]
      for part in lines[0].split(separator: "At the start, ")[1].dropLast().split(separator: ", ") {
        let words = part.replacing("and ", with: "").split(separator: " ")
        held[words[0]] = words[3...].joined(separator: " ")
      }
      #expect(held.count == 5)
      let swaps = lines[1].split(separator: ".")
      #expect(swaps.count == 7)
      for swap in swaps {
        let words = swap.split(separator: " ")
        (held[words[1]], held[words[3]]) = (held[words[3]], held[words[1]])
      }
      let asked = try text(record, "instruction").split(separator: " ")[6]
      #expect(try text(record, "answer") == held[asked])
      #expect(try texts(record, "options").sorted() == held.values.sorted())
    }
  }

  @Test func wordsAreSorted() throws {
    for record in try TaskGenerator.wordSorting(words: 50).records(50, seed: 2) {
      let words = try text(record, "input").split(separator: " ")
      let sorted = try text(record, "answer").split(separator: " ")
      #expect(words.count == 50)
      #expect(Set(words) == Set(sorted))
      #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
  }

  /// Foundation works the same terms out.
  @Test func sumsAreRight() throws {
    let task = TaskGenerator.arithmetic(operations: [.multiply, .add, .subtract], digits: 3, terms: 6)
    for record in try task.records(300, seed: 9) {
      var sum = 0
      for addend in try text(record, "input").replacing(" - ", with: " + -1 * ").split(separator: " + ") {
        sum += addend.split(separator: " * ").reduce(1) { $0 * (Int($1) ?? 0) }
      }
      #expect(try text(record, "answer") == String(sum))
    }
  }

  @Test func everyPromptIsReached() throws {
    // 2 objects: 10 categories of 20 things, 20 * 19 ordered pairs each.
    let pairs = TaskGenerator.objectCounting(objects: 2...2)
    #expect(try pairs.distinctPrompts() == 10 * 20 * 19)
    #expect(Set(try pairs.records(3800, seed: 1).map { try text($0, "question") }).count == 3800)
    let sums = TaskGenerator.arithmetic(operations: [.add, .multiply], digits: 1, terms: 2)
    #expect(try sums.distinctPrompts() == 200)
    #expect(Set(try sums.records(200, seed: 1).map { try text($0, "question") }).count == 200)
    // 6 things to hold; 12 people and 12 colors, 2 of each in order; 1 pair that can swap; 2 people to ask.
    #expect(try TaskGenerator.trackingShuffledObjects(objects: 2, swaps: 1).distinctPrompts() == 6 * 132 * 132 * 2)
    #expect(try TaskGenerator.wordSorting(words: 50).distinctPrompts() == .max)
  }

  @Test func tooManyRecordsAreRefusedWithTheNumber() throws {
    let error = try #require(throws: TaskError.self) {
      try TaskGenerator.objectCounting(objects: 1...2).records(4001, seed: 1)
    }
    #expect(
      error.text() == """
        error: object-counting has 4000 distinct prompts under these options, 4001 records were asked for
          → Ask for at most 4000 records, or widen the options.
        """)
    #expect(try TaskGenerator.objectCounting(objects: 1...2).records(4000, seed: 1).count == 4000)
  }

  @Test(arguments: [
    (
      TaskGenerator.objectCounting(objects: 0...2),
      "objects is [0, 2], not two numbers from 1 to 20, the smaller one first"
    ),
    (.objectCounting(objects: 2...21), "objects is [2, 21], not two numbers from 1 to 20, the smaller one first"),
    (.trackingShuffledObjects(objects: 13, swaps: 1), "objects is 13, not a number from 2 to 12"),
    (.trackingShuffledObjects(objects: 3, swaps: 0), "swaps is 0, not a number from 1 to 50"),
    (.wordSorting(words: 51), "words is 51, not a number from 2 to 50"),
    (.arithmetic(operations: [.add], digits: 10, terms: 2), "digits is 10, not a number from 1 to 9"),
    (.arithmetic(operations: [.add], digits: 1, terms: 1), "terms is 1, not a number from 2 to 10"),
    (
      .arithmetic(operations: [.multiply], digits: 4, terms: 5),
      "digits times terms is 20, not at most 18 where terms are multiplied"
    ),
  ])
  func optionsOutOfRange(_ task: TaskGenerator, _ complaint: String) {
    let error = #expect(throws: TaskError.self) { try task.records(1, seed: 1) }
    #expect(error?.diagnoses.map(\.message) == ["\(task.name): \(complaint)"])
  }

  @Test func noOperationIsRefused() {
    #expect(throws: TaskError.noOperations) {
      try TaskGenerator.arithmetic(operations: [], digits: 1, terms: 2).records(1, seed: 1)
    }
  }
}
