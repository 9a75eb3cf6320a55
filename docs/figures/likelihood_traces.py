"""Draws how training moves the log-probabilities of chosen and rejected responses, from an experiment's store.

    likelihood_traces.py LOCK [--store DIR] [--runner PROGRAM] [--objectives apo-zero,apo-down,dpo] [--on WORDS]
                         [--into likelihood-traces.svg]

LOCK is the lock.json of an experiment with an eval like `likelihood: {likelihood-trace: {every: {epochs: 0.5}}}`. A panel
an objective: epochs to the right, the mean log-ratio to the reference upwards, in nats. Thick lines are means over
trainings, thin ones the trainings. Everything is asked of `runner store`, which checks each object against its digest; the
same store gives the same bytes. Knows nothing of how the numbers came about.
"""

import argparse
import json
import subprocess
import sys

NAMES = {"apo-zero": "APO-zero", "apo-down": "APO-down", "dpo": "DPO", "kto": "KTO", "sft": "SFT"}
# Two colors that differ in brightness too.
COLORS = {"chosen": "#0b6e4f", "rejected": "#d1603d"}
WIDTH, HEIGHT = 250, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 62, 34, 46


class Store:
    """What `runner store` tells."""

    def __init__(self, runner, folder):
        self.runner, self.folder = runner, folder

    def _ask(self, *words):
        command = [self.runner, "store", *words, "--store", self.folder]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def manifest(self, key):
        """What a step's result was made of, by leaf."""
        lines = [line.removeprefix("made of").strip() for line in self._ask("show", key).splitlines()
                 if line.startswith("made of")]
        return dict(line.split(" = ", 1) for line in lines)

    def records(self, digest):
        return [json.loads(line) for line in self._ask("cat", digest).splitlines()]


def last_adapter(manifest):
    """The leaf of the last adapter over a model: that of the training itself."""
    return max((leaf for leaf in manifest if leaf.startswith("inputs/adapter/")), key=lambda leaf: int(leaf[15:]))


def traces(lock, store, on):
    """By objective, for each training: [(epochs, chosen, rejected)], in nats, from the start on."""
    made_by = {digest: (step, name) for step in lock["steps"] for name, digest in step["outputs"].items()}
    found = {}
    for step in lock["steps"]:
        if step["kind"] != "trace" or on not in step["label"]:
            continue
        manifest = store.manifest(step["key"])
        reference = store.manifest(made_by[manifest["inputs/reference"]][0]["key"])
        points, training = [], None
        for record in store.records(step["outputs"]["trace"]):
            scores = store.manifest(made_by[manifest[f"inputs/scores/{record['checkpoint']}"]][0]["key"])
            adapter = last_adapter(scores)
            training, output = made_by[scores.pop(adapter)]
            options = store.manifest(training["key"])
            place = output.removeprefix("weights").strip("/")
            leaf = f"options/checkpoints/{place}/epochs" if place else "options/epochs"
            if leaf not in options:
                sys.exit(f"{step['label']}: its checkpoints are counted in steps; a trace every so many epochs is needed")
            points.append((float(options[leaf]), record["chosen"], record["rejected"]))
            if not points[1:] and scores == reference:
                # But for the trained adapter it is the reference: the training starts there, with log-ratios of 0.
                points.insert(0, (0.0, 0.0, 0.0))
        if training is None:
            continue
        trainings = found.setdefault(store.manifest(training["key"])["options/objective"], {})
        if training["key"] in trainings:
            sys.exit(f"{training['label']} has several traces: say with --on which, by words of {step['label']!r}")
        trainings[training["key"]] = points
    return {objective: [trainings[key] for key in sorted(trainings)] for objective, trainings in found.items()}


def mean(trainings):
    """The mean over trainings at each point that all of them have."""
    common = sorted(set.intersection(*({point[0] for point in points} for points in trainings)))
    by_epoch = [{point[0]: point for point in points} for points in trainings]
    return [
        (epoch, *(sum(points[epoch][place] for points in by_epoch) / len(by_epoch) for place in (1, 2)))
        for epoch in common
    ]


def ticks(low, high, count=5):
    """Round numbers within low...high."""
    step = next(step for power in range(-4, 6) for step in (10.0**power, 2 * 10.0**power, 5 * 10.0**power)
                if (high - low) / step <= count)
    first = -int(-low // step) if low > 0 else int(low / step)
    return [number * step for number in range(first, int(high / step + 1e-9) + 1)]


def number(value):
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


class Panel:
    """One objective's drawing."""

    def __init__(self, left, epochs, low, high):
        self.left, self.epochs, self.low, self.high = left + LEFT, epochs, low, high
        self.width, self.height = WIDTH - LEFT, HEIGHT - TOP - BOTTOM

    def x(self, epoch):
        return self.left + self.width * epoch / self.epochs

    def y(self, value):
        return TOP + self.height * (self.high - value) / (self.high - self.low)

    def line(self, points, place, color, style):
        path = " ".join(f"{self.x(point[0]):.1f},{self.y(point[place]):.1f}" for point in points)
        return f'<polyline points="{path}" fill="none" stroke="{color}" {style}/>'

    def frame(self, title, is_first):
        parts = [f'<text x="{self.left}" y="{TOP - 14}" class="title">{title}</text>']
        for value in ticks(self.low, self.high):
            y = self.y(value)
            color = "#777" if value == 0 else "#e4e4e4"
            parts.append(f'<line x1="{self.left}" y1="{y:.1f}" x2="{self.left + self.width}" y2="{y:.1f}" stroke="{color}"/>')
            if is_first:
                parts.append(f'<text x="{self.left - 7}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>')
        for value in ticks(0, self.epochs, 4):
            x = self.x(value)
            parts.append(f'<text x="{x:.1f}" y="{TOP + self.height + 17}" text-anchor="middle">{number(value)}</text>')
        parts.append(
            f'<text x="{self.left + self.width / 2:.1f}" y="{TOP + self.height + 36}" text-anchor="middle">epochs</text>')
        if is_first:
            middle = TOP + self.height / 2
            parts.append(
                f'<text x="{self.left - 44}" y="{middle}" text-anchor="middle" '
                f'transform="rotate(-90 {self.left - 44} {middle})">mean log-ratio, nats</text>')
        return parts

    def labels(self, points):
        """Names at the ends of the lines, kept apart."""
        ends = {"chosen": self.y(points[-1][1]), "rejected": self.y(points[-1][2])}
        gap = 14 - abs(ends["chosen"] - ends["rejected"])
        if gap > 0:
            upper = "chosen" if ends["chosen"] <= ends["rejected"] else "rejected"
            for name in ends:
                ends[name] += -gap / 2 if name == upper else gap / 2
        x = self.x(points[-1][0]) + 5
        return [f'<text x="{x:.1f}" y="{y + 4:.1f}" fill="{COLORS[name]}">{name}</text>' for name, y in ends.items()]


def draw(found, objectives):
    values = [value for name in objectives for points in found[name] for point in points for value in point[1:]]
    low, high = min(0, *values), max(0, *values)
    margin = 0.06 * (high - low) or 1
    low, high = low - margin, high + margin
    epochs = max(point[0] for name in objectives for points in found[name] for point in points)
    width = len(objectives) * (WIDTH + RIGHT) - (len(objectives) - 1) * (LEFT - 16) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" '
        'role="img" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333">',
        "<title>Mean log-ratios of chosen and rejected responses to the reference as training goes</title>",
        "<style>.title { font-size: 14px; font-weight: bold }</style>",
        f'<rect width="{width}" height="{HEIGHT}" fill="white"/>',
    ]
    for index, name in enumerate(objectives):
        panel = Panel(index * (WIDTH + RIGHT - LEFT + 16), epochs, low, high)
        parts += panel.frame(NAMES.get(name, name), index == 0)
        average = mean(found[name])
        for place, response in ((1, "chosen"), (2, "rejected")):
            color = COLORS[response]
            if len(found[name]) > 1:
                parts += [panel.line(points, place, color, 'stroke-opacity="0.35"') for points in found[name]]
            parts.append(panel.line(average, place, color, 'stroke-width="2.5" stroke-linejoin="round"'))
        parts += panel.labels(average)
    return "\n".join([*parts, "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lock", help="an experiment's lock.json")
    parser.add_argument("--store", default=".runner-store", help="the folder of stored results")
    parser.add_argument("--runner", default=".build/release/runner", help="the program")
    parser.add_argument("--objectives", default="apo-zero,apo-down,dpo", help="a panel each, in order")
    parser.add_argument("--on", default="", help="words of the label of the traces, where a training has several")
    parser.add_argument("--into", default="docs/figures/likelihood-traces.svg", help="the drawing")
    options = parser.parse_args()
    with open(options.lock, encoding="utf-8") as file:
        lock = json.load(file)
    found = traces(lock, Store(options.runner, options.store), options.on)
    objectives = options.objectives.split(",")
    for name in objectives:
        if name not in found:
            sys.exit(f"no likelihood trace of {name} in {options.lock}; it has: {', '.join(sorted(found)) or 'none'}")
    with open(options.into, "w", encoding="utf-8") as file:
        file.write(draw(found, objectives))


if __name__ == "__main__":
    main()
