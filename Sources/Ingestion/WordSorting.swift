// Putting words in alphabetical order; all words are lower-case ASCII, so the order of their bytes is the alphabet's.

import JSON
import Randomness

enum WordSorting {
  static func kinds(words: Int) throws(TaskError) -> [PromptKind] {
    guard (2...50).contains(words) else {
      throw .outOfRange(task: "word-sorting", option: "words", value: String(words), allowed: "a number from 2 to 50")
    }
    return [
      PromptKind(count: Saturating.arrangements(words, of: WordLists.words.count)) { stream in
        let chosen = stream.arrangement(words, of: WordLists.words)
        let input = chosen.joined(separator: " ")
        let sorted = chosen.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return taskRecord(
          question: "Sort these words alphabetically: \(input)", answer: sorted.joined(separator: " "),
          instruction: "Sort these words alphabetically.", input: input)
      }
    ]
  }
}
