// Choosing, preference, drift, pair statistics and traces, each worked by hand.

import JSON
import Planning
import Records
import Specification
import Steps
import Testing

@Suite struct Choosing {
  private func outcomes(_ values: [(Double, Double)]) -> [Outcomes] {
    values.enumerated().map {
      Outcomes(id: id("\($0)"), outcomes: [Outcome(kind: "scored", value: $1.0, weight: $1.1)])
    }
  }

  @Test func theBestMeanTheEarliestOfEquals() throws {
    // Means 0.5, (1·3 + 0·1) / 4 = 0.75, 0.75.
    let candidates = [
      outcomes([(1, 1), (0, 1)]), outcomes([(1, 3), (0, 1)]), outcomes([(1, 1), (0.5, 1)]),
    ]
    let highest = try ChooseStep.choice(among: candidates, lowest: false, label: "choose")
    #expect(highest.chosen == 1)
    #expect(highest.means == [0.5, 0.75, 0.75])
    #expect(highest.json.canonical == #"{"chosen":1,"means":[0.5,0.75,0.75]}"#)
    #expect(try ChooseStep.choice(among: candidates, lowest: true, label: "choose").chosen == 0)
  }

  @Test func nothingMeasuredIsTold() {
    #expect(
      told { _ = try ChooseStep.choice(among: [outcomes([(1, 1)]), []], lowest: false, label: "choose") }
        == "step.no-records | choose: there are no records")
  }
}

@Suite struct Preferences {
  private let examples = [
    pairs([("aa", "b"), ("a", "bb")]), candidates(["x"], name: "n"), pairs([("é", "e")], name: "c"),
  ]
  private let given = [
    scores([[-1, -1], [-3], [-1], [-1]]), scores([[-9]], name: "n"), scores([[-1, -3], [-3.5]], name: "c"),
  ]

  private func outcomes(_ score: PreferenceEval.Score) throws -> [[String]] {
    try PreferenceStep.outcomes(examples, score == .length ? nil : given, by: score, label: "preference")
      .map { $0.outcomes.map { "\($0.kind) \($0.value)" } }
  }

  @Test func eachScoreHasItsWinner() throws {
    // Sums -2 and -3, -1 and -1, -4 and -3.5; means -1 and -3, -1 and -1, -2 and -3.5.
    #expect(try outcomes(.sum) == [["right 1.0", "tie 0.5"], ["wrong 0.0"]])
    #expect(try outcomes(.mean) == [["right 1.0", "tie 0.5"], ["right 1.0"]])
    #expect(try outcomes(.length) == [["right 1.0", "wrong 0.0"], ["tie 0.5"]])
  }

  @Test func anotherRecordsScoresAreTold() {
    func told(_ scores: [Scores]) -> String? {
      StepsTests.told { _ = try PreferenceStep.outcomes(examples, scores, by: .sum, label: "p") }
    }
    let message = "step.records-differ | p: record 2 is not the same in both inputs"
    #expect(told([given[0], scores([[-9], [-9]], name: "n"), given[2]]) == message)
    #expect(told([given[0], scores([[-9]], name: "m"), given[2]]) == message)
    #expect(told([given[0]]) == message)
  }

  @Test func withoutPairsThereIsNoNumber() {
    #expect(
      told { _ = try PreferenceStep.outcomes([examples[1]], [given[1]], by: .sum, label: "p") }
        == "step.no-pairs | p: there are no pairs of a better and a worse response")
  }
}

@Suite struct Drifting {
  private let responses = [
    Responses(id: id("a"), responses: [said("x"), said("no room", .error)]),
    Responses(id: id("b"), responses: [said("y")]),
  ]

  @Test func aResponseIsItsSumOverTokens() throws {
    let policy = [scores([[-1, -2], []]), scores([[-0.1, -0.2, -0.3]], name: "b")]
    let reference = [scores([[-1.5, -3], []]), scores([[-0.1, -0.2, -0.3]], name: "b")]
    let drift = try DriftStep.Drift(responses, policy: policy, reference: reference, label: "drift")
    let failed = Outcome(kind: "error", value: 0, weight: 0, reason: "no room")
    #expect(
      drift.outcomes == [
        Outcomes(id: id("a"), outcomes: [Outcome(kind: "scored", value: 1.5), failed]),
        // The same numbers are no distance at all, to the last bit.
        Outcomes(id: id("b"), outcomes: [Outcome(kind: "scored", value: 0)]),
      ])
    #expect(
      drift.lengths == [
        Outcomes(id: id("a"), outcomes: [Outcome(kind: "scored", value: 2), failed]),
        Outcomes(id: id("b"), outcomes: [Outcome(kind: "scored", value: 3)]),
      ])
  }

  @Test func otherTokensAreNoDistance() {
    let policy = [scores([[-1, -2], []]), scores([[-0.1]], name: "b")]
    let reference = [scores([[-1.5, -3], []]), scores([[-0.1, -0.2]], name: "b")]
    #expect(
      told { _ = try DriftStep.Drift(responses, policy: policy, reference: reference, label: "drift") }
        == "step.records-differ | drift: record 2 is not the same in both inputs")
  }
}

@Suite struct Distances {
  @Test(arguments: [
    ("", "", 1, 0), ("a", "", 0, 1), ("kitten", "sitting", 0, 3), ("a b c", "a b d", 0.5, 1), ("a  b\n", "b a", 1, 4),
    ("I see 4 cats", "I see 3 cats", 0.6, 1), ("A a", "a", 0.5, 2), ("é", "e\u{301}", 0, 2), ("abc", "abc", 1, 0),
    ("ab ab ab", "ab", 1, 6), ("flaw", "lawn", 0, 2), ("aa", "aaa", 0, 1),
  ])
  func wordsAndEdits(left: String, right: String, jaccard: Double, levenshtein: Int) {
    #expect(TextDistance.jaccard(left, right) == jaccard)
    #expect(TextDistance.jaccard(right, left) == jaccard)
    #expect(TextDistance.levenshtein(left, right) == levenshtein)
    #expect(TextDistance.levenshtein(right, left) == levenshtein)
  }

  @Test func setsOfTokens() {
    #expect(TextDistance.jaccard(Set([1, 2, 3]), Set([3, 4])) == 0.25)
    #expect(TextDistance.jaccard(Set<Int>(), Set()) == 1)
  }

  @Test func editsAreThoseOfTheWholeTable() {
    /// The definition itself, without any short cut.
    func table(_ left: [Character], _ right: [Character]) -> Int {
      var table = Array(repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
      for i in 0...left.count {
        for j in 0...right.count {
          if i == 0 || j == 0 {
            table[i][j] = i + j
          } else {
            let substituted = table[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1)
            table[i][j] = min(substituted, table[i - 1][j] + 1, table[i][j - 1] + 1)
          }
        }
      }
      return table[left.count][right.count]
    }
    for seed in 0..<300 {
      let left = String((0..<(seed % 11)).map { Character(["a", "b", "c"][(seed * 3 + $0 * $0 * 5) % 3]) })
      let right = String((0..<(seed % 7 + 2)).map { Character(["a", "b", "c"][(seed + $0 * $0 * $0) % 3]) })
      #expect(TextDistance.levenshtein(left, right) == table(Array(left), Array(right)), "\(left) \(right)")
    }
  }
}

@Suite struct Traces {
  private let examples = [
    pairs([("x", "y")]), candidates(["z"], name: "n"), pairs([("x", "y"), ("v", "w")], name: "b"),
  ]

  private func given(_ a: [[Float]], _ b: [[Float]]) -> [Scores] {
    [scores(a), scores([[-7]], name: "n"), scores(b, name: "b")]
  }

  @Test func meansGoWithTheCheckpoints() throws {
    let reference = given([[-1, -1], [-2]], [[-1], [-2], [-3], [-4]])
    let first = given([[-1, -1], [-2]], [[-1], [-2], [-3], [-4]])
    let last = given([[-0.5, -0.5], [-4]], [[-1], [-2.5], [-1], [-4.5]])
    let trace = try TraceStep.Trace(
      examples, reference: reference, checkpoints: [first, last], label: "trace")
    #expect(trace.chosen.map { $0.outcomes.map(\.value) } == [[1], [0, 2]])
    #expect(trace.rejected.map { $0.outcomes.map(\.value) } == [[-2], [-0.5, -0.5]])
    #expect(trace.chosen.map(\.id) == [id("a"), id("b")])
    #expect(
      trace.means.map { JSONValue.object($0.fields).canonical } == [
        #"{"checkpoint":0,"chosen":0.0,"margin":0.0,"pairs":3,"rejected":0.0}"#,
        #"{"checkpoint":1,"chosen":1.0,"margin":2.0,"pairs":3,"rejected":-1.0}"#,
      ])
  }

  @Test func otherTokensAreTold() {
    let reference = given([[-1, -1], [-2]], [[-1], [-2], [-3], [-4]])
    let last = given([[-1, -1], [-2]], [[-1], [-2], [-3, -3], [-4]])
    #expect(
      told { _ = try TraceStep.Trace(examples, reference: reference, checkpoints: [last], label: "t") }
        == "step.records-differ | t: record 3 is not the same in both inputs")
  }
}
