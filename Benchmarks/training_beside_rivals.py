"""One optimizer step of APO-zero, by `runner` and by PyTorch with PEFT and TRL, in one session.

    training_beside_rivals.py MODEL.gguf RUNNER [--into RESULTS.md] [--threads 1,2] [--shapes even,ragged] [--steps 3]

The same model, the same numbers of tokens, the same kind of tuning, float32. Every
program runs alone in a process of its own. One thread is measured in processor time, which busy neighbors change
little, several by the clock. Every figure is the median of the steps after one that is left out. Nothing here passes or
fails: ratios are written down.

Rivals: "PyTorch, all logits" runs prompt + response for each response, padded to the longest, and the vocabulary head
over every position, as Transformers' models do by themselves; "PyTorch, response logits" applies the head to response
positions only, which takes a few lines of one's own; "TRL as it comes" is DPOTrainer with loss_type apo_zero, which asks
the reference in every step, and "TRL, reference stored" the same with precompute_ref_log_probs.

These are the two usual measurements, one of a loop of one's own and one of TRL's trainer, written anew here so that all programs learn
from pairs of the same lengths and are timed by the same clock. They run in one session: `runner` first, for all shapes, then the
others one after another. Loops in bf16 or with torch.compile are not among them: they compute another arithmetic, faster.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

# Prompt, chosen, rejected, in tokens: the shapes of Sources/RunnerCommands/BenchTraining.swift.
SHAPES = {"even": [(128, 128, 128)] * 2, "ragged": [(192, 64, 150), (80, 170, 110)]}
TUNINGS = {"LoRA r16": "lora", "full": "full"}
PROGRAMS = {
    "PyTorch, all logits": "all", "PyTorch, response logits": "responses", "TRL, reference stored": "trl-stored",
    "TRL as it comes": "trl",
}
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
BETA = 0.1
HEADING = "# Beside other programs"


def clock(threads):
    """Processor time of this process for one thread, else the clock; both in seconds."""
    return time.process_time if threads == 1 else time.perf_counter


def load_model(path, tune):
    import torch
    from transformers import AutoModelForCausalLM

    folder, name = os.path.split(path)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    # The weights are plain floats by now, but still called quantized, which trainers refuse.
    model.is_quantized = False
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.config.use_cache = False
    if tune == "lora":
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, lora_config())
    return model.train()


def lora_config():
    from peft import LoraConfig

    return LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")


def torch_steps(path, tune, shape, steps, threads, head):
    """Steps of a loop written by hand."""
    import torch
    import torch.nn.functional as functional

    torch.manual_seed(0)
    model = load_model(path, tune)
    inner = model.get_base_model() if tune == "lora" else model
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-6, weight_decay=0.01)
    pairs = SHAPES[shape]
    # All chosen, then all rejected, each after its prompt, padded to the longest.
    rows = [(prompt, chosen) for prompt, chosen, _ in pairs] + [(prompt, rejected) for prompt, _, rejected in pairs]
    longest = max(sum(row) for row in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)
    real = torch.zeros(len(rows), longest, dtype=torch.long)
    scored = torch.zeros(len(rows), longest, dtype=torch.bool)
    for index, (prompt, response) in enumerate(rows):
        tokens[index, : prompt + response] = torch.randint(300, inner.config.vocab_size, (prompt + response,))
        real[index, : prompt + response] = 1
        scored[index, prompt : prompt + response] = True
    for index, (prompt, _, _) in enumerate(pairs):
        tokens[index + len(pairs), :prompt] = tokens[index, :prompt]
    mask = None if bool(real.all()) else real
    targets, wanted = tokens[:, 1:], scored[:, 1:]

    def log_probabilities():
        if head == "all":
            logits = model(input_ids=tokens, attention_mask=mask, use_cache=False).logits[:, :-1]
            chosen = torch.gather(logits, 2, targets[..., None])[..., 0] - torch.logsumexp(logits, -1)
            return (chosen * wanted).sum(1)
        states = inner.model(input_ids=tokens, attention_mask=mask, use_cache=False).last_hidden_state[:, :-1]
        logits = inner.lm_head(states[wanted])
        each = -functional.cross_entropy(logits, targets[wanted], reduction="none")
        return torch.zeros(len(rows)).index_add(0, wanted.nonzero()[:, 0], each)

    with torch.no_grad():
        reference = log_probabilities()
    now, seconds = clock(threads), []
    for _ in range(steps + 1):
        began = now()
        ratio = BETA * (log_probabilities() - reference)
        better, worse = ratio[: len(pairs)], ratio[len(pairs) :]
        loss = ((1 - torch.sigmoid(better)) + torch.sigmoid(worse)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seconds.append(now() - began)
    return {"seconds": seconds[1:], "tokens": sum(sum(row) for row in rows)}


def trl_steps(path, tune, shape, steps, threads, stored):
    """Steps of TRL's trainer; its data are words of one token each, so that lengths are known."""
    import torch
    from datasets import Dataset
    from transformers import AutoTokenizer, TrainerCallback
    from trl import DPOConfig, DPOTrainer

    torch.manual_seed(0)
    folder, name = os.path.split(path)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    words = [word for word in tokenizer.convert_ids_to_tokens(range(1000, 9000)) if word[0] == "Ġ" and word[1:].isalpha()]
    pairs = SHAPES[shape]

    def text(count, first):
        return "".join(" " + words[(first * 7919 + index * 7) % len(words)][1:] for index in range(count))

    # The trainer ends each response with a token of its own.
    rows = [
        {
            "prompt": text(prompt, 3 * index),
            "chosen": text(chosen - 1, 3 * index + 1),
            "rejected": text(rejected - 1, 3 * index + 2),
        }
        for index, (prompt, chosen, rejected) in enumerate(pairs)
    ]
    now, seconds, began = clock(threads), [], [0.0]

    class Stopwatch(TrainerCallback):
        def on_step_begin(self, *_, **__):
            began[0] = now()

        def on_step_end(self, *_, **__):
            seconds.append(now() - began[0])

    config = DPOConfig(
        output_dir=os.path.join(os.environ.get("TMPDIR", "/tmp"), "training-beside-rivals"),
        loss_type=["apo_zero"], beta=BETA, per_device_train_batch_size=len(pairs), max_steps=steps + 1, use_cpu=True,
        bf16=False, report_to=[], save_strategy="no", gradient_checkpointing=False, learning_rate=1e-6,
        weight_decay=0.01, max_length=512, dataloader_pin_memory=False, precompute_ref_log_probs=stored,
        disable_tqdm=True,
    )
    # Without an adapter to leave out, the reference is a model of its own, which the trainer cannot load from a GGUF file.
    reference = None if stored or tune == "lora" else load_model(path, "full").eval()
    trainer = DPOTrainer(
        model=load_model(path, "full"), ref_model=reference, args=config, train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer, callbacks=[Stopwatch()],
        peft_config=lora_config() if tune == "lora" else None,
    )
    counted = 0
    for row in trainer.train_dataset:
        lengths = {key.removesuffix("_input_ids").removesuffix("_ids"): len(value) for key, value in row.items()
                   if key.endswith("_ids") and isinstance(value, list)}
        counted += 2 * lengths["prompt"] + lengths["chosen"] + lengths["rejected"]
    trainer.train()
    return {"seconds": seconds[1:], "tokens": counted}


def measure_one(options):
    import torch

    torch.set_num_threads(options["threads"])
    arguments = [options[key] for key in ("model", "tune", "shape", "steps", "threads")]
    if options["program"].startswith("trl"):
        result = trl_steps(*arguments, options["program"] == "trl-stored")
    else:
        result = torch_steps(*arguments, options["program"])
    print("RESULT " + json.dumps(result))


def run_one(options):
    """A measurement in a process of its own; None, with the reason told, if the program cannot do it."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(options["threads"]), HF_HUB_OFFLINE="1")
    process = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps(options)], capture_output=True, text=True, env=environment)
    for line in process.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    print(process.stderr[-2000:], file=sys.stderr)
    return None


def versions():
    import importlib.metadata

    found = []
    for package in ("torch", "transformers", "peft", "trl"):
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    return ", ".join(found)


def write(path, text):
    """Replaces what stands from the heading on; what `runner bench` wrote before it stays."""
    old = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
    head = old.split("\n" + HEADING)[0].rstrip("\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write((head + "\n\n" if head else "") + text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("runner", help="the built program")
    parser.add_argument("--into", help="a Markdown file")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--shapes", default="even,ragged")
    parser.add_argument("--tunings", default=",".join(TUNINGS), help="as they are called in the table")
    parser.add_argument("--programs", default=";".join(PROGRAMS), help="as they are called in the table, between semicolons")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--own", help="what `runner bench --only training --json` printed just now, to save its time")
    options = parser.parse_args()
    threads = [int(count) for count in options.threads.split(",")]
    load = os.getloadavg()[0]

    command = [options.runner, "bench", options.model, "--only", "training", "--json", "--rounds", str(options.steps)]
    command += ["--workers", *map(str, threads)]
    if options.own:
        with open(options.own, encoding="utf-8") as file:
            own = json.load(file)
    else:
        own = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    mine = {(item["tuning"], item["pairs"], item["workers"]): item for item in own["training"]}
    table = []
    for shape in options.shapes.split(","):
        for tuning, tune in [(name, TUNINGS[name]) for name in options.tunings.split(",")]:
            for count in threads:
                item = mine[(tuning, shape, count)]
                rate = item["tokens"] / statistics.median(item["seconds"])
                table.append((tuning, shape, count, "runner", rate, 1.0))
                for program, code in [(name, PROGRAMS[name]) for name in options.programs.split(";")]:
                    result = run_one(
                        {"model": options.model, "tune": tune, "shape": shape, "steps": options.steps,
                         "threads": count, "program": code})
                    if result is None:
                        table.append((tuning, shape, count, program, None, None))
                        continue
                    other = result["tokens"] / statistics.median(result["seconds"])
                    table.append((tuning, shape, count, program, other, rate / other))
                    print(f"{tuning}, {shape}, {count}: {program} {other:.0f}, runner {rate:.0f} tokens/s", file=sys.stderr)

    lines = [
        HEADING, "",
        f"By `make bench` on {datetime.date.today().isoformat()}, {own['processor'] or platform.processor()}; "
        f"{os.cpu_count()} processors with a load average of {load:.1f} as this began and of {os.getloadavg()[0]:.1f} in its last "
        f"minute, what was measured just before and by this included. {versions()}; all in float32, one optimizer step of APO-zero on two pairs, "
        "reference log-probabilities at hand but for TRL as it comes, median of "
        f"{options.steps} steps. One thread in processor time, several by the clock. Tokens count a pair's prompt twice, "
        "and no padding.", "",
        "| step | pairs | threads | program | tokens/s | runner is faster by |", "| --- | --- | ---: | --- | ---: | ---: |",
    ]
    for tuning, shape, count, program, rate, ratio in table:
        rate_text = "not measured" if rate is None else f"{rate:.0f}"
        ratio_text = "" if ratio is None or program == "runner" else f"{ratio:.2f}"
        lines.append(f"| {tuning} | {shape} | {count} | {program} | {rate_text} | {ratio_text} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if options.into:
        write(options.into, text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure_one(json.loads(sys.argv[2]))
    else:
        main()
