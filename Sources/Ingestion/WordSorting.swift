// Putting words in alphabetical order; all words are lower-case ASCII, so the order of their bytes is the alphabet's.

import JSON
import Randomness

enum WordSorting {
  static func kinds(words: ClosedRange<Int>) throws(TaskError) -> [PromptKind] {
    guard words.lowerBound >= 2, words.upperBound <= 20 else {
      throw .outOfRange(
        task: "word-sorting", option: "words", value: "[\(words.lowerBound), \(words.upperBound)]",
        allowed: "a number from 2 to 20, or two of them, the smaller one first")
    }
    return words.map { count in
      PromptKind(count: Saturating.arrangements(count, of: WordLists.words.count)) { stream in
        let chosen = stream.arrangement(count, of: WordLists.words)
        let input = chosen.joined(separator: " ")
        let sorted = chosen.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return taskRecord(
          question: "Sort these words alphabetically: \(input)", answer: sorted.joined(separator: " "),
          instruction: "Sort these words alphabetically.", input: input)
      }
    }
  }
}
