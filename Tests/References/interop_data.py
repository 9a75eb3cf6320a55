"""The pairs and records that `runner export` wrote, loaded by TRL's DPOTrainer and pandas as they are.

Run by: make interop   (needs torch, transformers, trl, datasets, pandas)
  or: python Tests/References/interop_data.py FOLDER
FOLDER holds messages.jsonl and texts.jsonl (the same pairs in two forms), records.jsonl and exported/base, a Hugging Face
folder. Fails unless DPOTrainer takes both files and computes a first loss of ln 2 on each, which is what equal policy
and reference give, and the data frame has as many rows as the file has lines.
"""
import math
import pathlib
import sys

import datasets
import pandas
import transformers
import trl


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


if __name__ == "__main__":
    main()
