// Sums, differences and products of two whole numbers.

import JSON
import Randomness

/// An operation on two whole numbers.
public enum ArithmeticOperation: String, Hashable, Sendable, CaseIterable {
  /// `a + b`.
  case add
  /// `a - b`, where `a` is at least `b`.
  case subtract
  /// `a * b`.
  case multiply
}

enum Arithmetic {
  static let most = 1_000_000

  static func kinds(operands: ClosedRange<Int>, operations: [ArithmeticOperation]) throws(TaskError) -> [PromptKind] {
    guard operands.lowerBound >= 0, operands.upperBound <= most else {
      throw .outOfRange(
        task: "arithmetic", option: "operands", value: "[\(operands.lowerBound), \(operands.upperBound)]",
        allowed: "two numbers from 0 to \(most), the smaller one first")
    }
    guard !operations.isEmpty else { throw .noOperations }
    let distinct = ArithmeticOperation.allCases.filter(operations.contains)
    return distinct.map { operation in
      let pairs = operation == .subtract ? operands.count * (operands.count + 1) / 2 : operands.count * operands.count
      return PromptKind(count: pairs) { stream in
        let first = operands.lowerBound + stream.integer(below: operands.count)
        let second = operands.lowerBound + stream.integer(below: operands.count)
        return record(operation, first, second)
      }
    }
  }

  /// A difference of two different numbers is drawn in either order, one of two equal numbers in one: distinct prompts
  /// are what counts, and each is reached.
  private static func record(_ operation: ArithmeticOperation, _ first: Int, _ second: Int) -> JSONObject {
    let (term, answer) =
      switch operation {
      case .add: ("\(first) + \(second)", first + second)
      case .subtract: ("\(max(first, second)) - \(min(first, second))", max(first, second) - min(first, second))
      case .multiply: ("\(first) * \(second)", first * second)
      }
    return taskRecord(
      question: "What is \(term)?", answer: String(answer), instruction: "Work this out. Answer with a number.",
      input: term)
  }
}
