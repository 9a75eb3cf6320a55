"""Planning and running graphs whose results are all there, by `runner` and by build tools and workflow programs.

    planning_beside_rivals.py RUNNER [--before OLDER] [--into PLANNING.md] [--steps 1000,10000] [--rounds 10] [--peers make,dvc]

`runner` plans an experiment of so many steps (generation and verification over tasks, arms and seeds, by a random model
of one small block), fills a store with it once, and is then timed. The others get a graph of as many trivial steps in ten
chains, in which every step reads what the one before it wrote, and have run it once. Each is a process of its own from
start to exit (DVC, whose first run of a thousand steps takes most of an hour, gets the files that such a run leaves, and is asked
whether it takes them for its own); figures are medians of the rounds: the time that passed, and the processor's time (user and system), which says
more where other work runs on the machine; the least time that passed stands in parentheses; with the greatest resident memory (of less than about 12 MB nothing is told).
`runner` answers a question that it was asked before from a memo, as long as nothing has changed; "planned anew" is the
same with the memos removed before each round: what the first question after a change costs, and every one about a spec that
searches, or on a store that cannot be written.
`--before` measures another build of `runner` beside this one, on the same store: keys must be the same. `--keep` names a
folder in which filled stores stay for the next call. A peer that is not installed is left out and named; one that takes seconds
is measured at the smallest size alone, and less often. Nothing here passes or fails: figures are written down.
"""

import argparse
import datetime
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

WIDTH = 10
HEADING = "# Planning beside other programs"
# Seconds after which a peer's first run is given up.
PATIENCE = 900
# Seconds after which a command is not measured again.
ENOUGH = 40
# What 1,000 steps with nothing to do took on another machine of two processors (AMD EPYC, Linux 6.18, Python 3.11.7, make 4.3,
# ninja 1.13.2, Snakemake 9.27.1, redun 0.44.1), the one beside whose figures runner's limits were set: 25 ms, and 150 ms for 10,000.
ELSEWHERE = {"make": 0.005, "ninja": 0.006, "snakemake": 0.975, "redun": 9.894}


def spec(steps):
    """A spec of about so many steps: two a task, arm and seed, and three a task."""
    tasks, arms = (5, 5) if steps < 5000 else (10, 20)
    seeds = steps // (2 * tasks * arms)
    lines = ["version: 1", "models:", "  policy:"]
    lines += ["    weights: {random: {layers: 1, width: 8, heads: 2, feed-forward: 16, context: 256}}", "    turns: raw"]
    lines += ["datasets:"]
    for task in range(tasks):
        source = f"{{task: {{object-counting: {{objects: [2, 4], records: 10, seed: {task + 1}}}}}}}"
        lines += [f"  task{task}:", f"    source: {source}", '    prompt: "{question}"']
        lines += ['    answer: {from: "{answer}", verifier: number}', "    split: {heldout: 2, train: rest}"]
    lines += ["evals:"]
    for task in range(tasks):
        lines += [f"  eval{task}: {{accuracy: {{on: task{task}/heldout, max-new-tokens: 2, temperature: 1}}}}"]
    lines += [f"seeds: {{values: {list(range(1, seeds + 1))}, vary: [generation]}}", "ablations:", "  heat:"]
    for arm in range(arms):
        evals = ", ".join(f"eval{task}: {{accuracy: {{temperature: {1 + arm / 100}}}}}" for task in range(tasks))
        lines += [f"    arm{arm}: {{evals: {{{evals}}}}}"]
    return "\n".join(lines) + "\n"


def before(step):
    return f"out/{step - WIDTH}.txt" if step >= WIDTH else "seed.txt"


def makefile(steps):
    lines = ["all: " + " ".join(f"out/{step}.txt" for step in range(steps))]
    for step in range(steps):
        lines += [f"out/{step}.txt: {before(step)}", f"\t(cat {before(step)}; echo {step}) > out/{step}.txt"]
    return "\n".join(lines) + "\n"


def ninja(steps):
    lines = ["rule r", "  command = (cat $in; echo $i) > $out"]
    for step in range(steps):
        lines += [f"build out/{step}.txt: r {before(step)}", f"  i = {step}"]
    return "\n".join(lines) + "\n"


def snakefile(steps):
    return f"""
def before(wildcards):
    step = int(wildcards.i)
    return f"out/{{step - {WIDTH}}}.txt" if step >= {WIDTH} else "seed.txt"

rule all:
    input: expand("out/{{i}}.txt", i=range({steps}))
rule step:
    input: before
    output: "out/{{i}}.txt"
    shell: "(cat {{input}}; echo {{wildcards.i}}) > {{output}}"
"""


def dvc(steps):
    lines = ["stages:"]
    for step in range(steps):
        lines += [f"  s{step}:", f"    cmd: '(cat {before(step)}; echo {step}) > out/{step}.txt'"]
        lines += ["    deps:", f"    - {before(step)}", "    outs:", f"    - out/{step}.txt"]
    return "\n".join(lines) + "\n"


def run_of_dvc(steps, folder):
    """What DVC leaves behind that has run the graph: outputs, its lock, and outputs once more in its cache.

    It writes the whole lock anew after every step, so that running a thousand of them takes most of an hour.
    """
    def described(path, content):
        digest = hashlib.md5(content).hexdigest()
        return digest, [f"    - path: {path}", "      hash: md5", f"      md5: {digest}", f"      size: {len(content)}"]

    contents = {"seed.txt": b"seed\n"}
    locked = {}
    for step in range(steps):
        source, target = before(step), f"out/{step}.txt"
        content = contents[target] = contents[source] + f"{step}\n".encode()
        with open(os.path.join(folder, target), "wb") as file:
            file.write(content)
        digest, made = described(target, content)
        kept = os.path.join(folder, ".dvc", "cache", "files", "md5", digest[:2], digest[2:])
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        with open(kept, "wb") as file:
            file.write(content)
        os.chmod(kept, 0o444)
        lines = [f"  s{step}:", f"    cmd: (cat {source}; echo {step}) > {target}"]
        locked[f"s{step}"] = lines + ["    deps:"] + described(source, contents[source])[1] + ["    outs:"] + made
    with open(os.path.join(folder, "dvc.lock"), "w") as file:
        file.write("\n".join(["schema: '2.0'", "stages:"] + [line for lines in locked.values() for line in lines]) + "\n")
    state = subprocess.run(["dvc", "status"], cwd=folder, check=True, capture_output=True, text=True).stdout
    if "up to date" not in state:
        sys.exit(f"dvc does not take its files for those of a run:\n{state[-2000:]}")


def redun(steps):
    return f"""
from redun import task
redun_namespace = "bench"

@task()
def step(i: int, before: str) -> str:
    return before + f"{{i}}\\n"

@task()
def collect(texts: list) -> int:
    return len(texts)

@task()
def main() -> int:
    texts = []
    for i in range({steps}):
        texts.append(step(i, texts[i - {WIDTH}] if i >= {WIDTH} else "seed\\n"))
    return collect(texts)
"""


class Peer:
    """Another program: the file it reads and how that is made, what runs the graph for the first time, its warm commands, and what
    makes the files of such a run where that takes too long."""

    def __init__(self, file, text, first, warm, is_slow=False, made=None):
        self.file, self.text, self.first, self.warm, self.is_slow, self.made = file, text, first, warm, is_slow, made


PEERS = {
    "make": Peer("Makefile", makefile, [["make", "-s", "-j2"]], {"plan": ["make", "-n"], "run": ["make"]}),
    "ninja": Peer("build.ninja", ninja, [["ninja", "--quiet"]], {"plan": ["ninja", "-n"], "run": ["ninja"]}),
    "snakemake": Peer(
        "Snakefile", snakefile, [["snakemake", "-c2", "--quiet", "all"]],
        {"plan": ["snakemake", "-n"], "run": ["snakemake", "-c1"]}, is_slow=True),
    "dvc": Peer(
        "dvc.yaml", dvc, [["dvc", "init", "--no-scm", "-q"]],
        {"plan": ["dvc", "repro", "--dry"], "run": ["dvc", "repro"]}, is_slow=True, made=run_of_dvc),
    # It has no plan: what it will do it finds out by doing it.
    "redun": Peer(
        "workflow.py", redun, [["redun", "run", "workflow.py", "main"]],
        {"run": ["redun", "run", "workflow.py", "main"]}, is_slow=True),
}


def timed(command, folder):
    """Seconds, seconds of the processor, and greatest resident bytes of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, error = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed after {time.perf_counter() - began:.1f} s:\n{error[-2000:]}")
    seconds, busy, kilobytes = out.split()
    return float(seconds), float(busy), int(kilobytes) * 1024


# A process's memory counts that of the one it was made from until it begins: a small one measures.
LAUNCH = """
import os, sys, time
began = time.perf_counter()
quiet = os.open(os.devnull, os.O_WRONLY)
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
_, status, usage = os.wait4(process, 0)
print(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def told(figure):
    return f"{figure[0] * 1000:.0f} ms, {figure[1] * 1000:.0f} ms of the processor, {figure[2] / 1e6:.0f} MB, {figure[3] * 1000:.0f} ms at least"


def measure(name, commands, folder, rounds, prepare=lambda: None):
    figures = {}
    for what, command in commands.items():
        timed(command, folder)
        runs, began = [], time.perf_counter()
        while len(runs) < rounds and (not runs or time.perf_counter() - began < ENOUGH):
            prepare()
            runs.append(timed(command, folder))
        passed, busy, most = zip(*runs)
        figures[what] = (statistics.median(passed), statistics.median(busy), max(most), min(passed))
        print(f"{name} {what}: {told(figures[what])}", flush=True)
    return figures


def measure_runner(name, runner, steps, folder, rounds):
    if not os.path.exists(os.path.join(folder, "spec.yaml")):
        with open(os.path.join(folder, "spec.yaml"), "w") as file:
            file.write(spec(steps))
    command = [runner, "exec", "spec.yaml", "--store", "store", "--results", "results"]
    timed(command, folder)
    # Results are a moment old before they are catalogued; the run after that finds them all.
    time.sleep(3)
    timed(command, folder)
    commands = {"plan": [runner, "plan", "spec.yaml", "--store", "store"], "run": command}
    memos = os.path.join(folder, "store", "index", "memos")
    return {
        name: measure(name, commands, folder, rounds),
        f"{name}, planned anew": measure(f"{name}, planned anew", commands, folder, rounds, lambda: shutil.rmtree(memos, ignore_errors=True)),
    }


def measure_peer(name, steps, folder, rounds):
    peer = PEERS[name]
    with open(os.path.join(folder, peer.file), "w") as target:
        target.write(peer.text(steps))
    os.mkdir(os.path.join(folder, "out"))
    with open(os.path.join(folder, "seed.txt"), "w") as target:
        target.write("seed\n")
    try:
        for command in peer.first:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return None
    if peer.made:
        peer.made(steps, folder)
    return measure(name, peer.warm, folder, rounds)


def elsewhere(figures):
    """How long the peers take here beside another machine, and what runner's times would be there."""
    ratios = {name: figures[name, 1000]["run"][0] / seconds for name, seconds in ELSEWHERE.items() if figures.get((name, 1000))}
    if len(ratios) < 3:
        return []
    factor = statistics.median(ratios.values())
    there = [
        f"{figures[name, steps]['run'][0] * 1000 / factor:.0f} ms for {steps} steps{name.removeprefix('runner').replace(',', '')}"
        for name, steps in figures if name.startswith("runner")]
    peers = ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items())
    return ["", f"On the machine beside whose figures the limits of 25 and 150 ms were set, these programs took less: their times here are {factor:.1f} times",
            f"those in the median ({peers}). By that, runner's run with nothing to do would take {', '.join(there)} there."]


def markdown(figures, missing, started):
    lines = [HEADING, "", f"By Benchmarks/planning_beside_rivals.py on {datetime.date.today()}; medians, from start to exit, of a warm plan and of"]
    lines += ["a run that has nothing to do: milliseconds that passed (the least of them), milliseconds of the processor (user and", "system), and the most resident memory.", ""]
    lines += [f"Load average of the machine's {os.cpu_count()} processors at the end: {os.getloadavg()[0]:.1f}; where it is above 0, times are too long.", ""]
    lines += ["| program | steps | plan ms | processor ms | MB | no-op run ms | processor ms | MB |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for (name, steps), figure in figures.items():
        if figure is None:
            lines += [f"| {name} | {steps} | first run not done after {PATIENCE} s | | | | | |"]
            continue
        cells = [
            f"{figure[what][0] * 1000:.0f} ({figure[what][3] * 1000:.0f}) | {figure[what][1] * 1000:.0f} | {figure[what][2] / 1e6:.0f}" if what in figure else "– | – | –"
            for what in ("plan", "run")]
        lines += [f"| {name} | {steps} | {' | '.join(cells)} |"]
    lines += ["", "runner answers a question that it was asked before from a memo, while nothing has changed; planned anew is what the first one after a", "change costs, every one about a spec with `search:`, and those on a store that cannot be written."]
    lines += elsewhere(figures)
    lines += ["", f"`runner --help`: {told(started)}."]
    if missing:
        lines += ["", f"Not installed here: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runner")
    parser.add_argument("--before", help="another build of runner")
    parser.add_argument("--keep", help="a folder for filled stores")
    parser.add_argument("--into", help="a Markdown file")
    parser.add_argument("--steps", default="1000,10000")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--peers", default=",".join(PEERS))
    options = parser.parse_args()
    os.environ["DVC_NO_ANALYTICS"] = "1"
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    peers = options.peers.split(",") if options.peers else []
    missing = [name for name in peers if shutil.which(name) is None]
    figures = {}
    sizes = sorted(map(int, options.steps.split(",")))
    for steps in sizes:
        builds = {"runner": options.runner} | ({"runner before": options.before} if options.before else {})
        with tempfile.TemporaryDirectory() as passing:
            folder = os.path.join(options.keep or passing, str(steps))
            os.makedirs(folder, exist_ok=True)
            for name, build in builds.items():
                for row, figure in measure_runner(name, os.path.abspath(build), steps, folder, options.rounds).items():
                    figures[row, steps] = figure
        for name in [name for name in peers if name not in missing and (steps == sizes[0] or not PEERS[name].is_slow)]:
            with tempfile.TemporaryDirectory() as folder:
                figures[name, steps] = measure_peer(name, steps, folder, options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        started = measure("runner", {"--help": [os.path.abspath(options.runner), "--help"]}, folder, options.rounds)
    text = markdown(figures, missing, started["--help"])
    print(text)
    if options.into:
        with open(options.into, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
