// Every kind that the language knows, with all its options, is read; and where kinds do not fit together, it is told.

import Diagnostics
import Specification
import Testing

@Suite struct KindsTests {
  private static let spec = """
    version: 1
    models:
      policy: {weights: {random: {layers: 1, width: 8, heads: 2, feed-forward: 16}}, turns: raw}
      other: {weights: {same-as: policy}}
    datasets:
      counting:
        source: {task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}
        prompt: "{question}{instruction}"
        split: {heldout: 20, train: rest}
      tracked:
        source: {task: {tracking-shuffled-objects: {records: 100}}}
        prompt: "{question}"
        options: {letters: "A."}
        split: {heldout: 20, train: rest}
    variables: {instruction: x}
    data: counting
    generator: sample
    hyperparameters: {adapter: full, optimizer: {adamw: {learning-rate: 1.0e-5}}, batch: {examples: 8}, epochs: 1}
    reviser: [{judge: {by: verifier}}]
    objective: dpo
    evals: {accuracy: {accuracy: {on: counting/heldout}}}

    """

  private func read(_ sets: [String]) throws(Diagnoses) -> Experiment {
    try SpecificationReader(files: MemoryFiles(["s.yaml": Self.spec])).read("s.yaml", sets: sets).cells[0].experiment
  }

  private static let digest = String(repeating: "ab", count: 32)

  @Test(arguments: [
    "gguf: {sha256: \(digest), from: [{path: a}, {https: \"https://a.b/c\"}]}",
    "gguf: {from: [{path: a}]}",
    "safetensors: {files: {config.json: {from: [{path: a}]}, model.safetensors: {from: [{path: b}]}}}",
    "pypi: {package: a, version: 1.2.3, file: b, sha256: unknown, allow-source: true}",
    "huggingface: {repository: a/b, revision: main, file: c, sha256: unknown}",
    "experiment: {spec: s.yaml, arms: {a: b}, seed: 2, round: 1}",
    "random: {layers: 2, width: 16, heads: 4, key-value-heads: 2, feed-forward: 8, context: 64, seed: 3}",
    "endpoint: {url: \"http://localhost:8080/v1\", model: m, key-variable: KEY}", "same-as: policy",
    "adapter: {base: policy, config: {from: [{path: a}]}, weights: {sha256: \(digest), from: [{path: b}]}}",
  ])
  func weights(_ text: String) throws {
    let experiment = try read(["models.third={weights: {\(text)}, turns: chatml}"])
    #expect(experiment.models["third"] != nil)
  }

  @Test(arguments: [
    "chatml", "llama-2", "llama-3", "human-assistant", "raw",
    "{custom: {system: {prefix: a}, user: {suffix: b}, assistant: {prefix: c, suffix: d}}}",
  ])
  func turns(_ text: String) throws {
    #expect(try read(["models.policy.turns=\(text)"]).models["policy"]?.turns != nil)
  }

  @Test(arguments: [
    "jsonl: {from: [{path: a}]}", "json: {from: [{path: a}], records: data}",
    "csv: {from: [{path: a}], delimiter: \";\"}",
    "bigbench: {sha256: unknown, from: [{pypi: {package: a, version: b}}]}",
    "task: {tracking-shuffled-objects: {objects: 3, swaps: 3, records: 9, seed: 1}}",
    "task: {word-sorting: {words: 3, records: 9}}",
    "task: {arithmetic: {operations: [add, multiply], digits: 2, terms: 3, records: 9}}",
    "rounds: [{jsonl: {from: [{path: a}]}}, {json: {from: [{path: b}]}}]",
  ])
  func sources(_ text: String) throws {
    let experiment = try read([
      "datasets.more={source: {\(text)}, prompt: [{system: s}, {shots: {count: 2}}, {user: \"{x}\"}], split: {train: rest}}"
    ])
    #expect(experiment.datasets["more"] != nil)
  }

  @Test(arguments: [
    "exact", "{exact: {ignore: [case, punctuation]}}", "choice", "{number: {tolerance: 0.1, words: false}}",
    "sorted-words", "multiset", "{regex: {pattern: \"([0-9]+)\"}}", "contains",
    "{format: {min-words: 1, max-words: 9, max-lines: 2, starts-with: a, ends-with: b, json: true}}",
    "{format: {min-lines: 1, min-characters: 2, max-characters: 80, case: lower, keywords: [a, b c], forbidden: [d]}}",
  ])
  func verifiers(_ text: String) throws {
    let experiment = try read(["datasets.counting.answer={from: \"{answer}\", verifier: \(text)}"])
    #expect(experiment.datasets["counting"]?.answer != nil)
  }

  /// Objectives with all options, each after a stage whose feedback it reads.
  @Test(arguments: [
    ("{sft: {label-smoothing: 0.1}}", "select: {verdict: right}"),
    ("{dpo: {beta: 0.1, label-smoothing: 0.1}}", "minimal-revision: {by: verifier, keep: verdict-right}"),
    ("{kto: {beta: 0.1, desirable-weight: 2, undesirable-weight: 1, partner: rotation}}", "judge: {by: verifier}"),
    ("{apo-zero: {beta: 0.1}}", "stronger: {model: other, temperature: 0.1}"),
    ("{apo-zero: {beta: 0.2}}", "stronger: {by: recorded, response: \"{a}\"}"),
    ("{apo-zero: {beta: 0.3}}", "stronger: {by: verifier}"),
    ("{apo-down: {beta: 0.2}}", "minimal-revision: {by: recorded, revisions: [\"{a}\"], keep: verdict-right}"),
    ("{apo-down: {beta: 0.1}}", "judge: {by: {reward-model: other}}"),
    ("{apo-zero-unpaired: {desirable-weight: 0}}", "judgment: {by: verifier, wrong: \"No. {reason}\", right: Yes.}"),
    (
      "{cut: {form: paper-v4, lambda: 1.2, alpha: 0.5, gamma: 2, judged-prompt: \"{judgment}\", without: [detection]}}",
      "judgment: {by: {model: other}, prompt: \"{response}\", acceptable: fine}"
    ),
    ("{cut: {form: code, judged-prompt: \"{judgment}\"}}", "judgment: {by: recorded, judgment: \"{judgment}\"}"),
    ("{forward-prediction: {judgment-prompt: \"So:\", weight: 0.5}}", "judgment: {by: verifier, wrong: No.}"),
    ("{pro: {sft-weight: 1, floor: 0}}", "rescore: {by: verifier}"),
    ("{cut: {form: paper-v1}}", "judgment: {by: verifier, wrong: No.}"),
    ("forward-prediction", "judgment: {by: verifier, wrong: No.}"),
    ("{rrhf: {sft-weight: 1}}", "rescore: {by: {reward-model: other}}"), ("pro", "rescore: {by: verifier}"),
    ("{clha: {margin: 3, gap: 3, sft-weight: 0.05, gate: 0}}", "rescore: {by: recorded, scores: [\"{a}\"]}"),
    ("{hir: {form: paper}}", "hindsight: {bind: instruction, right: a, wrong: b}"),
    ("{hir: {form: code}}", "hindsight: {by: recorded, judgment: \"{a}\", bind: instruction, right: a, wrong: b}"),
    ("{hir: {form: code}}", "hindsight: {by: {model: other}, acceptable: fine, bind: instruction, right: a, wrong: b}"),
    ("bradley-terry", "ranked: {by: recorded}"),
  ])
  func objectives(_ objective: String, _ stage: String) throws {
    let experiment = try read(["objective=\(objective)", "reviser=[{\(stage)}, {flip: {rate: 0}}]".withoutFlip(stage)])
    #expect(experiment.training?.objective.reads.contains(experiment.feedback) == true)
  }

  @Test func stagesFollowOneAnother() throws {
    let stages =
      "[{judgment: {by: verifier, wrong: a}}, {select: {acceptable-per-rejected: 1}}, {refinement: {prompt: \"{judgment}\"}}]"
    #expect(try read(["reviser=\(stages)"]).feedback == .pairs)
    let recorded = "[{judgment: {by: verifier, wrong: a}}, {refinement: {by: recorded, refinements: [\"{a}\"]}}]"
    #expect(try read(["reviser=\(recorded)"]).feedback == .pairs)
  }

  @Test(arguments: [
    "accuracy: {on: counting, model: other, max-new-tokens: 3, temperature: 1, top-p: 0.9, top-k: 5, samples: 4, stop: [a], by: dataset, variables: {instruction: y}, prompt: \"{question}\"}",
    "choice: {on: tracked/heldout, normalize: bytes, continuation: letter, prompt: \"{x}\"}",
    "perplexity: {on: counting/heldout, text: \"{question}\"}",
    "perplexity: {on: heldout, response: \"{answer}\", prompt: [{user: \"{question}\"}]}",
    "preference: {on: heldout, score: mean, by: dataset}", "reward: {on: heldout, model: other, by: dataset}",
    "win-rate: {on: heldout, against: other, by: {reward-model: other}}",
    "win-rate: {on: heldout, against: other, by: verifier, results-by: dataset}", "drift: {on: heldout, by: dataset}",
    "pair-statistics: {}", "likelihood-trace: {every: {steps: 5}}",
    "error-detection: {on: heldout, model: other, response: \"{a}\", errors: {recorded: {at: [b, c], start: s, end: e}}, error: \"{wrong}\", judgment: \"{errors}\", judged-prompt: \"{judgment}\", by: dataset}",
    "error-detection: {on: heldout, response: \"{a}\", errors: {planted: {words: 2, seed: 3}}, judged-prompt: \"{judgment}\"}",
    "error-detection: {on: heldout, response: \"{a}\", errors: planted, judged-prompt: \"{judgment}\"}",
  ])
  func evals(_ text: String) throws {
    let eval = try read(["evals.more={\(text)}"]).evals["more"]
    #expect(eval?.kind == String(text.prefix { $0 != ":" }))
  }

  @Test(arguments: [
    "schedule=constant", "schedule={constant: {warmup: {steps: 3}}}", "schedule={linear: {warmup: {fraction: 0.1}}}",
    "schedule={cosine: {floor: 0.1}}", "keep=last", "keep={best: {eval: accuracy, every: {epochs: 0.5}}}",
    "adapter={lora: {rank: 4, alpha: 8, dropout: 0.1, targets: [q, v]}}",
    "adapter={lora: {rank: 4, alpha: 8, scaling: root-rank}}", "clip=1", "max-length=256", "longer=cut",
    "optimizer.adamw={beta-1: 0.8, beta-2: 0.99, epsilon: 1e-6, weight-decay: 0.1}", "examples=5",
  ])
  func hyperparameters(_ text: String) throws {
    #expect(try read(["hyperparameters.\(text)"]).training != nil)
  }

  @Test(arguments: [
    ("objective={dpo: {beta: 0}}", "more than 0"), ("objective={dpo: {label-smoothing: 0.5}}", "less than 0.5"),
    ("objective={kto: {desirable-weight: -1}}", "at least 0"), ("rounds={count: 0}", "at least 1"),
    ("hyperparameters.adapter={lora: {rank: 4, alpha: 0}}", "more than 0"),
    ("hyperparameters.adapter={lora: {rank: 4, alpha: 1, dropout: 1}}", "less than 1"),
    ("hyperparameters.optimizer.adamw.learning-rate=.inf", "more than 0"),
    ("hyperparameters.schedule={cosine: {warmup: {fraction: 1.5}}}", "at most 1"),
    ("evals.accuracy.accuracy.top-p=0", "more than 0"), ("evals.accuracy.accuracy.top-k=0", "at least 1"),
    ("table={rows: [seed, seed], value: accuracy}", "twice in `rows`"),
    ("table={rows: seed, columns: [seed], value: accuracy}", "twice in `table`"),
    ("seeds.values=[1, 1]", "stands twice"), ("seeds.values=[]", "at least 1 entry"),
    ("models.policy.weights.random.width=9", "multiple of `heads`"),
    ("models.policy.weights={same-as: other}", "circle"),
    (
      "models.policy.weights={adapter: {base: other, config: {from: [{path: a}]}, weights: {from: [{path: b}]}}}",
      "circle"
    ),
    ("evals.accuracy.accuracy.stop=[\"\"]", "must not be empty"), ("reviser=[{select: {}}]", "needs at least one of"),
    (
      "evals.w={win-rate: {on: heldout, against: other, by: {reward-model: other}, prompt: x}}",
      "no effect without `by: {model"
    ),
    ("reviser=[{judge: {by: verifier, prompt: x}}]", "no effect without `by: {model"),
    ("reviser=[{rescore: {by: recorded}}]", "needs `scores`"),
    ("reviser=[{minimal-revision: {by: recorded}}]", "needs `revisions`"),
    ("reviser=[{minimal-revision: {by: verifier, revisions: [a]}}]", "no effect without `by: recorded`"),
    ("reviser=[{stronger: {}}]", "lacks `model`"), ("reviser=[{stronger: {by: recorded}}]", "needs `response`"),
    ("reviser=[{stronger: {model: other, response: a}}]", "no effect without `by: recorded`"),
    ("reviser=[{stronger: {by: verifier, response: a}}]", "no effect without `by: recorded`"),
    ("reviser=[{stronger: {by: verifier, keep: all}}]", "no effect without `by: recorded` or `model: …`"),
    ("reviser=[{stronger: {by: recorded, model: other, response: a}}]", "exactly one of"),
    ("reviser=[{stronger: {by: recorded, top-k: 3, response: a}}]", "no effect without `model: …`"),
    ("generator=none", "needs `generator`"),
    ("data=none", "needs `data`"), ("hyperparameters=none", "needs `hyperparameters`"),
    ("evals.accuracy={perplexity: {on: counting}}", "exactly one of"),
    ("evals.accuracy={error-detection: {on: heldout, response: a, errors: planted, judged-prompt: x}}", "judgment"),
    ("evals.accuracy={error-detection: {on: heldout, response: a, judged-prompt: \"{judgment}\"}}", "lacks `errors`"),
    (
      "evals.accuracy={error-detection: {on: heldout, response: a, errors: recorded, judged-prompt: \"{judgment}\"}}",
      "recorded"
    ),
    (
      "evals.accuracy={error-detection: {on: heldout, response: a, errors: {planted: {words: 0}}, judged-prompt: \"{judgment}\"}}",
      "at least 1"
    ),
    ("datasets.counting.answer={verifier: {regex: {pattern: \"(\"}}}", "is no pattern"),
    ("datasets.counting.answer={verifier: {format: {min-words: 3, max-words: 2}}}", "from 3 down to 2"),
    ("datasets.counting.answer={verifier: {format: {min-lines: 3, max-lines: 2}}}", "from 3 down to 2"),
    ("datasets.counting.answer={verifier: {format: {min-characters: 9, max-characters: 8}}}", "from 9 down to 8"),
    ("datasets.counting.answer={verifier: {format: {case: title}}}", "`upper`"),
    ("datasets.counting.answer={verifier: {format: {keywords: [\"\"]}}}", "must not be empty"),
  ])
  func refuses(_ set: String, _ words: String) {
    do throws(Diagnoses) {
      _ = try read([set])
      Issue.record("\(set): read")
    } catch {
      #expect(error.text().contains(words), "\(error.text())")
      #expect(error.exit == .badSpec)
    }
  }
}

extension String {
  /// Noise in labels goes with all kinds but relabeled responses.
  fileprivate func withoutFlip(_ stage: String) -> String {
    stage.hasPrefix("hindsight") ? replacing(", {flip: {rate: 0}}", with: "") : self
  }
}
