"""Random batches whose losses and gradients come from padded rectangles and automatic differentiation.

Run by hand: python Tests/References/padded_objectives.py
Needs numpy and torch. Trainers of other programs pad responses to a rectangle and mask what they padded; runner packs
responses without padding. So every objective is computed here once more, as such a trainer would: log-probabilities in a
matrix with random numbers where nothing stands, reductions under a mask, gradients by autograd in doubles, which must be
exactly 0 wherever the mask is. The batches are drawn as objectives.py and further_objectives.py draw theirs.
Writes Tests/ObjectivesTests/Golden/padded-cases.json and padded-further-cases.json in their notations.
"""
import json
import math

import numpy
import torch

import further_objectives
import objectives
from objectives import UNIT, short

BATCHES = 200  # of each objective
FOLDER = objectives.OUT.parent
SMALLEST = 1e-5  # what CUT's code writes for a probability of 0


class Rectangle:
    """Sequences in a matrix, with garbage behind the shorter ones."""

    def __init__(self, draw, sequences):
        lengths = [len(s) for s in sequences]
        width = max(lengths) + int(draw.integers(1, 6))
        values = -draw.exponential(5, (len(sequences), width))
        for row, sequence in enumerate(sequences):
            values[row, :len(sequence)] = sequence
        self.lengths = lengths
        self.values = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        self.mask = torch.arange(width)[None, :] < torch.tensor(lengths)[:, None]

    def kept(self, values):
        return torch.where(self.mask, values, torch.zeros((), dtype=torch.float64))

    def sums(self, values=None):
        return self.kept(self.values if values is None else values).sum(1)

    def means(self, values=None):
        return self.sums(values) / self.mask.sum(1)

    def gradients(self):
        gradient = self.values.grad if self.values.grad is not None else torch.zeros_like(self.values)
        assert (gradient[~self.mask] == 0).all(), "padding is learned from"
        return [gradient[row, :length].numpy() for row, length in enumerate(self.lengths)]


class Padded:
    """The functions of the reference oracle that the makers of batches call, over rectangles."""

    def __init__(self, seed):
        self.draw = numpy.random.default_rng(seed)

    def rectangle(self, sequences):
        return Rectangle(self.draw, [numpy.asarray(s, dtype=numpy.float64) for s in sequences])

    def nll(self, sequences, reduce="token_mean"):
        rows = self.rectangle(sequences)
        loss = -rows.sums().sum() / rows.mask.sum() if reduce == "token_mean" else -rows.sums().mean()
        loss.backward()
        return loss.item(), rows.gradients()

    def forward_prediction(self, response, judgment):
        return self.nll([response])[0] + self.nll([judgment])[0], None

    def pairs(self, batch, loss_of):
        sides = {name: self.rectangle([pair[name] for pair in batch]) for name in ("w", "ref_w", "l", "ref_l")}
        chosen = sides["w"].sums() - sides["ref_w"].sums().detach()
        rejected = sides["l"].sums() - sides["ref_l"].sums().detach()
        loss = loss_of(chosen, rejected).mean()
        loss.backward()
        return loss.item(), [{"w": w, "l": l} for w, l in zip(sides["w"].gradients(), sides["l"].gradients())]

    def dpo(self, batch, beta, smoothing=0.0):
        log = torch.nn.functional.logsigmoid
        return self.pairs(batch, lambda w, l: -(1 - smoothing) * log(beta * (w - l)) - smoothing * log(-beta * (w - l)))

    def apo_zero(self, batch, beta):
        return self.pairs(batch, lambda w, l: torch.sigmoid(-beta * w) + torch.sigmoid(beta * l))

    def apo_down(self, batch, beta):
        return self.pairs(batch, lambda w, l: torch.sigmoid(beta * w) + torch.sigmoid(-beta * (w - l)))

    def kto(self, items, mismatched, beta, desirable, undesirable):
        rows = self.rectangle([item["lp"] for item in items])
        reference = self.rectangle([item["ref"] for item in items])
        point = torch.zeros((), dtype=torch.float64)
        if mismatched:
            policy, start = (self.rectangle([pair[side] for pair in mismatched]) for side in (0, 1))
            point = torch.clamp((policy.sums() - start.sums()).mean(), min=0).detach()
        ratios = rows.sums() - reference.sums().detach()
        good = torch.tensor([item["good"] for item in items])
        losses = torch.where(good, desirable * torch.sigmoid(beta * (point - ratios)),
                             undesirable * torch.sigmoid(beta * (ratios - point)))
        losses.mean().backward()
        return losses.mean().item(), rows.gradients()

    def cut(self, examples, alpha, factor, gamma, mode, detect):
        plain = self.rectangle([e["lp_x"] for e in examples])
        bad = torch.tensor(["lp_j" in e for e in examples])
        judged = self.rectangle([e.get("lp_j", e["lp_x"]) for e in examples])
        likely = torch.where(bad[:, None], self.align(judged, plain), self.align(plain, plain))
        flags = judged.values.detach() - self.align(plain, judged).detach() > math.log(factor) if detect else judged.mask
        unlike = self.unlikelihoods(plain, judged, flags, alpha, gamma)
        rows = torch.cat([plain.sums(-self.fit(likely, plain))[:, None], plain.sums(self.fit(unlike, plain))[:, None]], 1)
        counts = plain.mask.sum(1)
        if mode == "code":
            like = rows[:, 0].sum() / counts.sum()
            other = rows[bad, 1].sum() / counts[bad].sum() if bad.any() else rows.sum() * 0
            loss = (like + other) * (0.5 if bad.any() else 1.0)
        else:
            like = (rows[:, 0] / counts).mean()
            other = (rows[:, 1] / counts * bad).sum() / len(examples)
            loss = like + other
        loss.backward()
        given = [{"lp_x": x} | ({"lp_j": j} if "lp_j" in e else {})
                 for e, x, j in zip(examples, plain.gradients(), judged.gradients())]
        return loss.item(), given, {"unlike": other.item()}

    @staticmethod
    def fit(values, rows):
        """Values of another width in the width of these rows."""
        width = rows.values.shape[1]
        return torch.nn.functional.pad(values, (0, max(0, width - values.shape[1])))[:, :width]

    def align(self, one, other):
        return self.fit(one.values, other)

    def unlikelihoods(self, plain, judged, flags, alpha, gamma):
        probability = torch.exp(plain.values)
        rest = -torch.expm1(plain.values)
        rest = torch.where(rest == 0, rest + SMALLEST, rest)
        known = torch.where(probability == 0, -math.log(SMALLEST) + 0 * probability, -plain.values)
        weight = alpha * (torch.exp(gamma * self.align(judged, plain)).detach() if gamma is not None else 1)
        return torch.where(self.fit(flags.double(), plain) > 0, -weight * torch.log(rest), known)

    def rrhf(self, candidates, rewards):
        rows = self.rectangle(candidates)
        means, rewards = rows.means(), torch.tensor(rewards)
        worse = rewards[:, None] < rewards[None, :]
        hinges = torch.clamp(means[:, None] - means[None, :], min=0)
        loss = torch.where(worse, hinges, torch.zeros(())).sum() - rows.sums()[int(torch.argmax(rewards))]
        loss.backward()
        return loss.item(), rows.gradients()

    def pro(self, candidates, rewards, weight, floor):
        rows = self.rectangle(candidates)
        means, count = rows.means(), len(candidates)
        loss = -weight * (count - 1) ** 2 * rows.sums()[0]
        for k in range(count - 1):
            gaps = torch.tensor([rewards[k] - r for r in rewards[k + 1:]], dtype=torch.float64)
            terms = torch.cat([(means[k] * gaps.max())[None], means[k + 1:] * gaps])
            if floor > 0:
                terms = torch.cat([terms, torch.tensor([math.log(floor)], dtype=torch.float64)])
            loss = loss + torch.logsumexp(terms, 0) - means[k] * gaps.max()
        loss.backward()
        return loss.item(), rows.gradients()

    def clha(self, batch, margin, gap, weight):
        count = len(batch[0][0])
        rows = self.rectangle([c for candidates, _ in batch for c in candidates])
        means = rows.means().reshape(len(batch), count)
        first = rows.sums().reshape(len(batch), count)[:, 0]
        rewards = torch.tensor([r for _, r in batch], dtype=torch.float64)
        loss = -weight * (count - 1) ** 2 * ((rewards[:, 0] > 0) * first).mean()
        for distance in range(1, count):
            far = (rewards[:, :-distance] - rewards[:, distance:]).abs() > gap
            hinges = torch.clamp(margin * distance - (means[:, :-distance] - means[:, distance:]), min=0)
            if far.any():
                loss = loss + hinges[far].mean()
        loss.backward()
        gradients = rows.gradients()
        return loss.item(), [gradients[b * count:(b + 1) * count] for b in range(len(batch))], {}

    def hir_code(self, own, opposite, means, entropies, smoothing, weight):
        own, opposite, means, entropies = (self.rectangle([v]) for v in (own, opposite, means, entropies))
        plain = -(1 - smoothing) * own.means().sum() - smoothing * means.means().sum()
        distance = (own.means() - opposite.means()).sum()
        contrast = (-(1 - smoothing) * torch.log(torch.sigmoid(distance) + 1e-8)
                    - smoothing * torch.log(torch.sigmoid(-distance) + 1e-8))
        loss = plain + contrast - weight * entropies.means().sum()
        loss.backward()
        gradients = {"pos": own, "neg": opposite, "vocab_mean_pos": means, "entropy_pos": entropies}
        return loss.item(), {k: r.gradients()[0] for k, r in gradients.items()}, {"con": contrast.item()}

    @staticmethod
    def hir_paper_contrastive(matrix):
        sums = torch.tensor(matrix.astype(numpy.float64), requires_grad=True)
        loss = -torch.log_softmax(sums, 1).diagonal().sum()
        loss.backward()
        return loss.item(), sums.grad.numpy()


def write(name, makers, draw, losses):
    lines = []
    for seed, (objective, make) in enumerate(makers.items()):
        numbers, made = draw(500 + seed), 0
        while made < BATCHES:
            case = make(losses, numbers)
            if case is None:
                continue
            options, examples, loss, *more = case
            lines.append(json.dumps({"objective": objective, "options": options, **(more[0] if more else {}),
                                     "examples": examples, "loss": short(loss)}, separators=(",", ":")))
            made += 1
    out = FOLDER / name
    out.write_text('{"unit":%d,"cases":[\n%s\n]}\n' % (UNIT, ",\n".join(lines)))
    print(len(lines), "batches,", out.stat().st_size, "bytes")


def main():
    torch.set_num_threads(1)
    write("padded-cases.json", objectives.MAKERS, objectives.Draw, Padded(1))
    # A score is no sequence.
    further = {name: make for name, make in further_objectives.MAKERS.items() if name != "bradley-terry"}
    write("padded-further-cases.json", further, further_objectives.Draw, Padded(2))


if __name__ == "__main__":
    main()
