"""Draws how training moves the log-probabilities of chosen and rejected responses, from an experiment's results and store.

    likelihood_traces.py RESULTS [--rows AXIS] [--store DIR] [--runner PROGRAM] [--objectives apo-zero,apo-down,dpo]
                         [--into likelihood-traces.svg]

RESULTS is the results folder of an experiment with an eval like `likelihood: {likelihood-trace: {every: {steps: 1}}}`. A
panel an objective and, with --rows, a row an arm of that axis: optimizer steps to the right, the mean log-ratio to the reference
upwards, in nats. Thick lines are means over trainings, thin ones the trainings. Everything is asked of `runner store`, which
checks each object against its digest; the same store gives the same bytes. Knows nothing of how the numbers came about.
"""

import argparse
import json
import pathlib
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


def arms(table, axis):
    """The keys of the traces of each arm of an axis, in the order of the table; of all cells under "" without an axis."""
    keys = {}
    for cell in table["cells"]:
        if cell["kind"] == "likelihood-trace":
            if axis and axis not in cell["at"]:
                sys.exit(f"there is no axis {axis!r} in the results; there is: {', '.join(sorted(cell['at']))}")
            keys.setdefault(cell["at"][axis] if axis else "", set()).update(step["key"] for step in cell["steps"])
    return keys


def steps_taken(training, output, store):
    """After how many optimizer steps an output of a training, such as `weights/3`, or `weights` for the last, was written."""
    place = output.removeprefix("weights").strip("/")
    if not place:
        return store.records(training["outputs"]["summary"])[0]["steps"]
    options = store.manifest(training["key"])
    leaf = f"options/checkpoints/{place}/steps"
    if leaf not in options:
        sys.exit(f"{training['label']}: its checkpoints are not counted in steps; a trace every so many steps is needed")
    return int(options[leaf])


def traces(lock, store, keys):
    """By objective, for each training: [(steps, chosen, rejected)], in nats, from the start on."""
    made_by = {digest: (step, name) for step in lock["steps"] for name, digest in step["outputs"].items()}
    found = {}
    for step in lock["steps"]:
        if step["key"] not in keys:
            continue
        manifest = store.manifest(step["key"])
        reference = store.manifest(made_by[manifest["inputs/reference"]][0]["key"])
        points, training = [], None
        for record in store.records(step["outputs"]["trace"]):
            scores = store.manifest(made_by[manifest[f"inputs/scores/{record['checkpoint']}"]][0]["key"])
            adapter = last_adapter(scores)
            training, output = made_by[scores.pop(adapter)]
            points.append((steps_taken(training, output, store), record["chosen"], record["rejected"]))
            if not points[1:] and scores == reference:
                # But for the trained adapter it is the reference: the training starts there, with log-ratios of 0.
                points.insert(0, (0, 0.0, 0.0))
        if training is None:
            continue
        trainings = found.setdefault(store.manifest(training["key"])["options/objective"], {})
        if training["key"] in trainings:
            sys.exit(f"{training['label']} has several traces, such as {step['label']!r}: draw an experiment that has one")
        trainings[training["key"]] = points
    # In an order that does not change with the keys, of which a new version of a step makes others.
    return {objective: sorted(trainings.values()) for objective, trainings in found.items()}


def mean(trainings):
    """The mean over trainings at each point that all of them have."""
    common = sorted(set.intersection(*({point[0] for point in points} for points in trainings)))
    by_step = [{point[0]: point for point in points} for points in trainings]
    return [
        (step, *(sum(points[step][place] for points in by_step) / len(by_step) for place in (1, 2)))
        for step in common
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

    def __init__(self, left, top, steps, low, high):
        self.left, self.top, self.steps, self.low, self.high = left + LEFT, top + TOP, steps, low, high
        self.width, self.height = WIDTH - LEFT, HEIGHT - TOP - BOTTOM

    def x(self, step):
        return self.left + self.width * step / self.steps

    def y(self, value):
        return self.top + self.height * (self.high - value) / (self.high - self.low)

    def line(self, points, place, color, style):
        path = " ".join(f"{self.x(point[0]):.1f},{self.y(point[place]):.1f}" for point in points)
        return f'<polyline points="{path}" fill="none" stroke="{color}" {style}/>'

    def frame(self, title, is_first):
        parts = [f'<text x="{self.left}" y="{self.top - 14}" class="title">{title}</text>']
        for value in ticks(self.low, self.high):
            y = self.y(value)
            color = "#777" if value == 0 else "#e4e4e4"
            parts.append(f'<line x1="{self.left}" y1="{y:.1f}" x2="{self.left + self.width}" y2="{y:.1f}" stroke="{color}"/>')
            if is_first:
                parts.append(f'<text x="{self.left - 7}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>')
        for value in ticks(0, self.steps, 4):
            x = self.x(value)
            parts.append(f'<text x="{x:.1f}" y="{self.top + self.height + 17}" text-anchor="middle">{number(value)}</text>')
        parts.append(
            f'<text x="{self.left + self.width / 2:.1f}" y="{self.top + self.height + 36}" text-anchor="middle">optimizer steps</text>')
        if is_first:
            middle = self.top + self.height / 2
            parts.append(
                f'<text x="{self.left - 44}" y="{middle}" text-anchor="middle" '
                f'transform="rotate(-90 {self.left - 44} {middle})">mean log-ratio, nats</text>')
        return parts

    def lines(self, trainings):
        parts = []
        average = mean(trainings)
        for place, response in ((1, "chosen"), (2, "rejected")):
            color = COLORS[response]
            if len(trainings) > 1:
                parts += [self.line(points, place, color, 'stroke-opacity="0.35"') for points in trainings]
            parts.append(self.line(average, place, color, 'stroke-width="2.5" stroke-linejoin="round"'))
        return parts + self.labels(average)

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


def draw(rows, objectives):
    """The drawing: a row of panels for each arm, all on one scale."""
    shown = [points for _, found in rows for name in objectives for points in found[name]]
    values = [value for points in shown for point in points for value in point[1:]]
    low, high = min(0, *values), max(0, *values)
    margin = 0.06 * (high - low) or 1
    low, high = low - margin, high + margin
    steps = max(point[0] for points in shown for point in points)
    width = len(objectives) * (WIDTH + RIGHT) - (len(objectives) - 1) * (LEFT - 16) + 6
    height = HEIGHT * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333">',
        "<title>Mean log-ratios of chosen and rejected responses to the reference as training goes</title>",
        "<style>.title { font-size: 14px; font-weight: bold }</style>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for row, (arm, found) in enumerate(rows):
        for index, name in enumerate(objectives):
            panel = Panel(index * (WIDTH + RIGHT - LEFT + 16), row * HEIGHT, steps, low, high)
            title = NAMES.get(name, name)
            parts += panel.frame(f"{title}, {arm}" if arm else title, index == 0)
            parts += panel.lines(found[name])
    return "\n".join([*parts, "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", help="an experiment's results folder")
    parser.add_argument("--rows", help="the axis whose arms have a row each")
    parser.add_argument("--store", default=".runner-store", help="the folder of stored results")
    parser.add_argument("--runner", default=".build/release/runner", help="the program")
    parser.add_argument("--objectives", default="apo-zero,apo-down,dpo", help="a panel each, in order")
    parser.add_argument("--into", default="docs/figures/likelihood-traces.svg", help="the drawing")
    options = parser.parse_args()
    lock, table = (json.loads((pathlib.Path(options.results) / name).read_text("utf-8"))
                   for name in ("lock.json", "table.json"))
    store = Store(options.runner, options.store)
    rows = [(arm, traces(lock, store, keys)) for arm, keys in arms(table, options.rows).items()]
    objectives = options.objectives.split(",")
    for arm, found in rows:
        for name in objectives:
            if name not in found:
                known = ", ".join(sorted(found)) or "none"
                sys.exit(f"no likelihood trace of {name} {arm} in {options.results}; it has: {known}")
    with open(options.into, "w", encoding="utf-8") as file:
        file.write(draw(rows, objectives))


if __name__ == "__main__":
    main()
