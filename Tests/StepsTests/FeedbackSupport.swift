// Responses, feedback and scores in a few words, for the steps between candidates and training.

import Digests
import LanguageModel
import Planning
import Records
import Specification
import Steps

func said(_ text: String, _ finish: Response.Finish = .stop, tokens: Int = 0) -> Response {
  Response(text: text, finish: finish, tokens: tokens)
}

/// A record's candidates, none of them failed.
func candidates(_ texts: [String], name: String = "a", leftovers: [Leftover] = []) -> FeedbackRecord {
  FeedbackRecord(
    id: id(name), turns: [Message(.user, "q \(name)")], items: texts.map { .response(said($0)) }, leftovers: leftovers)
}

func pairs(_ pairs: [(String, String)], name: String = "a") -> FeedbackRecord {
  FeedbackRecord(
    id: id(name), turns: [Message(.user, "q \(name)")],
    items: pairs.map { .pair(chosen: said($0.0), rejected: said($0.1)) })
}

/// A prompt whose right answer is this.
func asking(_ answer: String, name: String = "a") -> RenderedPrompt {
  RenderedPrompt(id: id(name), turns: [Message(.user, "q \(name)")], answers: [answer])
}

func score(_ values: [Float], bytes: Int = 0) -> Score { Score(logProbabilities: values, byteCount: bytes) }

func scores(_ values: [[Float]], name: String = "a") -> Scores {
  Scores(id: id(name), scores: values.map { score($0) })
}

extension SmallSpec {
  /// The model of the spec, as a step uses it.
  func use() throws -> ModelUse {
    guard let use = try step(.generate).work.modelUse else { throw NoSuchStep(kind: .generate) }
    return use
  }

  func encoder(_ tokenizer: Tokenizer = .byteLevel) throws -> ResponseEncoder { ResponseEncoder(try use(), tokenizer) }

  /// The data set's verifier.
  func verifier() throws -> Specification.Verifier {
    guard case .verify(let work) = try step(.verify).work else { throw NoSuchStep(kind: .verify) }
    return work.verifier
  }
}

extension FeedbackItem {
  /// The pair as texts, for short expectations.
  var texts: [String] { responses.map(\.text) }
}

extension FeedbackRecord {
  var kinds: [String] { leftovers.map(\.kind) }
}
