// The names of segments. Knows nothing of what is in them.

/// A segment's name: the numbers that it stands for.
struct SegmentName: Hashable, Sendable {
  let first: Int
  let last: Int

  init(number: Int) {
    first = number
    last = number
  }

  init(first: Int, last: Int) {
    (self.first, self.last) = (first, last)
  }

  /// Whether another segment stands for all of its numbers.
  func isCovered(by other: SegmentName) -> Bool { self != other && other.first <= first && last <= other.last }

  /// Reads `NUMBER.zst` or `FIRST-LAST.zst`; nil for any other name, and for one that is not as a writer writes it.
  init?(_ text: String) {
    guard text.hasSuffix(".zst") else { return nil }
    let numbers = text.dropLast(4).split(separator: "-", omittingEmptySubsequences: false).map(Self.number)
    guard let first = numbers.first ?? nil, let last = numbers.last ?? nil, numbers.count <= 2, first <= last else {
      return nil
    }
    (self.first, self.last) = (first, last)
    guard self.text == text else { return nil }
  }

  var text: String { first == last ? "\(Self.text(first)).zst" : "\(Self.text(first))-\(Self.text(last)).zst" }

  private static func number(_ text: Substring) -> Int? {
    guard text.utf8.count >= 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text).flatMap { $0 > 0 && $0 < Int.max ? $0 : nil }
  }

  private static func text(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}
