// A spec's verifier at work on prompts and responses, for every step that judges.
// Knows where to find the answer; the rules are Verification's.

package import Diagnostics
package import Records
package import Specification
package import Verification

/// Holds responses against the right answers of their prompts.
package struct Grader {
  private let verifier: Verification.Verifier
  private let label: String
  private let place: SourcePlace?

  package init(_ verifier: Specification.Verifier, label: String, places: [String: SourcePlace] = [:]) {
    self.verifier = verifier.engine
    self.label = label
    place = places["verifier"]
  }

  /// Refuses a prompt whose answer the verifier cannot use.
  ///
  /// - Throws: ``StepError``.
  package func check(_ prompt: RenderedPrompt, number: Int) throws(StepError) {
    guard let fault = verifier.fault(in: prompt.accepted) else { return }
    if fault == .noAnswer { throw .noAnswer(step: label, record: number) }
    throw .unusableAnswer(
      step: label, record: number, reason: fault.reason, prompt: prompt.turns.last?.text ?? "", place: place)
  }

  package func verdict(on response: Response, to prompt: RenderedPrompt) -> Verdict {
    verifier.verdict(on: response.text, answer: prompt.accepted)
  }

  /// The response with the right answer in the wrong one's place.
  package func revision(of response: Response, to prompt: RenderedPrompt) -> String? {
    verifier.revision(of: response.text, answer: prompt.accepted)
  }
}

extension RenderedPrompt {
  /// What a right response would say.
  fileprivate var accepted: AcceptedAnswer { AcceptedAnswer(answers, options: options, labels: labels) }
}
