"""Generation by `runner`, Transformers and llama.cpp, in one session.

    generation_beside_rivals.py MODEL.gguf RUNNER [--llama FOLDER] [--into GENERATION.md] [--threads 1,2] [--rounds 3]

The same weights, prompts of 128 tokens, 128 new tokens, 1, 8 and 32 answers side by side. "End to end" counts the prompts'
time, "after the first token" does not: it is the whole time less that of one new token. Every figure is the median of the
rounds after one that is left out; `runner` runs before and after the others, and both times count. One thread is measured
in processor time (llama.cpp by the clock, which is all that it tells), two by the clock. Nothing here passes or fails.

Transformers: `generate()` in float32, greedy, and sampled at temperature 0.7. llama.cpp: `llama-batched-bench`, of FOLDER, on the
same weights as F32, F16 and Q8_0, made from the model by `llama-quantize`; it samples nothing, and the best of the three is
what `runner`, whose products are of float32, is set beside.
"""

import argparse
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

PROMPT, NEW, BATCHES = 128, 128, (1, 8, 32)
SAMPLINGS = {"greedy": 0.0, "sampled at 0.7": 0.7}


def transformers_figures(options):
    """Seconds of answers and of their first tokens, in this process."""
    import torch
    from transformers import AutoModelForCausalLM

    threads = options["threads"]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    folder, name = os.path.split(options["model"])
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
    now = time.process_time if threads == 1 else time.perf_counter
    found = []
    for batch in BATCHES:
        prompts = torch.randint(300, model.config.vocab_size, (batch, PROMPT))

        def seconds(count, temperature):
            choice = {"do_sample": temperature > 0} | ({"temperature": temperature, "top_k": 0} if temperature > 0 else {})
            measured = []
            for _ in range(options["rounds"] + 1):
                began = now()
                model.generate(
                    prompts, attention_mask=torch.ones_like(prompts), max_new_tokens=count, min_new_tokens=count,
                    pad_token_id=2, **choice)
                measured.append(now() - began)
            return measured[1:]

        first = seconds(1, 0)
        for name, temperature in SAMPLINGS.items():
            found.append({"sampling": name, "workers": threads, "batch": batch, "seconds": seconds(NEW, temperature),
                          "seconds-of-first": first})
    return found


def run_transformers(options):
    environment = dict(os.environ, OMP_NUM_THREADS=str(options["threads"]), HF_HUB_OFFLINE="1")
    process = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps(options)], capture_output=True, text=True, env=environment)
    for line in process.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    print(process.stderr[-2000:], file=sys.stderr)
    return []


def llama_figures(folder, model, kind, threads, rounds):
    """The same from llama-batched-bench, whose first token is part of what it calls prompt processing."""
    times = {batch: ([], []) for batch in BATCHES}
    for _ in range(rounds):
        process = subprocess.run(
            [os.path.join(folder, "llama-batched-bench"), "-m", model, "-npp", str(PROMPT), "-ntg", str(NEW), "-npl",
             ",".join(map(str, BATCHES)), "-c", str(max(BATCHES) * (PROMPT + NEW)), "-t", str(threads), "-tb", str(threads),
             "--output-format", "jsonl"],
            capture_output=True, text=True)
        for line in re.findall(r"^\{.*\}$", process.stdout, re.M):
            item = json.loads(line)
            whole, first = times[item["pl"]]
            whole.append(item["t_pp"] + item["t_tg"])
            first.append(item["t_pp"])
        if process.returncode:
            print(process.stderr[-2000:], file=sys.stderr)
    return [{"sampling": "greedy", "workers": threads, "batch": batch, "seconds": whole, "seconds-of-first": first, "kind": kind}
            for batch, (whole, first) in times.items() if whole]


def own_figures(runner, model, threads, rounds):
    command = [runner, "bench", model, "--only", "decoding", "--json", "--rounds", str(rounds), "--workers", str(threads)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def rates(item, prompt_is_first):
    """New tokens a second end to end and after the first; llama.cpp's prompt time has no new token in it."""
    whole, first = statistics.median(item["seconds"]), statistics.median(item["seconds-of-first"])
    after = NEW if prompt_is_first else NEW - 1
    return item["batch"] * NEW / whole, item["batch"] * after / (whole - first)


def joined(first, second):
    """What was measured before and after the others, as one."""
    return [dict(one, **{key: one[key] + other[key] for key in ("seconds", "seconds-of-first")})
            for one, other in zip(first, second)]


def version(package):
    import importlib.metadata

    return f"{package} {importlib.metadata.version(package)}"


def llama_version(folder):
    process = subprocess.run([os.path.join(folder, "llama-quantize"), "--version"], capture_output=True, text=True)
    found = re.search(r"version: (.+)", process.stdout + process.stderr)
    return f"llama.cpp {found.group(1)}" if found else "llama.cpp"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("runner", help="the built program")
    parser.add_argument("--llama", help="the folder of llama-batched-bench and llama-quantize; without it llama.cpp is left out")
    parser.add_argument("--into", help="a Markdown file")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    kinds = {}
    work = tempfile.TemporaryDirectory()
    if options.llama:
        for kind in ("F32", "F16", "Q8_0"):
            kinds[kind] = os.path.join(work.name, f"{kind}.gguf")
            subprocess.run(
                [os.path.join(options.llama, "llama-quantize"), "--allow-requantize", options.model, kinds[kind], kind],
                check=True, capture_output=True)

    lines = []
    for threads in map(int, options.threads.split(",")):
        before = own_figures(options.runner, options.model, threads, options.rounds)
        others = {"Transformers": run_transformers({"model": options.model, "threads": threads, "rounds": options.rounds})}
        for kind, path in kinds.items():
            others[f"llama.cpp {kind}"] = llama_figures(options.llama, path, kind, threads, options.rounds)
        after = own_figures(options.runner, options.model, threads, options.rounds)
        for mine in joined(before["generation"], after["generation"]):
            own = rates(mine, False)
            lines.append((mine["sampling"], mine["batch"], threads, "runner", own, None))
            for program, figures in others.items():
                for item in figures:
                    if (item["sampling"], item["batch"]) == (mine["sampling"], mine["batch"]):
                        other = rates(item, program.startswith("llama"))
                        lines.append((mine["sampling"], mine["batch"], threads, program, other,
                                      (own[0] / other[0], own[1] / other[1])))
        peaks = after["peaks"]
        print(f"{threads} threads: peak {peaks}", file=sys.stderr)

    programs = ", ".join([version("torch"), version("transformers")] + ([llama_version(options.llama)] if options.llama else []))
    variables = [f"{name}={os.environ[name]}" for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ]
    text = "\n".join([
        "# Generation beside other programs", "",
        f"By `make bench` on {datetime.date.today().isoformat()}, {after['processor']}, kernels {after['kernels']}; {os.cpu_count()} processors "
        f"with a load average of {load:.1f} as this began; {', '.join(variables) or 'OPENBLAS_* unset'}. {programs}. Prompts of {PROMPT} tokens, "
        f"{NEW} new tokens each, median of {options.rounds} rounds, of `runner` of {2 * options.rounds}, half before and half after the others. One thread in processor "
        "time, but for llama.cpp, two by the clock. `runner` computes in float32 in an order that is the same for every batch and number of "
        "threads; F16 and Q8_0 are other weights with other results.", "",
        "| sampling | side by side | threads | program | end to end, tokens/s | after the first, tokens/s | runner is faster by | after the first by |",
        "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
    ] + [
        f"| {sampling} | {batch} | {threads} | {program} | {found[0]:.0f} | {found[1]:.0f} | "
        + (f"{ratio[0]:.2f} | {ratio[1]:.2f} |" if ratio else " | |")
        for sampling, batch, threads, program, found, ratio in lines
    ]) + "\n"
    print(text)
    if options.into:
        with open(options.into, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print("RESULT " + json.dumps(transformers_figures(json.loads(sys.argv[2]))))
    else:
        main()
