"""The pairs, records and logs that `runner export` wrote, loaded by TRL's DPOTrainer, pandas and TensorBoard as they are.

Run by: make interop   (needs torch, transformers, trl, datasets, pandas, tensorboard)
  or: python Tests/References/interop_data.py FOLDER
FOLDER holds messages.jsonl and texts.jsonl (the same pairs in two forms), records.jsonl, exported/base, a Hugging Face
folder, curves/, a folder of event files, and log.jsonl, the log that they were made of. Fails unless DPOTrainer takes both
files and computes a first loss of ln 2 on each, which is what equal policy and reference give, the data frame has as many
rows as the file has lines, and TensorBoard finds the log's loss and margin at every step.
"""
import json
import math
import pathlib
import sys

import datasets
import pandas
import transformers
import trl
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def first_loss(folder, name):
    data = datasets.load_dataset("json", data_files=str(folder / name), split="train", cache_dir=str(folder / "cache"))
    base = folder / "exported" / "base"
    arguments = trl.DPOConfig(
        output_dir=str(folder / "trl"), max_steps=1, per_device_train_batch_size=2, logging_steps=1, report_to=[],
        save_strategy="no", use_cpu=True, bf16=False, gradient_checkpointing=False)
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = (
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
            "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
    trainer = trl.DPOTrainer(
        model=transformers.AutoModelForCausalLM.from_pretrained(base), args=arguments, train_dataset=data,
        processing_class=tokenizer)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    print(f"{name}: {len(data)} pairs, DPOTrainer's first loss {losses[0]:.4f}")
    return len(data), losses[0]


def check_curves(folder):
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    runs = sorted(path.parent for path in (folder / "curves").rglob("*tfevents*"))
    if len(runs) != 1:
        sys.exit(f"{len(runs)} runs of one training")
    events = EventAccumulator(str(runs[0]))
    events.Reload()
    expected = {
        "loss": [line["loss"] for line in log],
        "margin": [line["chosen-log-ratio"] - line["rejected-log-ratio"] for line in log],
    }
    for tag, values in expected.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        print(f"curves: {tag} {[round(value, 4) for _, value in found]}")
        if [step for step, _ in found] != [line["step"] for line in log]:
            sys.exit(f"{tag}: the steps are {[step for step, _ in found]}")
        if any(abs(value - wanted) > 1e-6 * max(1, abs(wanted)) for (_, value), wanted in zip(found, values, strict=True)):
            sys.exit(f"{tag}: {found} instead of {values}")


def main():
    folder = pathlib.Path(sys.argv[1])
    counts = []
    for name in ["messages.jsonl", "texts.jsonl"]:
        count, loss = first_loss(folder, name)
        counts.append(count)
        if abs(loss - math.log(2)) > 1e-3:
            sys.exit(f"{name}: the first loss is {loss}, not ln 2")
    if counts[0] != counts[1] or counts[0] == 0:
        sys.exit(f"{counts} pairs in two forms of the same")
    frame = pandas.read_json(folder / "records.jsonl", lines=True)
    lines = (folder / "records.jsonl").read_text().count("\n")
    print(f"records.jsonl: {len(frame)} rows, mean value by eval {frame.groupby('eval')['value'].mean().to_dict()}")
    if len(frame) != lines or frame["prompt"].isna().any():
        sys.exit(f"{lines} lines, {len(frame)} rows")
    check_curves(folder)


if __name__ == "__main__":
    main()
