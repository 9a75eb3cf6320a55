"""What `runner export` wrote, loaded by Transformers and PEFT, against the log-probabilities that `runner` gives.

Run by: make interop   (needs torch, transformers, peft)
  or: python Tests/References/interop.py FOLDER RUNNER          RUNNER scores the texts below with FOLDER/merged
  or: python Tests/References/interop.py FOLDER --scores FILE   FILE is what `runner model score --jsonl` printed
FOLDER holds adapter_config.json and adapter_model.safetensors, base/ and merged/ (Hugging Face folders). Fails unless
every log-probability of merged/, and of the adapter on base/, is within 1e-3 of the scores.
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
]


def read_scores(arguments):
    if arguments.scores:
        return arguments.scores.read_text()
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    command = [arguments.runner, "model", "score", "--jsonl", str(arguments.folder / "merged")]
    return subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout


def log_probabilities(model, tokens):
    with torch.no_grad():
        rows = torch.log_softmax(model(torch.tensor([tokens])).logits[0].double(), -1)
    return rows[torch.arange(len(tokens) - 1), torch.tensor(tokens[1:])]


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("runner", nargs="?")
    parser.add_argument("--scores", type=pathlib.Path)
    arguments = parser.parse_args()
    if not arguments.runner and not arguments.scores:
        parser.error("say which runner scores the texts, or give its scores")
    scores = [json.loads(line) for line in read_scores(arguments).splitlines()]
    models = {
        "merged": load(arguments.folder / "merged"),
        "adapter on base": peft.PeftModel.from_pretrained(load(arguments.folder / "base"), arguments.folder).eval(),
    }
    # An adapter that does nothing would pass unseen.
    models["base alone"] = load(arguments.folder / "base")
    worst = {name: 0.0 for name in models}
    compared = 0
    for line in scores:
        expected = torch.tensor(line["log-probabilities"][1:], dtype=torch.float64)
        compared += len(expected)
        for name, model in models.items():
            worst[name] = max(worst[name], (log_probabilities(model, line["tokens"]) - expected).abs().max().item())
    for name, difference in worst.items():
        print(f"{name}: {compared} log-probabilities, at most {difference:.2e} from runner's")
    if not compared or max(worst["merged"], worst["adapter on base"]) > ALLOWED or worst["base alone"] <= ALLOWED:
        sys.exit(f"allowed: {ALLOWED}, and more than that for the base alone")


if __name__ == "__main__":
    main()
