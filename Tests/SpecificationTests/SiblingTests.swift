// A value that cannot be read hides no mistake beside it.

import Diagnostics
import Specification
import Testing

@Suite struct SiblingTests {
  private static let models = """
    version: 1
    models:
      policy: {weights: {random: {layers: 1, width: 8, heads: 2, feed-forward: 16}}, turns: raw}

    """

  private static let training = """
    datasets: {d: {source: {task: {word-sorting: {words: 3, records: 8}}}, prompt: "{question}"}}
    data: d
    generator: {sample: {samples: 2}}
    reviser: {judge: {by: verifier}}

    """

  /// What is wrong, as text.
  private func told(_ text: String) -> String {
    do throws(Diagnoses) {
      _ = try SpecificationReader(files: MemoryFiles(["s.yaml": text])).read("s.yaml")
      return ""
    } catch { return error.text() }
  }

  @Test(arguments: [
    (
      "version: 1\nmodels: {policy: {turns: raw, weights: {random: "
        + "{layers: two, width: 33, heads: 4, feed-forward: 8}}}}",
      ["layers", "`width` (33)"]
    ),
    (
      "version: 1\nmodels: {policy: {turns: raw, weights: {random: "
        + "{layers: 1, width: 32, heads: 4, key-value-heads: 3, feed-forward: no}}}}",
      ["feed-forward", "`heads` (4)"]
    ),
    ("version: 1\nmodels: {policy: {weights: {gguf: {from: 3}}}}", ["`from`", "`turns`"]),
    ("version: 1\nmodels: {other: {weights: {gguf: {from: 3}}, turns: raw}}", ["`from`", "`policy`"]),
    (
      "version: 1\nmodels: {policy: {weights: {same-as: b}}, b: {weights: {same-as: policy}}, c: {weights: 1}}",
      ["a mapping of one kind", "circle"]
    ),
    (models + "datasets: {d: {source: {jsonl: {from: [{https: nowhere}]}}, prompt: x}}", ["nowhere", "`sha256`"]),
    (
      models
        + "datasets: {d: {source: 3, prompt: [{shots: {from: trian, count: 2}}, {user: x}], split: {train: rest}}}",
      ["`source`", "`trian`"]
    ),
    (
      models + "datasets: {a/b: {source: 3, prompt: x}}\nevals: {x/y: {accuracy: {on: 1}}}",
      ["`a/b`", "`x/y`", "`source`"]
    ),
    (
      models + training
        + "objective: {kto: {beta: -1, partner: rotation}}\n"
        + "hyperparameters: {adapter: full, batch: {examples: 1}, epochs: 1}",
      ["`beta`", "`optimizer`", "rotation"]
    ),
    (
      models + training
        + "evals: {a: {accuracy: {on: d}}}\nablations: {x: {p: {}, q: {}}}\n"
        + "table: {rows: x, value: a, claims: {one: {holds: p > r}, two: {holds: 3}}}",
      ["`r`", "`holds`"]
    ),
  ])
  func bothAreTold(text: String, words: [String]) {
    let told = told(text)
    for word in words { #expect(told.contains(word), "\(word) in \(told)") }
  }

  /// A way that is mistyped asks for nothing further.
  @Test func aMistypedWayIsOneMistake() {
    let told = told(Self.models + Self.training.replacing("judge: {by: verifier}", with: "stronger: {by: verifyer}"))
    #expect(told.contains("verifyer") && told.matches(of: /error:/).count == 1, "\(told)")
  }

  /// A name that cannot be read is one mistake, not also an axis that the table lacks.
  @Test func aMistypedRowIsOneMistake() {
    let text =
      Self.models + Self.training + "evals: {a: {accuracy: {on: d}}}\nablations: {x: {p: {}}, y: {q: {}}}\n"
      + "table: {rows: xx, columns: y, value: a}"
    let told = told(text)
    #expect(told.matches(of: /error:/).count == 1, "\(told)")
  }
}
