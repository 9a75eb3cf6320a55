// Equal and nearly equal texts: what counts as the same, against comparing every two, and many of them in bounded time.

import Reporting
import Testing

@Suite struct TextOverlaps {
  @Test func equalButForCaseSpacesAndPunctuation() throws {
    let overlap = TextOverlap(
      [
        ["How many cows?", "Ünïcode straße", "only here", "one two"],
        ["  how MANY -- cows", "ÜNÏCODE Straße!", "!?", ""],
        ["nothing in common"],
      ], near: 0.8, examples: 2)
    let pair = try #require(overlap.pairs.first)
    #expect(overlap.pairs.count == 1 && pair.first == 0 && pair.second == 1)
    #expect(pair.equal == TextOverlap.Counts(first: 2, second: 2))
    #expect(pair.near == TextOverlap.Counts(first: 0, second: 0))
    #expect(
      pair.examples == [
        TextOverlap.Example(first: 0, second: 0, share: 1), TextOverlap.Example(first: 1, second: 1, share: 1),
      ])
    // What has no words is nothing that two parts could have in common.
    #expect(overlap.distinct == [4, 2, 1] && !overlap.isSampled && !overlap.isCut)
  }

  @Test func nearlyEqualByRunsOfFiveWords() throws {
    let words = (1...24).map { "w\($0)" }
    let text = words.joined(separator: " ")
    // 20 runs; a changed last word leaves 19 of 21, a changed word in the middle 15 of 25.
    let end = (words.dropLast() + ["x"]).joined(separator: " ")
    let middle = (words[..<12] + ["x"] + words[13...]).joined(separator: " ")
    let overlap = TextOverlap([[text, text], [end, middle, "w1 w2"]], near: 0.8, examples: 3)
    let pair = try #require(overlap.pairs.first)
    #expect(pair.equal == TextOverlap.Counts(first: 0, second: 0))
    #expect(pair.near == TextOverlap.Counts(first: 2, second: 1), "a record that stands twice counts twice")
    #expect(pair.examples == [TextOverlap.Example(first: 0, second: 0, share: 19.0 / 21)])
    #expect(TextOverlap([[text], [middle]], near: 0.6, examples: 3).pairs.first?.near.first == 1)
    #expect(TextOverlap([[text], [middle]], near: 0.61, examples: 3).pairs.isEmpty)
  }

  /// Numbers that are the same in every run.
  private struct Draw {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
  }

  /// Texts of a few words, many of them a little changed copies of others.
  private static func texts(_ count: Int, _ draw: inout Draw, words: Int) -> [String] {
    var texts: [[Int]] = []
    for _ in 0..<count {
      if draw.below(3) > 0, !texts.isEmpty {
        var copy = texts[draw.below(texts.count)]
        for _ in 0..<draw.below(3) { copy[draw.below(copy.count)] = draw.below(words) }
        texts.append(copy)
      } else {
        texts.append((0..<(3 + draw.below(30))).map { _ in draw.below(words) })
      }
    }
    return texts.map { $0.map { "v\($0)" }.joined(separator: " ") }
  }

  private static func runs(_ text: String) -> Set<[Substring]> {
    let words = text.split(separator: " ")
    return Set((0..<max(1, words.count - 4)).map { Array(words[$0..<min(words.count, $0 + 5)]) })
  }

  @Test(arguments: [(0.5, 12), (0.8, 40), (0.9, 200), (1.0, 40)])
  func asComparingEveryTwo(near: Double, words: Int) {
    var draw = Draw(state: UInt64(words) + 7)
    let all = Self.texts(240, &draw, words: words)
    let lists = [Array(all[..<100]), Array(all[100..<180]), Array(all[180...])]
    let overlap = TextOverlap(lists, near: near, examples: 0)
    for first in lists.indices {
      for second in lists.indices where second > first {
        let (one, other) = (lists[first].map(Self.runs), lists[second].map(Self.runs))
        func isNear(_ a: Set<[Substring]>, _ b: Set<[Substring]>) -> Bool {
          let both = a.intersection(b).count
          return Double(both) / Double(a.count + b.count - both) >= near - 1e-9
        }
        let equal = [
          lists[first].count { lists[second].contains($0) }, lists[second].count { lists[first].contains($0) },
        ]
        let found = [
          zip(lists[first], one).count { text, runs in
            !lists[second].contains(text) && other.contains { isNear(runs, $0) }
          },
          zip(lists[second], other).count { text, runs in
            !lists[first].contains(text) && one.contains { isNear(runs, $0) }
          },
        ]
        let pair = overlap.pairs.first { $0.first == first && $0.second == second }
        #expect([pair?.equal.first ?? 0, pair?.equal.second ?? 0] == equal)
        #expect([pair?.near.first ?? 0, pair?.near.second ?? 0] == found, "near \(near), \(words) words")
      }
    }
  }

  @Test func manyTexts() {
    // A hundred thousand prompts of one template: half of their words are the same.
    func prompt(_ number: Int, _ salt: Int) -> String {
      let items = (0..<12).map { "item\((number * 12_347 + $0 * salt) % 1_000_003)" }.joined(separator: " ")
      return "Read the list with care and say how many things there are in it : \(items). Answer with one number."
    }
    let first = (0..<50_000).map { prompt($0, 7919) }
    let second = (0..<50_000).map { prompt($0, $0 % 100 == 0 ? 7919 : 104_729) }
    let overlap = TextOverlap([first, second], near: 0.8, examples: 1)
    #expect(overlap.pairs.first?.equal.first ?? 0 >= 500)
    // Of 2,500 million pairs, those that share a rare run: a few for each text.
    #expect(overlap.comparisons < 500_000, "\(overlap.comparisons)")
  }

  @Test func aCrowdOfNearlyEqualOnes() {
    // Everything is like everything else: the work is bounded, and the report says that it was cut.
    let words = (0..<40).map { "w\($0)" }.joined(separator: " ")
    let lists = [0, 1].map { list in (0..<8000).map { "\(words) number \(list) \($0)" } }
    let overlap = TextOverlap(lists, near: 0.8, examples: 1)
    #expect(overlap.isCut && overlap.pairs.first?.near.second == 8000)
    #expect(overlap.comparisons == 8000 * TextOverlap.mostCandidates)
  }
}
