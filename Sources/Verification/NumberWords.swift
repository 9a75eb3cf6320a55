// Numbers written as English words: "three", "twenty-one", "one hundred and five thousand".
// Knows words only; whether "one" is a number or a pronoun is settled by its neighbors.

enum NumberWords {
  private static let units: [String: Int] = [
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
  ]
  private static let tens: [String: Int] = [
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
  ]
  private static let scales: [String: Int] = ["thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000]
  /// Before these, "one" stands for a thing.
  private static let pointers: Set<String> = [
    "no", "this", "that", "each", "any", "every", "which", "another", "the", "other", "last", "first", "next",
  ]

  /// The numbers in words among the tokens, with the index of the token that each starts at.
  static func numbers(in tokens: [NumberToken]) -> [(value: ExactNumber, token: Int, end: Int)] {
    var numbers: [(value: ExactNumber, token: Int, end: Int)] = []
    var index = 0
    while index < tokens.count {
      if !isPronoun(tokens, index), let (value, end) = number(tokens, from: index) {
        let isNegative = index > 0 && tokens[index - 1].isWord(in: ["minus", "negative"])
        numbers.append((ExactNumber(isNegative ? -value : value), index, end))
        index = end
      } else {
        index += 1
      }
    }
    return numbers
  }

  private static func word(_ tokens: [NumberToken], _ index: Int) -> String? {
    guard tokens.indices.contains(index), case .word(let word) = tokens[index].kind else { return nil }
    return word
  }

  private static func isPronoun(_ tokens: [NumberToken], _ index: Int) -> Bool {
    guard word(tokens, index) == "one" else { return false }
    return word(tokens, index + 1) == "of" || word(tokens, index - 1).map(pointers.contains) ?? false
  }

  /// Groups below a thousand, each with its scale, scales falling.
  private static func number(_ tokens: [NumberToken], from start: Int) -> (value: Int, end: Int)? {
    var total = 0
    var ceiling = Int.max
    var index = start
    var found = false
    while let (value, end) = group(tokens, from: found ? afterAnd(tokens, index) : index) {
      guard let name = word(tokens, end), let scale = scales[name], scale < ceiling else {
        if !found || ceiling < .max { (total, index, found) = (total + value, end, true) }
        break
      }
      (total, ceiling, index, found) = (total + value * scale, scale, end + 1, true)
    }
    return found ? (total, index) : nil
  }

  /// `three`, `twenty-one`, `two hundred and five`.
  private static func group(_ tokens: [NumberToken], from start: Int) -> (value: Int, end: Int)? {
    guard var (value, index) = belowHundred(tokens, from: start) else {
      return word(tokens, start) == "hundred" ? hundreds(1, tokens, from: start + 1) : nil
    }
    if value < 10, value > 0, word(tokens, index) == "hundred" {
      (value, index) = hundreds(value, tokens, from: index + 1)
    }
    return (value, index)
  }

  private static func hundreds(_ count: Int, _ tokens: [NumberToken], from index: Int) -> (value: Int, end: Int) {
    guard let (rest, end) = belowHundred(tokens, from: afterAnd(tokens, index)) else { return (count * 100, index) }
    return (count * 100 + rest, end)
  }

  private static func belowHundred(_ tokens: [NumberToken], from start: Int) -> (value: Int, end: Int)? {
    guard let first = word(tokens, start) else { return nil }
    if let unit = units[first] { return (unit, start + 1) }
    guard let ten = tens[first] else { return nil }
    let next = tokens.indices.contains(start + 1) && tokens[start + 1].isMark("-") ? start + 2 : start + 1
    guard let second = word(tokens, next), let unit = units[second], (1...9).contains(unit) else {
      return (ten, start + 1)
    }
    return (ten + unit, next + 1)
  }

  private static func afterAnd(_ tokens: [NumberToken], _ index: Int) -> Int {
    word(tokens, index) == "and" ? index + 1 : index
  }
}
