"""What `runner export` wrote, loaded by Transformers and PEFT, against the log-probabilities that `runner` gives.

Run by: make interop   (needs torch, transformers, peft)
  or: python Tests/References/interop.py FOLDER RUNNER [--spec SPEC --store STORE]
FOLDER holds adapter_config.json and adapter_model.safetensors, base/ and merged/ (Hugging Face folders). RUNNER scores the
texts below with FOLDER/merged, and with the policy that SPEC trains, from STORE. Fails unless tokens are the same and
every log-probability of merged/, and of the adapter on base/, is within 1e-3 of the scores, and every logit of both
within 1e-3 of the other's.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import peft
import torch
import transformers

ALLOWED = 1e-3
TEXTS = [
    "How many apples are there? There are 3 red apples and 4 green ones, so there are 7.",
    "The quick brown fox jumps over the lazy dog.",
    "I have a fridge, two chairs, and a lamp. How many objects do I have?\n4",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. 12345",
    "  def f(x):\n\treturn x**2  # 数学 🙂\n\n\n",
]


def read_scores(runner, model):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    command = [runner, "model", "score", "--jsonl", *model]
    output = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def log_probabilities(model, tokens):
    with torch.no_grad():
        rows = torch.log_softmax(model(torch.tensor([tokens])).logits[0].double(), -1)
    return rows[torch.arange(len(tokens) - 1), torch.tensor(tokens[1:])]


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def check_tokens(folder, scores):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for text, line in zip(TEXTS, scores, strict=True):
        found = tokenizer(text)["input_ids"]
        if found != line["tokens"]:
            sys.exit(f"{folder} cuts {text!r} into {found}, runner into {line['tokens']}")
    print(f"{folder}: the same tokens of {len(TEXTS)} texts")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("runner")
    parser.add_argument("--spec")
    parser.add_argument("--store")
    arguments = parser.parse_args()
    scored = {"the merged folder": read_scores(arguments.runner, [str(arguments.folder / "merged")])}
    if arguments.spec:
        stored = [arguments.spec, "--trained"] + (["--store", arguments.store] if arguments.store else [])
        scored["the store"] = read_scores(arguments.runner, stored)
    for folder in ["base", "merged"]:
        check_tokens(arguments.folder / folder, scored["the merged folder"])
    models = {
        "merged": load(arguments.folder / "merged"),
        "adapter on base": peft.PeftModel.from_pretrained(load(arguments.folder / "base"), arguments.folder).eval(),
        # An adapter that does nothing would pass unseen.
        "base alone": load(arguments.folder / "base"),
    }
    good = True
    for origin, scores in scored.items():
        for name, model in models.items():
            expected = [torch.tensor(line["log-probabilities"][1:], dtype=torch.float64) for line in scores]
            found = [log_probabilities(model, line["tokens"]) for line in scores]
            difference = max((a - b).abs().max().item() for a, b in zip(found, expected, strict=True))
            count = sum(len(numbers) for numbers in expected)
            print(f"{name}: {count} log-probabilities, at most {difference:.2e} from runner's by {origin}")
            good = good and (difference > ALLOWED if name == "base alone" else difference <= ALLOWED)
    difference = 0.0
    for line in scored["the merged folder"]:
        with torch.no_grad():
            adapted, merged = (models[name](torch.tensor([line["tokens"]])).logits for name in ("adapter on base", "merged"))
        difference = max(difference, (adapted - merged).abs().max().item())
    print(f"adapter on base and merged: all logits, at most {difference:.2e} apart")
    good = good and difference <= ALLOWED
    if not good:
        sys.exit(f"allowed: {ALLOWED}, and more than that for the base alone")


if __name__ == "__main__":
    main()
