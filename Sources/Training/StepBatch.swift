// The examples of one optimizer step as they run: parts of responses drawn, other prompts put before them, sequences in order.
// Knows tokens and which numbers an objective reads; nothing of what a model says.

import LanguageModel
import Objectives
import Randomness

/// A sequence of an example: which numbers it gives.
struct SequenceRole {
  /// What a sequence is to a response.
  enum Part {
    /// Prompt and response.
    case response
    /// The response behind another prompt.
    case otherContext
    /// What follows the response.
    case continuation
  }

  let response: Int
  let part: Part
}

/// The sequences of an example that run.
struct ExampleSequences {
  /// One a sequence.
  let roles: [SequenceRole]
  /// In the same order.
  let requests: [ScoreRequest]

  /// The sequences of the responses that an objective reads.
  init(_ example: TrainingExample, read: [Int], also numbers: ResponseNumbers) {
    var roles: [SequenceRole] = []
    var requests: [ScoreRequest] = []
    for index in read {
      let response = example.responses[index]
      roles.append(SequenceRole(response: index, part: .response))
      requests.append(response.request)
      if numbers.contains(.otherContexts) {
        for context in response.otherContexts {
          roles.append(SequenceRole(response: index, part: .otherContext))
          requests.append(context)
        }
      }
      if numbers.contains(.continuation), let continuation = response.continuation {
        roles.append(SequenceRole(response: index, part: .continuation))
        requests.append(continuation)
      }
    }
    self.roles = roles
    self.requests = requests
  }

  /// The policy's numbers by response, from those of the sequences of one group.
  func numbers(of example: TrainingExample, _ scores: UnitScores, place: Int) -> [PolicyNumbers] {
    var numbers = example.responses.map { _ in PolicyNumbers() }
    for (sequence, role) in roles.enumerated() {
      let logProbabilities = scores.logProbabilities[place][sequence]
      switch role.part {
      case .response:
        numbers[role.response].tokens = logProbabilities
        if !scores.vocabularyMeans.isEmpty {
          numbers[role.response].means = scores.vocabularyMeans[place][sequence]
        }
        if !scores.entropies.isEmpty { numbers[role.response].entropies = scores.entropies[place][sequence] }
      case .otherContext: numbers[role.response].otherContexts.append(logProbabilities)
      case .continuation: numbers[role.response].continuation = logProbabilities
      }
    }
    return numbers
  }

  /// The example with the scores of the sequences of one group.
  func scored(_ example: TrainingExample, _ scores: [Float]) -> ObjectiveExample {
    var numbers = example.responses.map { _ in PolicyNumbers() }
    for (role, score) in zip(roles, scores) { numbers[role.response].score = score }
    return example.scored(numbers)
  }

  /// What goes back into each sequence.
  func coefficients(_ gradients: [ResponseGradient]) -> [TokenCoefficients] {
    var contexts = gradients.map { $0.otherContexts[...] }
    return roles.map { role in
      let gradient = gradients[role.response]
      switch role.part {
      case .response:
        return TokenCoefficients(
          tokens: gradient.tokens, vocabularyMeans: gradient.vocabularyMeans, entropies: gradient.entropies)
      case .otherContext: return TokenCoefficients(tokens: contexts[role.response].popFirst() ?? [])
      case .continuation: return TokenCoefficients(tokens: gradient.continuation)
      }
    }
  }
}

/// The examples of one optimizer step as its objective sees them.
struct StepExamples {
  /// In the order of the batch.
  let examples: [TrainingExample]
  /// For each of them, the responses that the objective reads.
  let read: [[Int]]
  /// What the loss has to know of all, KTO's reference point apart.
  let facts: BatchFacts
  /// For each example what its loss has to know: the facts of its group, as many times as there are groups, so that the sum
  /// over all examples is the mean over groups.
  let lossFacts: [BatchFacts]

  /// Takes examples of a training.
  ///
  /// - Parameters:
  ///   - numbers: Which of all.
  ///   - all: The training's examples.
  ///   - options: How it goes.
  ///   - epoch: The epoch, counted from 0.
  init(_ numbers: [Int], of all: [TrainingExample], _ options: TrainingOptions, epoch: Int) {
    var examples = numbers.map { all[$0] }
    if let choice = options.subOutputs {
      examples = zip(examples, numbers).map { $0.drawn(choice, seed: options.seed, example: $1, epoch: epoch) }
    }
    if options.readsOtherPrompts { examples = examples.withOtherPrompts() }
    let objective = options.objective
    read = examples.map { objective.responsesRead(of: $0.unscored) }
    let read = read
    func counted(_ part: Range<Int>) -> BatchFacts {
      var facts = BatchFacts(Array(examples[part]), read: Array(read[part]))
      for example in examples[part] {
        facts.add(objective.counts(of: example.unscored, lengths: example.responses.map(\.tokenCount)))
      }
      return facts
    }
    let whole = counted(examples.indices)
    let size = min(options.group ?? examples.count, examples.count)
    let groups = stride(from: 0, to: examples.count, by: max(1, size)).map { $0..<min(examples.count, $0 + size) }
    lossFacts = groups.flatMap { group in
      let own = groups.count == 1 ? whole : counted(group).times(groups.count)
      return group.map { _ in own }
    }
    facts = whole
    self.examples = examples
  }
}

extension TrainingExample {
  /// The example with the part of its response that an epoch learns.
  ///
  /// What stands before the part is read and not learned, as if it were the prompt's. A response that is wrong as a whole
  /// may begin with what is right: then its prompt and the contrasting one change places.
  func drawn(_ choice: SubOutputChoice, seed: UInt64, example: Int, epoch: Int) -> TrainingExample {
    guard let response = responses.first, responses.count == 1 else { return self }
    let address = RandomAddress(
      seed: seed, purpose: .subOutput, record: (UInt64(choice.eachEpoch ? epoch : 0), UInt64(example)))
    var stream = RandomStream(address)
    let length = response.request.tokens.count - response.request.from
    let part = SubOutputs(length: length, minimum: choice.minimum).draw { stream.integer(below: $0) }
    func cut(_ request: ScoreRequest) -> TrainingContext {
      let tokens = Array(request.tokens.prefix(request.from + part.upperBound))
      return TrainingContext(
        request: ScoreRequest(tokens: tokens, from: request.from + part.lowerBound), promptCount: request.from)
    }
    var contexts = ([response.request] + response.otherContexts).map(cut)
    if part.upperBound < length, exchangesAt.contains(part.upperBound), contexts.count > 1 { contexts.swapAt(0, 1) }
    let reference = response.reference.isEmpty ? [] : Array(response.reference[part])
    return TrainingExample(feedback, responses: [TrainingResponse(contexts, reference: reference)])
  }
}

extension [TrainingExample] {
  /// The examples of a batch, each response also behind the prompts of the others.
  func withOtherPrompts() -> [TrainingExample] {
    enumerated().map { index, example in
      guard var response = example.responses.first else { return example }
      let own = response.request
      // What is learned may be a part of the response: what stands before that part goes along.
      response.otherContexts = indices.filter { $0 != index }.compactMap { other in
        guard let prompt = self[other].responses.first?.prompt else { return nil }
        let rest = own.tokens[response.promptCount...]
        return ScoreRequest(tokens: prompt + rest, from: prompt.count + own.from - response.promptCount)
      }
      var example = example
      example.responses = [response]
      return example
    }
  }
}
