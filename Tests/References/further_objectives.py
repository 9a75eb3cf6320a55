"""Random batches of the objectives that read judgments, rankings, relabeled outputs and scores, with an independent
implementation's losses and gradients.

Run by hand: python Tests/References/further_objectives.py path/to/loss_reference.py
Needs numpy and that file: a numpy oracle written from the papers' formulas. Writes
Tests/ObjectivesTests/Golden/further-cases.json in the notation of objectives.py: log-probabilities are multiples of -1/unit,
entropies of 1/unit, scores of 1/unit; rewards are multiples of 1/8, so that every difference of them is exact.

The oracle is asked in numpy's longdouble (80 bits) because it writes 1 - a where the program writes what a lacks of 1; only
CUT is asked in doubles, because there underflow to 0 is part of the definition. What the oracle has no option for (weights,
parts left out, batches of prompts) is put together here from what it gives for its parts.
"""
import json
import sys

import numpy

import objectives
from objectives import UNIT, numbers, oracle, short

OUT = objectives.OUT.parent / "further-cases.json"
BATCHES = {"cut": 2000, "forward-prediction": 1000, "rrhf": 1000, "pro": 1000, "clha": 1000, "hir": 1400, "bradley-terry": 1000}


class Long:
    """The functions of `math` that the oracle uses, in longdouble."""

    exp = staticmethod(lambda x: numpy.exp(numpy.longdouble(x)))
    log = staticmethod(lambda x: numpy.log(numpy.longdouble(x)))
    log1p = staticmethod(lambda x: numpy.log1p(numpy.longdouble(x)))


class Draw(objectives.Draw):
    def length(self):
        return int(self.draw.integers(1, 25)) if self.chance(0.05) else int(min(24, self.draw.geometric(0.3)))

    def choice(self, *values):
        return values[int(self.draw.integers(len(values)))]

    def other(self, tokens):
        """The same tokens behind another prompt: the same, near, or others altogether."""
        kind = self.draw.integers(0, 8)
        if kind == 0:
            return list(tokens)
        if kind < 6:
            noise = numpy.round(self.draw.normal(0, self.choice(0.1, 1, 3), len(tokens)) * UNIT).astype(int)
            return [max(0, int(t + n)) for t, n in zip(tokens, noise)]
        return self.tokens(len(tokens))

    def rewards(self, count):
        kind = self.draw.integers(0, 6)
        values = self.draw.normal(0, self.choice(1, 4, 40), count) if kind else numpy.full(count, 2.5)
        if kind == 1:
            values = self.draw.integers(-2, 3, count)
        return sorted((float(v) for v in numpy.round(values * 8) / 8), reverse=True)

    def part(self, below):
        return self.choice(0.0, float("%.3g" % self.draw.uniform(0, below)))


def compact(gradient):
    values = [short(v) for v in gradient]
    assert all(numpy.isfinite(values)), values
    return values[0] if values and len(set(values)) == 1 else values


def cut(losses, draw):
    parts = ["detection", "align-p", "align-n", "misalign", "weighting"]
    form = draw.choice("paper-v4", "paper-v1", "code")
    options = {"form": form, "lambda": draw.choice(1.0, 1.1, 1.2, 0.5, 3.0), "alpha": draw.choice(0.0, 0.25, 0.5, 1.0)}
    if form == "paper-v4":
        options["gamma"] = draw.choice(0.0, 0.25, 0.5, 1.0, 2.0)
    without = [p for p in parts if draw.chance(0.15)]
    gamma = None if "weighting" in without else options.get("gamma")
    examples, read = [], []
    for _ in range(draw.size()):
        good = draw.chance(0.4)
        plain = draw.tokens(draw.length())
        if form != "code" and not good:
            plain = [min(p, 700 * UNIT) for p in plain]  # p of 0 is the code's matter
        response = {"p": plain} if good else {"p": plain, "o": [draw.other(plain)]}
        examples.append({"kind": "acceptable" if good else "unacceptable", "responses": [response]})
        if not ("align-p" in without if good else {"align-n", "misalign"} <= set(without)):
            read.append((examples[-1], {"lp_x": numbers(plain)} | ({} if good else {"lp_j": numbers(response["o"][0])})))
    if not read:
        return None
    batch = [b for _, b in read]
    mode = "code" if form == "code" else "paper"
    whole, given, info = losses.cut(batch, options["alpha"], options["lambda"], gamma, mode, detect="detection" not in without)
    keys = ["lp_j" if "lp_j" in b else "lp_x" for b in batch]
    kept = [not (k == "lp_j" and "align-n" in without) for k in keys]
    bad = [k == "lp_j" and "misalign" not in without for k in keys]
    unlike = info["unlike"] if any(bad) else 0
    half = 1.0
    if mode == "code":
        likely = [b[k] for b, k, own in zip(batch, keys, kept) if own]
        half = 0.5 if likely and any(bad) else 1.0
        like, gradients = losses.nll(likely) if likely else (0, [])
        gradients = iter([half * g for g in gradients])
    else:
        like = sum((g[k] * b[k]).sum() for g, b, k, own in zip(given, batch, keys, kept) if own)
    loss = half * (like + unlike)
    assert without or abs(loss - whole) <= 1e-12 * abs(whole)
    for (example, values), g, k, own, misaligned in zip(read, given, keys, kept, bad):
        zero = numpy.zeros(len(values["lp_x"]))
        likelihood = zero if not own else next(gradients) if mode == "code" else g[k]
        unlikelihood = zero if not misaligned else g["lp_x"] * (half / 0.5 if mode == "code" else 1)
        example["gradients"] = [{"p": compact(likelihood if k == "lp_x" else unlikelihood)}]
        if k == "lp_j":
            example["gradients"][0]["o"] = [compact(likelihood)]
    for example in examples:
        example.setdefault("gradients", [])
    return options | {"without": without}, examples, loss


def forward_prediction(losses, draw):
    weight = draw.choice(1.0, 0.3)
    examples, loss = [], 0
    count = draw.size()
    for _ in range(count):
        response, judgment = draw.tokens(draw.length()), draw.tokens(draw.length() * int(draw.chance(0.8)))
        a, own = losses.nll([numbers(response)])
        b, after = losses.nll([numbers(judgment)]) if judgment else (0, [numpy.zeros(0)])
        if judgment:
            assert abs(losses.forward_prediction(numbers(response), numbers(judgment))[0] - a - b) <= 1e-12 * (a + b)
        loss += (a + weight * b) / count
        examples.append({"kind": draw.choice("acceptable", "unacceptable"), "responses": [{"p": response, "c": judgment}],
                         "gradients": [{"p": compact(own[0] / count), "c": compact(weight * after[0] / count)}]})
    return {"weight": weight}, examples, loss


def ranking(draw, count):
    return {"kind": "ranking", "responses": [{"p": draw.tokens(draw.length())} for _ in range(count)], "rewards": draw.rewards(count)}


def rankings(losses, draw, each):
    """A mean over prompts of one prompt's loss."""
    examples, loss = [ranking(draw, int(draw.draw.integers(1, 6))) for _ in range(draw.size())], 0
    for example in examples:
        share, gradients = each([numbers(r["p"]) for r in example["responses"]], example["rewards"])
        loss += share / len(examples)
        example["gradients"] = [{"p": compact(g / len(examples))} for g in gradients]
    return examples, loss


def rrhf(losses, draw):
    weight = draw.choice(1.0, 0.0, 0.25)

    def each(candidates, rewards):
        loss, gradients = losses.rrhf(candidates, rewards)
        gradients[0] = gradients[0] + (1 - weight)
        return loss + (1 - weight) * candidates[0].sum(), gradients

    examples, loss = rankings(losses, draw, each)
    return {"sftWeight": weight}, examples, loss


def pro(losses, draw):
    options = {"sftWeight": draw.choice(0.05, 0.0, 1.0), "floor": draw.choice(1e-10, 1e-10, 0.0, 0.5)}
    examples, loss = rankings(losses, draw, lambda c, r: losses.pro(c, r, options["sftWeight"], options["floor"]))
    return options, examples, loss


def clha(losses, draw):
    options = {"margin": draw.choice(3.0, 0.0, 0.5), "gap": draw.choice(3.0, 0.0, 1.0), "sftWeight": draw.choice(0.05, 0.0, 1.0),
               "gate": draw.choice(0.0, 1.5, None)}
    count = int(draw.draw.integers(2, 6))
    examples = [ranking(draw, count) for _ in range(draw.size())]
    # The oracle's gate is 0; moving all rewards moves no difference of them.
    shift = 2.0**20 if options["gate"] is None else -options["gate"]
    batch = [([numbers(r["p"]) for r in e["responses"]], [r + shift for r in e["rewards"]]) for e in examples]
    loss, gradients, _ = losses.clha(batch, options["margin"], options["gap"], options["sftWeight"])
    for example, gradient in zip(examples, gradients):
        example["gradients"] = [{"p": compact(g)} for g in gradient]
    return options, examples, loss


def hir_options(draw):
    return {"labelSmoothing": draw.choice(0.2, 0.0, draw.part(0.9)), "contrast": draw.choice(1.0, 0.0, 0.4),
            "entropy": draw.choice(0.001, 0.0, 0.3)}


def output(draw, options, others):
    tokens = draw.tokens(draw.length())
    response = {"p": tokens}
    if options["contrast"]:
        response["o"] = [draw.other(tokens) for _ in range(others)]
    if options["labelSmoothing"]:
        response["m"] = [t + 640 for t in draw.tokens(len(tokens))]
    if options["entropy"]:
        response["h"] = [min(t, 11 * UNIT) for t in draw.tokens(len(tokens))]
    return response


def hir(losses, draw):
    return hir_paper(losses, draw) if draw.chance(0.5) else hir_code(losses, draw)


def hir_code(losses, draw):
    options, examples, loss = hir_options(draw), [], 0
    smoothing, contrast, entropy = options["labelSmoothing"], options["contrast"], options["entropy"]
    count = draw.size()
    for _ in range(count):
        r = output(draw, options, 1)
        zeros = [0] * len(r["p"])
        share, g, terms = losses.hir_code(numbers(r["p"]), numbers(r.get("o", [zeros])[0]), numbers(r.get("m", zeros)),
                                          -numbers(r.get("h", zeros)), smoothing, entropy)
        loss += (share + (contrast - 1) * terms["con"]) / count
        plain = -(1 - numpy.longdouble(smoothing)) / len(zeros)
        gradient = {"p": compact((plain + contrast * (g["pos"] - plain)) / count)}
        if contrast:
            gradient["o"] = [compact(contrast * g["neg"] / count)]
        if smoothing:
            gradient["m"] = compact(g["vocab_mean_pos"] / count)
        if entropy:
            gradient["h"] = compact(g["entropy_pos"] / count)
        examples.append({"kind": "response", "responses": [r], "gradients": [gradient]})
    return {"form": "code"} | options, examples, loss


def hir_paper(losses, draw):
    options, count = hir_options(draw), draw.choice(1, 2, 3, 4)
    smoothing, contrast, entropy = options["labelSmoothing"], options["contrast"], options["entropy"]
    outputs = [output(draw, options, count - 1) for _ in range(count)]
    loss, own = losses.nll([numbers(r["p"]) for r in outputs], "seq_sum")
    loss *= 1 - numpy.longdouble(smoothing)
    matrix = numpy.zeros((count, count), dtype=numpy.longdouble)
    if contrast:
        for i, r in enumerate(outputs):
            matrix[i] = [numbers(c).sum() for c in r["o"][:i] + [r["p"]] + r["o"][i:]]
    term, slopes = losses.hir_paper_contrastive(matrix)
    loss += contrast * term / count
    examples = []
    for i, r in enumerate(outputs):
        gradient = {"p": compact((1 - numpy.longdouble(smoothing)) * own[i] + contrast * slopes[i, i] / count)}
        if contrast:
            gradient["o"] = [compact(numpy.full(len(r["p"]), contrast * slopes[i, k] / count)) for k in range(count) if k != i]
        if smoothing:
            loss -= smoothing * numbers(r["m"]).sum() / count
            gradient["m"] = compact(numpy.full(len(r["p"]), -smoothing / count))
        if entropy:
            loss += entropy * numbers(r["h"]).sum() / count
            gradient["h"] = compact(numpy.full(len(r["p"]), -entropy / count))
        examples.append({"kind": "response", "responses": [r], "gradients": [gradient]})
    return {"form": "paper"} | options, examples, loss


def bradley_terry(losses, draw):
    examples, loss = [], 0
    size = draw.size()
    for _ in range(size):
        count = 2 if draw.chance(0.5) else int(draw.draw.integers(1, 6))
        spread = draw.choice(0.3, 2, 20, 500)
        scores = [int(s) for s in numpy.round(draw.draw.normal(0, spread, count) * UNIT)]
        if draw.chance(0.1):
            scores = [scores[0]] * count
        example = {"kind": "ranking", "responses": [{"p": [], "s": s} for s in scores], "rewards": draw.rewards(count)}
        if count == 2 and draw.chance(0.6):
            del example["rewards"]
            example["kind"] = "pair"
        order = [1, 0] if example["kind"] == "pair" else example["rewards"]
        pairs = [(i, j) for i in range(count) for j in range(i + 1, count) if order[i] > order[j]]
        gradients = numpy.zeros(count, dtype=numpy.longdouble)
        # One token against a reference of 0 with beta 1: DPO's log-ratio is the score.
        for i, j in pairs:
            w, l = numpy.array([scores[i] / UNIT]), numpy.array([scores[j] / UNIT])
            share, g = losses.dpo([{"w": w, "ref_w": [0.0], "l": l, "ref_l": [0.0]}], 1.0)
            loss += share / len(pairs) / size
            gradients[i] += g[0]["w"][0] / len(pairs) / size
            gradients[j] += g[0]["l"][0] / len(pairs) / size
        example["gradients"] = [{"s": short(g)} for g in gradients] if pairs else []
        examples.append(example)
    return {}, examples, loss


MAKERS = {"cut": cut, "forward-prediction": forward_prediction, "rrhf": rrhf, "pro": pro, "clha": clha, "hir": hir,
          "bradley-terry": bradley_terry}


def main():
    plain, long, lines = oracle(sys.argv[1]), oracle(sys.argv[1]), []
    long.F, long.math = numpy.longdouble, Long
    for seed, (name, make) in enumerate(MAKERS.items()):
        draw, made = Draw(100 + seed), 0
        while made < BATCHES[name]:
            case = make(plain if name == "cut" else long, draw)
            if case is None:
                continue
            options, examples, loss = case
            assert numpy.isfinite(float(loss)), (name, options)
            lines.append(json.dumps({"objective": name, "options": options, "examples": examples, "loss": short(loss)},
                                    separators=(",", ":")))
            made += 1
    OUT.write_text('{"unit":%d,"cases":[\n%s\n]}\n' % (UNIT, ",\n".join(lines)))
    print(len(lines), "batches,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
