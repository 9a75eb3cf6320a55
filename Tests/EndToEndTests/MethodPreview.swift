// A spec whose responses stand in the data, so that a preview of its training needs no model.

/// Two prompts with recorded responses, and how they become feedback.
struct MethodPreview: Sendable {
  var prompt = "{question}"
  var responses: String
  var reviser: String
  var objective: String
  var turns = "chatml"
  var batch = "{examples: 2}"

  static let judged = #"[{judgment: {by: recorded, judgment: "{note}"}}]"#
  static let relabeled =
    #"[{hindsight: {by: verifier, bind: instruction, right: "Be right.", wrong: "Be wrong."}}]"#
  static let ranked = #"[{rescore: {by: recorded, scores: ["{x}", "{y}", "{z}"]}}]"#

  static func judged(
    _ objective: String, turns: String = "chatml", batch: String = "{examples: 2}"
  ) -> MethodPreview {
    MethodPreview(responses: #"["{a}"]"#, reviser: judged, objective: objective, turns: turns, batch: batch)
  }

  static func relabeled(_ objective: String) -> MethodPreview {
    MethodPreview(
      prompt: "{instruction} {question}", responses: #"["{a}"]"#, reviser: relabeled, objective: objective)
  }

  static func ranked(_ objective: String) -> MethodPreview {
    MethodPreview(responses: #"["{a}", "{b}", "{c}"]"#, reviser: ranked, objective: objective)
  }

  var spec: String {
    """
    version: 1
    models:
      policy:
        weights: {random: {layers: 1, width: 16, heads: 2, key-value-heads: 1, feed-forward: 32, context: 128, seed: 1}}
        turns: \(turns)
        system: none
    datasets:
      sums:
        source: {jsonl: {from: [{path: sums.jsonl}]}}
        prompt: "\(prompt)"
        answer: {from: "{answer}", verifier: number}
    variables: {instruction: "Answer."}
    data: sums
    generator: {recorded: {responses: \(responses)}}
    reviser: \(reviser)
    objective: \(objective)
    hyperparameters:
      adapter: {lora: {rank: 2, alpha: 4}}
      optimizer: {adamw: {learning-rate: 1.0e-2}}
      batch: \(batch)
      epochs: 1
    """
  }

  static let data = """
    {"question":"3+4","answer":"7","a":"7","b":"12","c":"no","note":null,"x":2,"y":0,"z":-1}
    {"question":"6+5","answer":"11","a":"12","b":"2","c":"?","note":"No.","x":1,"y":1,"z":-3}

    """

  func preview(_ arguments: [String] = ["2"]) throws -> RunOutcome {
    try TestSpace.preview(spec, data: Self.data, arguments)
  }
}
