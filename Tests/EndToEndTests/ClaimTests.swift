// Claims from a spec to the exit code: one that holds, one that does not, one that nobody can decide.

import Foundation
import JSON
import Testing

@Suite struct ClaimRuns {
  /// Responses are right as long as they are short, as long as they are long, or longer: all, none and none of twelve records.
  ///
  /// Twelve records apart are p = 2·2⁻¹² by McNemar's exact test, and three times that by Holm: 0.001.
  private static func experiment(_ claims: String, table: String = "") -> SmallExperiment {
    var experiment = SmallExperiment()
    experiment.heldout = 12
    func arm(_ words: String) -> String { "{datasets: {numbers: {answer: {verifier: {format: {\(words)}}}}}}" }
    experiment.extra = """
      ablations:
        form:
          lax: \(arm("max-words: 500"))
          strict: \(arm("min-words: 400"))
          stricter: \(arm("min-words: 500"))
      table:
        rows: form
        value: accuracy
      \(table)
        claims:
      \(claims)
      """
    return experiment
  }

  private static let wins = "    wins: {holds: lax > strict}\n"
  private static let loses = "    loses: {holds: strict > lax, required: false}\n"
  private static let open = "    open: {holds: strict > stricter, required: false}\n"

  private static func verdicts(_ space: TestSpace) throws -> [String?] {
    let table = try JSONValue(parsing: space.bytes("results/small/table.json"))
    return try #require(table["claims"]?.arrayValue).map { $0["verdict"]?.stringValue }
  }

  @Test func everyVerdictAndNothingRequiredFails() throws {
    let space = try TestSpace()
    let experiment = Self.experiment(Self.wins + Self.loses + Self.open)
    try experiment.write(to: space)
    for command in ["validate", "plan"] {
      let outcome = try space.run([command, "small.yaml"])
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    }
    let run = try space.run(["exec", "small.yaml"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try Self.verdicts(space) == ["holds", "does not hold", "undecided"])
    for words in [
      "  wins: lax > strict: holds\n", "  loses (not required): strict > lax: does not hold\n",
      "  open (not required): strict > stricter: undecided: the difference is inside the noise\n",
      "    100.0 against 0.0: +100.0, 95% from +51.5 to +100.0, p = 0.001, could show ± 57.8\n",
      "12 records: this training run; 12 only the left one right, 0 only the right one\n",
      "Holm's over 3 claims that could be tested",
    ] { #expect(run.output.contains(words), "\(words) in \(run.output)") }
    let markdown = unpadded(try space.read("results/small/TABLE.md"))
    #expect(markdown.contains("| wins | lax > strict | **holds** | +100.0 |"), "\(markdown)")
    #expect(try space.read("results/small/table.tex").contains("wins & lax $>$ strict & holds & +100.0"))
    let before = try space.files(below: "results").map { try space.bytes("results/\($0)") }
    let again = try space.run(["exec", "small.yaml", "--json"])
    #expect(again.exitCode == 0 && again.output.contains("\"verdict\":\"does not hold\""), "\(again.errors)")
    #expect(try Events(again.output).ran.isEmpty)
    #expect(try space.files(below: "results").map { try space.bytes("results/\($0)") } == before)
  }

  @Test func aRequiredClaimThatFailsEndsWith2AndTheTablesAreThere() throws {
    let space = try TestSpace()
    let required = [Self.wins, Self.loses, Self.open].joined().replacing(", required: false", with: "")
    try Self.experiment(required).write(to: space)
    let run = try space.run(["exec", "small.yaml"])
    #expect(run.exitCode == 2, "\(run.errors)")
    for words in [
      "small.yaml:28:20: error: the claim `loses` of small does not hold: strict > lax\n",
      "small.yaml:29:19: error: the claim `open` of small is undecided: strict > stricter\n",
      "  the difference is inside the noise\n", "→ All results are written",
    ] { #expect(run.errors.contains(words), "\(words) in \(run.errors)") }
    #expect(!run.errors.contains("`wins`"))
    #expect(try Self.verdicts(space) == ["holds", "does not hold", "undecided"])
    #expect(
      space.files(below: "results")
        == ["TABLE.md", "claims.csv", "lock.json", "table.csv", "table.json", "table.tex"].map { "small/\($0)" })
    // What is stored is judged again, and comes to the same.
    let again = try space.run(["exec", "small.yaml", "--json"])
    #expect(again.exitCode == 2 && again.output.contains("\"code\":\"claim.failed\""), "\(again.output)")
    // Too few records to say anything, and no results.
    let smoke = try space.run(["exec", "small.yaml", "--smoke"])
    #expect(smoke.exitCode == 0 && smoke.output.contains("Claims are not judged in a smoke test."), "\(smoke.errors)")
  }

  /// `runner table` judges a spec's claims anew and shows a file's as they stand; it fails for none.
  @Test func claimsInTablesOfNumbers() throws {
    let space = try TestSpace()
    try Self.experiment(Self.wins + Self.open, table: "  published: {file: paper.yaml}").write(to: space)
    try space.write(
      "version: 1\nsource: A paper\nrows: {lax: {accuracy: 97.5}, strict: {accuracy: null}}\n", to: "paper.yaml")
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    for name in ["small.yaml", "results/small", "results/small/table.json"] {
      let text = try space.run(["table", name])
      #expect(text.exitCode == 0 && text.output.contains("wins: lax > strict: holds"), "\(text.errors)\(text.output)")
      #expect(text.output.contains(" [97.5]") && text.output.contains("In brackets: A paper"), "\(text.output)")
    }
    let json = try space.run(["table", "small.yaml", "--format", "json"])
    let value = try JSONValue(parsing: Array(json.output.utf8))
    #expect(value["claims"]?.arrayValue?.count == 2 && value["published"]?["source"]?.stringValue == "A paper")
    let markdown = try space.run(["table", "small.yaml", "--format", "markdown"]).output
    #expect(markdown.contains("## Claims") && markdown.contains(" [97.5]** |"), "\(markdown)")
    let latex = try space.run(["table", "small.yaml", "--format", "latex"]).output
    #expect(latex.contains("\\begin{tabular}{lllrrrrl}"), "\(latex)")
    let lines = try space.run(["table", "small.yaml", "--format", "claims-csv"]).output
    #expect(try lines == space.read("results/small/claims.csv"))
    #expect(lines.contains("\nwins,lax > strict,true,holds,,accuracy,1.0,0.0,1.0,0.5150119866895184,1.0,"), "\(lines)")
    let diff = try space.run(["diff", "results/small", "small.yaml"])
    #expect(diff.exitCode == 0 && diff.output.contains("the same outcomes"), "\(diff.errors)")
    // The table alone does not say what was measured: without the store the verdict stands as it was written.
    let elsewhere = try space.run(["table", "results/small", "--store", "nowhere"]).output
    #expect(elsewhere.contains("wins: lax > strict: holds"), "\(elsewhere)")
  }

  /// An outcomes file that is damaged behind a claim is made again, and the claim is judged as before.
  @Test func damagedOutcomesHeal() throws {
    let space = try TestSpace()
    try Self.experiment(Self.wins + Self.loses).write(to: space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    let before = try space.read("results/small/table.json")
    let table = try JSONValue(parsing: space.bytes("results/small/table.json"))
    let cell = try #require(table["cells"]?.arrayValue?.first)
    let digest = try #require(cell["steps"]?.arrayValue?.first?["outcomes"]?.stringValue)
    let object = try #require(space.files(below: ".runner-store/objects").first { $0.contains(digest.dropFirst(2)) })
    let path = "\(space.path)/.runner-store/objects/\(object)"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    var bytes = try space.bytes(".runner-store/objects/\(object)")
    bytes[bytes.count / 2] ^= 0xFF
    try space.write(bytes, to: ".runner-store/objects/\(object)")
    let again = try space.run(["exec", "small.yaml"])
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try space.read("results/small/table.json") == before)
  }

  /// The model before training belongs to every cell, and a training that diverged has no number to claim anything of.
  @Test func beforeTrainingAndDiverged() throws {
    var training = SmallTraining()
    training.extra = """
      ablations: {rate: {sane: {}, wild: {hyperparameters: {optimizer: {adamw: {learning-rate: 1.0e+30}}}}}}
      table:
        rows: rate
        value: accuracy
        claims:
          learns: {holds: sane > base, required: false}
          explodes: {holds: wild < base, required: false}
      """
    let space = try TestSpace()
    let run = try space.exec(training)
    #expect(run.exitCode == 0, "\(run.errors)")
    let table = try JSONValue(parsing: space.bytes("results/small/table.json"))
    let claims = try #require(table["claims"]?.arrayValue)
    #expect(claims[0]["right"]?.doubleValue != nil && claims[0]["left"]?.doubleValue != nil, "\(claims)")
    #expect(claims[1]["why"]?.stringValue == "`wild` diverged at step 2", "\(claims)")
    #expect(claims[1]["verdict"]?.stringValue == "undecided")
  }
}
