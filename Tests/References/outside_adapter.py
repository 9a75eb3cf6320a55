"""Adapters that PEFT wrote, and what PEFT and Transformers compute with them: the fixtures of `anAdapterOfPEFTGivesItsNumbers`.

    outside_adapter.py RUNNER [NAME ...]      (numpy, torch, transformers, peft)

One has alpha divided by its rank, the other, stabilized, by the rank's square root. Without names both are made.

The base is the small random model of Tests/EndToEndTests/SmallExperiment.swift, which RUNNER writes as a Hugging Face
folder. The adapter has B drawn at random: with PEFT's own zeros it would change nothing.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import peft
import torch
import transformers

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "EndToEndTests/Fixtures"
OPTIONS = {"outside-adapter": {}, "outside-adapter-stabilized": {"use_rslora": True}}
TEXTS = ["What comes after 16?", "It is 17.", "Ünïcödé, and a line\nbreak"]
SPEC = """
version: 1
models:
  policy:
    weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
    turns: chatml
    system: none
datasets:
  numbers:
    source: {jsonl: {from: [{path: numbers.jsonl}]}}
    prompt: "{question}"
    answer: {from: "{answer}", verifier: number}
    split: {heldout: 1, train: rest}
data: numbers/train
generator: {recorded: {responses: ["0", "{answer}"]}}
reviser: [{judge: {by: verifier}}]
objective: {dpo: {beta: 0.1}}
hyperparameters: {adapter: {lora: {rank: 2, alpha: 4}}, optimizer: {adamw: {learning-rate: 1.0e-3}}, batch: {examples: 2}, epochs: 1}
evals: {accuracy: {accuracy: {on: numbers/heldout, max-new-tokens: 2}}}
"""


def main():
    runner = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *arguments: subprocess.run([runner, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout
        pathlib.Path(folder, "small.yaml").write_text(SPEC)
        pathlib.Path(folder, "numbers.jsonl").write_text(
            "".join(json.dumps({"question": f"What comes after {n}?", "answer": str(n + 1)}) + "\n" for n in range(1, 6)))
        run("exec", "small.yaml")
        run("export", "small.yaml", "--into", "out", "--with-base")
        tokens = [json.loads(run("model", "tokenize", "small.yaml", text))["tokens"] for text in TEXTS]
        for name in sys.argv[2:] or OPTIONS:
            write(FIXTURES / name, pathlib.Path(folder, "out/base"), tokens, OPTIONS[name])


def write(out, folder, tokens, options):
    base = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = peft.LoraConfig(
        r=4, lora_alpha=12, lora_dropout=0.05, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM",
        base_model_name_or_path="base", **options)
    torch.manual_seed(1)
    model = peft.get_peft_model(base, config)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            weights.data.normal_(0, 0.1)
    model.eval()
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    (out / "README.md").unlink(missing_ok=True)
    config = json.loads((out / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "base"
    (out / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    cases = []
    for text, ids in zip(TEXTS, tokens):
        def score(scored):
            with torch.no_grad():
                rows = torch.log_softmax(scored(torch.tensor([ids])).logits[0].double(), -1)
            return [float(rows[place, token]) for place, token in enumerate(ids[1:])]

        with model.disable_adapter():
            plain = score(model)
        cases.append({"text": text, "adapted": score(model), "base": plain})
    versions = {package.__name__: package.__version__ for package in (peft, torch, transformers)}
    (out / "scores.json").write_text(json.dumps({"cases": cases, "versions": versions}, indent=1) + "\n")


main()
