// Terms of whole numbers, worked out with products before sums.

import JSON
import Randomness

/// An operation between two terms.
public enum ArithmeticOperation: String, Hashable, Sendable, CaseIterable {
  /// Addition.
  case add
  /// Subtraction.
  case subtract
  /// Multiplication.
  case multiply

  var sign: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    }
  }
}

enum Arithmetic {
  /// Answers stay within 64 bits: no more than 18 digits can come of a product, and sums of ten such fit.
  static let mostDigits = 18

  static func kinds(
    operations: [ArithmeticOperation], digits: Int, terms: Int
  ) throws(TaskError) -> [PromptKind] {
    guard (1...9).contains(digits) else {
      throw .outOfRange(task: "arithmetic", option: "digits", value: String(digits), allowed: "a number from 1 to 9")
    }
    guard (2...10).contains(terms) else {
      throw .outOfRange(task: "arithmetic", option: "terms", value: String(terms), allowed: "a number from 2 to 10")
    }
    let distinct = ArithmeticOperation.allCases.filter(operations.contains)
    guard !distinct.isEmpty else { throw .noOperations }
    if distinct.contains(.multiply), digits * terms > mostDigits {
      throw .outOfRange(
        task: "arithmetic", option: "digits times terms", value: String(digits * terms),
        allowed: "at most \(mostDigits) where terms are multiplied")
    }
    let numbers = (0..<digits).reduce(1) { bound, _ in bound * 10 }
    let operands = (0..<terms).reduce(1) { count, _ in Saturating.product(count, numbers) }
    let count = (1..<terms).reduce(operands) { count, _ in Saturating.product(count, distinct.count) }
    return [
      PromptKind(count: count) { stream in
        let first = stream.integer(below: numbers)
        let rest = (1..<terms).map { _ in
          (distinct[stream.integer(below: distinct.count)], stream.integer(below: numbers))
        }
        return record(first, rest)
      }
    ]
  }

  private static func record(_ first: Int, _ rest: [(operation: ArithmeticOperation, number: Int)]) -> JSONObject {
    let term = rest.reduce(String(first)) { "\($0) \($1.operation.sign) \($1.number)" }
    return taskRecord(
      question: "What is \(term)?", answer: String(value(first, rest)),
      instruction: "Work this out. Answer with a number.", input: term)
  }

  static func value(_ first: Int, _ rest: [(operation: ArithmeticOperation, number: Int)]) -> Int {
    var sum = 0
    var product = first
    for (operation, number) in rest {
      if operation == .multiply {
        product *= number
      } else {
        sum += product
        product = operation == .add ? number : -number
      }
    }
    return sum + product
  }
}
