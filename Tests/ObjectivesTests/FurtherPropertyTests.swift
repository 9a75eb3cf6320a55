// What holds of the objectives of judgments, rankings, outputs and scores whatever the numbers: what is read, that terms
// add up, and that nothing finite becomes infinite or no number. And which sub-outputs there are.

import Objectives
import Testing

struct FurtherPropertyTests {
  @Test(arguments: Further.all) func nothingFiniteBecomesInfinite(further: Further) {
    let values: [Float] = [
      0, -0.0, -.leastNonzeroMagnitude, -1e-20, -1e-9, -0.69, -3, -700, -1e4, -1e20, -.greatestFiniteMagnitude,
    ]
    var draw = Draw(seed: 78)
    for round in 0..<400 {
      let examples = further.batch(&draw, fewest: 0) { $0.element(values) }
      let facts = further.objective.facts(of: examples)
      for example in examples {
        let result = further.objective.loss(of: example, in: facts)
        let numbers = [result.loss] + result.gradients.flatMap(\.all) + result.metrics.map(\.value)
        #expect(numbers.allSatisfy { $0.isFinite }, "round \(round): \(example), \(result)")
      }
    }
  }

  @Test func rewardsAtTheEndsStayFinite() {
    let rewards = [Double(Float.greatestFiniteMagnitude), 0, -Double(Float.greatestFiniteMagnitude)]
    let objectives: [any ObjectiveFunction] = [
      RankResponses(), PreferenceRanking(), PreferenceRanking(floor: 0), ContrastiveRanking(gate: nil), BradleyTerry(),
    ]
    for objective in objectives {
      for value: Float in [0, -1, -.greatestFiniteMagnitude] {
        let response = ScoredResponse(policy: [value, -2], score: value)
        let example = ObjectiveExample.ranking([response, response, ScoredResponse(policy: [-1])], rewards: rewards)
        let result = objective.loss(of: example, in: objective.facts(of: [example]))
        #expect(([result.loss] + result.gradients.flatMap(\.all)).allSatisfy { $0.isFinite }, "\(objective)")
      }
    }
  }

  @Test(arguments: Further.all) func termsAddUpToTheLoss(further: Further) {
    var draw = Draw(seed: 12)
    for _ in 0..<200 {
      let examples = further.batch(&draw) { Float(-$0.number(0...5)) }
      let facts = further.objective.facts(of: examples)
      for result in examples.map({ further.objective.loss(of: $0, in: facts) }) {
        let terms = result.metrics.filter { !["inappropriate", "agreement"].contains($0.name) }
        let sum = terms.reduce(0) { $0 + $1.value }
        #expect(terms.isEmpty || abs(sum - result.loss) <= 1e-14 * terms.reduce(0) { $0 + abs($1.value) })
      }
      let names = ["inappropriate", "agreement"]
      for name in names {
        let shares = examples.compactMap { further.objective.loss(of: $0, in: facts).metric(name) }
        #expect(shares.allSatisfy { $0 >= 0 } && shares.reduce(0, +) <= 1 + 1e-12)
      }
    }
  }

  @Test(arguments: Further.all) func whatIsNotReadMovesNothing(further: Further) {
    var draw = Draw(seed: 13)
    for _ in 0..<100 {
      let examples = further.batch(&draw) { Float(-$0.number(0...5)) }
      let facts = further.objective.facts(of: examples)
      for example in examples {
        let read = further.objective.responsesRead(of: example)
        let result = further.objective.loss(of: example, in: facts)
        #expect(result.gradients.count == example.responses.count)
        if read.isEmpty { #expect(result.loss == 0) }
        for (index, response) in example.responses.enumerated() {
          let gradient = result.gradients[index]
          #expect(gradient.tokens.count == (read.contains(index) ? response.policy.count : 0))
          let also = further.objective.alsoReads
          if !also.contains(.continuation) { #expect(gradient.continuation.isEmpty) }
          if !also.contains(.entropies) { #expect(gradient.entropies.isEmpty) }
          if !also.contains(.otherContexts) { #expect(gradient.otherContexts.isEmpty) }
          if !also.contains(.score) { #expect(gradient.score == 0) }
          if !further.objective.readsVocabularyMeans { #expect(gradient.vocabularyMeans.isEmpty) }
          guard !read.contains(index) else { continue }
          var moved = DoubleExample(example)
          moved.responses[index] = DoubleExample(.response(ScoredResponse(policy: []))).responses[0]
          #expect(further.objective.loss(of: moved, in: facts).loss == result.loss)
        }
      }
    }
  }

  @Test func otherKindsOfExamplesAreNotRead() {
    let answer = ScoredResponse(policy: [-1], reference: [-1])
    let kinds: [(Further.Kind?, ObjectiveExample)] = [
      (.output, .response(answer)), (.judged, .judged(answer, acceptable: true)),
      (.comparison, .pair(chosen: answer, rejected: answer)),
    ]
    let facts = BatchFacts(examples: 1, responses: 1, tokens: 1, counts: [1, 1, 1])
    for further in Further.all {
      for (kind, example) in kinds where kind != further.kind {
        #expect(further.objective.responsesRead(of: example).isEmpty)
        let result = further.objective.loss(of: example, in: facts)
        #expect(result.loss == 0)
        #expect(result.gradients.flatMap(\.tokens).isEmpty)
      }
    }
    // Those with a reference leave rankings alone; the likelihood reads the best.
    let ranking = ObjectiveExample.ranking([answer, answer], rewards: [2, 1])
    for named in Named.all(beta: 1) {
      let expected = named.objective is SupervisedFineTuning ? [0] : []
      #expect(named.objective.responsesRead(of: ranking) == expected)
    }
    #expect(SupervisedFineTuning().loss(of: ranking, in: facts).loss == 1)
  }

  @Test func countsAreThoseOfTheBatch() {
    let none = ScoredResponse(policy: [])
    var facts = BatchFacts(examples: 2, responses: 0, tokens: 0)
    let clha = ContrastiveRanking(gate: 0)
    // Gaps above 3 at distance 1: 5 and 4; at distance 2: 9.
    facts.add(clha.counts(of: .ranking([none, none, none], rewards: [9, 4, 0]), lengths: [1, 1, 1]))
    // At distance 1: 3.5; the gap of exactly 3 does not count.
    facts.add(clha.counts(of: .ranking([none, none, none], rewards: [6.5, 3, 0]), lengths: [1, 1, 1]))
    #expect(facts.counts == [3, 2])
    // A longer ranking adds distances.
    facts.add(clha.counts(of: .ranking([none, none, none, none], rewards: [1, 1, 1, -3]), lengths: [1, 1, 1, 1]))
    #expect(facts.counts == [4, 3, 1])
    let cut = ContrastiveUnlikelihood(form: .code, lambda: 1.1, alpha: 1)
    #expect(cut.counts(of: .judged(none, acceptable: true), lengths: [7]) == [1, 7, 0])
    #expect(cut.counts(of: .judged(none, acceptable: false), lengths: [7]) == [1, 7, 7])
    #expect(cut.counts(of: .pair(chosen: none, rejected: none), lengths: [7, 7]) == [0, 0, 0])
  }

  @Test func contrastsReadOnlyWhatTheyNeed() {
    typealias Part = ContrastiveUnlikelihood.Part
    func reads(_ parts: Set<Part>, gamma: Double? = nil) -> Bool {
      ContrastiveUnlikelihood(form: .paper, lambda: 1.1, alpha: 1, gamma: gamma, without: parts).alsoReads
        == .otherContexts
    }
    #expect(reads([]) && reads([.alignN]) && reads([.misalign]) && reads([.detection]))
    #expect(reads([.alignN, .detection], gamma: 1))
    #expect(!reads([.alignN, .detection]) && !reads([.alignN, .detection, .weighting], gamma: 1))
    #expect(!reads([.alignN, .misalign]))
    let clha = ContrastiveRanking(gate: 0)
    let none = ScoredResponse(policy: [])
    func read(_ rewards: [Double]) -> [Int] {
      clha.responsesRead(of: .ranking(rewards.map { _ in none }, rewards: rewards))
    }
    #expect(read([1, 1, 1]) == [0])
    #expect(read([0, 0, 0]) == [])
    #expect(read([0, -1, -3.5]) == [0, 2])
    #expect(read([5]) == [])
  }
}

struct SubOutputTests {
  @Test func areTheOnesThatTheReleasedSamplerDraws() {
    #expect(SubOutputs(length: 0).all == [0..<0])
    #expect(SubOutputs(length: 3).all == [0..<3])
    #expect(SubOutputs(length: 4).all == [0..<1, 0..<3])
    #expect(SubOutputs(length: 7).all == [0..<1, 0..<3, 0..<5, 0..<7, 2..<3, 2..<5, 2..<7])
    #expect(SubOutputs(length: 4, minimum: 4).all == [0..<4])
    #expect(SubOutputs(length: 3, minimum: 1).all == [0..<1, 0..<3])
  }

  @Test func everyOneCanBeDrawnAndNoOther() {
    for length in 0...20 {
      for minimum in 1...5 {
        let outputs = SubOutputs(length: length, minimum: minimum)
        var drawn: [Range<Int>] = []
        for start in 0..<20 {
          for end in 0..<20 {
            var choices = [start, end]
            var fits = true
            let range = outputs.draw { count in
              let choice = choices.removeFirst()
              fits = fits && choice < count
              return min(choice, count - 1)
            }
            if fits { drawn.append(range) }
          }
        }
        #expect(Set(drawn) == Set(outputs.all))
      }
    }
  }

  @Test func aWholeResponseAsksForNoChoice() {
    #expect(SubOutputs(length: 2).draw { _ in 1_000 } == 0..<2)
  }
}
