"""Random batches with the losses and gradients of an independent implementation of every objective.

Run by hand: python Tests/References/objectives.py path/to/loss_reference.py
Needs numpy and that file: a numpy oracle of nll, dpo, apo_zero, apo_down and kto written from the papers' formulas.
Writes Tests/ObjectivesTests/Golden/cases.json. Log-probabilities are written as whole multiples of -1/unit with a unit that
is a power of two, so that they are exact in single precision and their sums exact in any order; a gradient is one number
where all of a response's tokens have the same, else a list; results have 13 significant digits.
"""
import importlib.util
import json
import pathlib
import sys

import numpy

OUT = pathlib.Path(__file__).resolve().parents[1] / "ObjectivesTests/Golden/cases.json"
UNIT = 64
BATCHES = 1500  # of each objective


def oracle(path):
    spec = importlib.util.spec_from_file_location("loss_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Draw:
    """Everything that is random about a batch."""

    def __init__(self, seed):
        self.draw = numpy.random.default_rng(seed)

    def chance(self, p):
        return self.draw.random() < p

    def length(self):
        return int(self.draw.integers(1, 41)) if self.chance(0.1) else int(min(40, self.draw.geometric(0.25)))

    def tokens(self, length):
        """Whole multiples of 1/UNIT below zero, as positive integers: near certain, ordinary, or down to -1e4."""
        kind = self.draw.integers(0, 10)
        if kind < 2:
            values = self.draw.exponential(0.05, length)
        elif kind < 8:
            values = self.draw.exponential(1.5, length)
        else:
            values = numpy.where(self.draw.random(length) < 0.3, 10 ** self.draw.uniform(0, 4, length),
                                 self.draw.exponential(1, length))
        return [int(v) for v in numpy.round(numpy.minimum(values, 1e4) * UNIT)]

    def reference(self, policy, beta):
        """The same numbers, numbers close enough that beta · h stays where gradients live, or others altogether."""
        kind = self.draw.integers(0, 10)
        if kind == 0:
            return list(policy)
        if kind < 7:
            spread = min(3.0 / beta, 50) / len(policy) ** 0.5
            noise = numpy.round(self.draw.normal(0, spread, len(policy)) * UNIT).astype(int)
            return [max(0, int(p + n)) for p, n in zip(policy, noise)]
        return self.tokens(len(policy))

    def beta(self):
        return float("%.3g" % 10 ** self.draw.uniform(-2, numpy.log10(50)))

    def smoothing(self, below):
        return 0.0 if self.chance(0.5) else float("%.3g" % self.draw.uniform(0, below * 0.99))

    def weight(self):
        return float("%.3g" % self.draw.choice([1, 1, 0, self.draw.uniform(0, 3)]))

    def size(self):
        return int(self.draw.choice([1, 1, 1, 2, 3]))

    def partners(self, beta):
        """Log-ratios of mismatched responses, multiples of 1/UNIT: z0 is 0, ordinary or huge."""
        kind = self.draw.integers(0, 6)
        if kind == 0:
            return []
        spread = [0.2, 1 / beta, 3 / beta, 100, 1e6][kind - 1]
        return [int(v * UNIT) for v in self.draw.normal(0.5 * spread, spread, self.draw.integers(1, 5))]


def numbers(integers):
    return numpy.array(integers, dtype=numpy.float64) / -UNIT


def short(value):
    return float("%.13g" % value)


def compact(gradient):
    values = [short(v) for v in gradient]
    return values[0] if len(set(values)) == 1 else values


def response(draw, beta):
    policy = draw.tokens(draw.length())
    return [policy, draw.reference(policy, beta)]


def sft(losses, draw):
    smoothing, examples = draw.smoothing(1), []
    for _ in range(draw.size()):
        kind = str(draw.draw.choice(["response", "acceptable", "unacceptable", "pair"]))
        count = 2 if kind == "pair" else 1
        responses = []
        for _ in range(count):
            policy = draw.tokens(draw.length())
            responses.append([policy, [], [p + 640 for p in draw.tokens(len(policy))] if smoothing else []])
        examples.append({"kind": kind, "responses": responses})
    read = [e["responses"][0] for e in examples if e["kind"] != "unacceptable"]
    if not read:
        return None
    loss, gradients = losses.nll([numbers(r[0]) for r in read])
    loss, means = (1 - smoothing) * loss, []
    if smoothing:
        spread, means = losses.nll([numbers(r[2]) for r in read])
        loss += smoothing * spread
    gradients, means = iter(gradients), iter(means)
    for example in examples:
        unread = example["kind"] == "unacceptable"
        example["gradients"] = [] if unread else [compact((1 - smoothing) * next(gradients))]
        if smoothing:
            example["means"] = [] if unread else [compact(smoothing * next(means))]
    return {"labelSmoothing": smoothing}, examples, loss, {}


def pairs(name):
    def make(losses, draw):
        options = {"beta": draw.beta()}
        if name == "dpo":
            options["labelSmoothing"] = draw.smoothing(0.5)
        examples = [{"kind": "pair", "responses": [response(draw, options["beta"]) for _ in range(2)]}
                    for _ in range(draw.size())]
        batch = [{"w": numbers(w[0]), "ref_w": numbers(w[1]), "l": numbers(l[0]), "ref_l": numbers(l[1])}
                 for w, l in (e["responses"] for e in examples)]
        arguments = [options["beta"]] + ([options["labelSmoothing"]] if name == "dpo" else [])
        loss, gradients = getattr(losses, name.replace("-", "_"))(batch, *arguments)
        for example, gradient in zip(examples, gradients):
            example["gradients"] = [compact(gradient["w"]), compact(gradient["l"])]
        return options, examples, loss, {}

    return make


def judged(anchored):
    def make(losses, draw):
        beta = draw.beta()
        options = {"beta": beta, "desirableWeight": draw.weight(), "undesirableWeight": draw.weight()}
        examples, items = [], []
        for _ in range(draw.size()):
            kind = str(draw.draw.choice(["acceptable", "unacceptable", "pair"]))
            verdicts = {"acceptable": [True], "unacceptable": [False], "pair": [True, False]}[kind]
            responses = [response(draw, beta) for _ in verdicts]
            examples.append({"kind": kind, "responses": responses})
            items += [{"lp": numbers(r[0]), "ref": numbers(r[1]), "good": good} for r, good in zip(responses, verdicts)]
        partners = [] if anchored else draw.partners(beta)
        mismatched = [(numpy.array([p / UNIT]), numpy.array([0.0])) for p in partners]
        loss, gradients = losses.kto(items, mismatched or None, beta, options["desirableWeight"], options["undesirableWeight"])
        gradients = iter(gradients)
        for example in examples:
            example["gradients"] = [compact(next(gradients)) for _ in example["responses"]]
        return options, examples, loss, {} if anchored else {"partners": partners}

    return make


MAKERS = {"sft": sft, "dpo": pairs("dpo"), "apo-zero": pairs("apo-zero"), "apo-down": pairs("apo-down"),
          "kto": judged(False), "apo-zero-unpaired": judged(True)}


def main():
    losses, lines = oracle(sys.argv[1]), []
    for seed, (name, make) in enumerate(MAKERS.items()):
        draw, made = Draw(seed), 0
        while made < BATCHES:
            case = make(losses, draw)
            if case is None:
                continue
            options, examples, loss, more = case
            lines.append(json.dumps({"objective": name, "options": options, **more, "examples": examples,
                                     "loss": short(loss)}, separators=(",", ":")))
            made += 1
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text('{"unit":%d,"cases":[\n%s\n]}\n' % (UNIT, ",\n".join(lines)))
    print(len(lines), "batches,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
