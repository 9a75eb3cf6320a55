// What models are asked where a spec leaves it open. `{asked}` is the record's prompt as the policy reads it.
// Knows nothing of how replies are read; the readers' rules (a number, a word, the whole text) are said in the prompts.

extension Prompt {
  private static let asked = "Request:\n{asked}\n\n"

  /// For a number for each response.
  static let rating = standard(
    """
    Rate the answer below from 1 (useless) to 10 (perfect). Reply with the number only.

    \(asked)Answer:
    {response}
    """)

  /// For the better of two responses.
  static let comparison = standard(
    """
    Which of the two answers below is better? Reply with 1 or 2 only.

    \(asked)Answer 1:
    {first}

    Answer 2:
    {second}
    """)

  /// For a better response that differs in little.
  static let revision = standard(
    """
    Correct the answer below. Change as little as possible: keep every word that is not wrong. Reply with the corrected \
    answer only.

    \(asked)Answer:
    {response}
    """)

  /// For a better response with a judgment at hand.
  static let refinement = standard(
    """
    Rewrite the answer below so that it no longer deserves the criticism. Reply with the new answer only.

    \(asked)Answer:
    {response}

    Criticism:
    {judgment}
    """)

  /// For what is wrong with a response, in words.
  ///
  /// - Parameter acceptable: The reply that means that nothing is.
  /// - Returns: The prompt.
  static func judgment(acceptable: String) -> Prompt {
    let word = acceptable.replacing("{", with: "{{")
    return standard(
      """
      Say in one or two sentences what is wrong with the answer below. If nothing is, reply with \(word) only.

      \(asked)Answer:
      {response}
      """)
  }

  /// For a response once more, with what was said of it at hand (CUT).
  static let judged = standard(
    """
    {asked}

    Answer so that this is a fair judgment of the answer: {judgment}
    """)

  private static func standard(_ text: String) -> Prompt { .text(.standard(text)) }
}

extension Template {
  /// For what is wrong with the response before it, in words (forward prediction).
  static let judgmentQuestion = standard("What is to be said of this answer?")

  /// A template of this program's own, where a spec leaves one open.
  static func standard(_ text: String) -> Template {
    guard let template = try? Template(text) else { fatalError("\(text) is no template: our own bug") }
    return template
  }
}
