"""Areas under ROC curves of tokens in responses, by scikit-learn, with their standard errors over responses.

Run by hand: python Tests/References/areas.py
Writes two files. Tests/RecordsTests/Fixtures/areas.json: for each case the scores of each response inside and outside of errors, the
pooled area (`sklearn.metrics.roc_auc_score`), the area of each response alone where it has both classes, Obuchowski's
standard error written as plain loops over all pairs of tokens, and the one that 4,000 resamplings of whole responses give.
Scores are rounded in most cases, so that many are equal. Tests/ReportingTests/Fixtures/area-pairs.json: pairs of detectors on the
same tokens, the difference of their areas, its standard error by Obuchowski's covariance in plain loops, its two-sided p-value by a
t distribution, and the standard error that 4,000 resamplings of whole responses give. Of clusters of one token the error is checked
here against DeLong's, written for itself.
"""
import json
import math
import pathlib

import numpy as np
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

TESTS = pathlib.Path(__file__).resolve().parents[1]
OUT = TESTS / "RecordsTests/Fixtures/areas.json"
PAIRS = TESTS / "ReportingTests/Fixtures/area-pairs.json"
RANDOM = np.random.default_rng(20231225)


def area(responses):
    scores = [s for r in responses for s in r["inside"] + r["outside"]]
    labels = [l for r in responses for l in [1] * len(r["inside"]) + [0] * len(r["outside"])]
    return float(roc_auc_score(labels, scores)) if 0 < sum(labels) < len(labels) else None


def win(inside, outside):
    return 1.0 if inside > outside else 0.5 if inside == outside else 0.0


def error(responses, a):
    """Every token's placement by a loop over all tokens of the other class, then the influence of whole responses."""
    inside = [s for r in responses for s in r["inside"]]
    outside = [s for r in responses for s in r["outside"]]
    total = 0.0
    for r in responses:
        v = sum(sum(win(s, o) for o in outside) / len(outside) - a for s in r["inside"])
        w = sum(sum(win(s, o) for s in inside) / len(inside) - a for o in r["outside"])
        total += (v / len(inside) + w / len(outside)) ** 2
    n = len(responses)
    return math.sqrt(total * n / (n - 1))


def resampled(responses, times=4000):
    areas = []
    for _ in range(times):
        drawn = [responses[i] for i in RANDOM.integers(len(responses), size=len(responses))]
        a = area(drawn)
        if a is not None:
            areas.append(a)
    return float(np.std(areas, ddof=1))


def case(count, longest, shift, decimals):
    responses = []
    for _ in range(count):
        own = RANDOM.normal(0, 0.5)
        def draw(n, mean):
            return [round(float(x), decimals) for x in RANDOM.normal(mean + own, 1, n)]
        responses.append({"inside": draw(RANDOM.integers(0, longest), shift), "outside": draw(RANDOM.integers(1, 3 * longest), 0)})
    responses[0]["inside"].append(0.0)
    return responses


cases = []
for count, longest, shift, decimals in [
    (2, 3, 0, 0), (3, 4, 1, 0), (5, 5, 0.5, 1), (8, 6, -0.5, 1), (20, 8, 0.3, 1), (40, 6, 1, 2), (60, 10, 0.2, 3), (12, 5, 3, 8),
]:
    for _ in range(6):
        responses = case(count, longest, shift, decimals)
        a = area(responses)
        cases.append({
            "responses": responses, "area": a, "error": error(responses, a),
            "resampled": resampled(responses) if count >= 40 else None,
            "own": [area([r]) for r in responses],
        })
OUT.parent.mkdir(exist_ok=True)
OUT.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


def influence(responses, a):
    """How far each response pulls the area."""
    inside = [s for r in responses for s in r["inside"]]
    outside = [s for r in responses for s in r["outside"]]
    return [
        sum(sum(win(s, o) for o in outside) / len(outside) - a for s in r["inside"]) / len(inside)
        + sum(sum(win(i, o) for i in inside) / len(inside) - a for o in r["outside"]) / len(outside)
        for r in responses
    ]


def delong(first, second):
    """The variance of the difference of two areas over independent tokens: DeLong's, from the covariances of the placements."""
    v, w = [], []
    for responses in (first, second):
        inside = [s for r in responses for s in r["inside"]]
        outside = [s for r in responses for s in r["outside"]]
        v.append([sum(win(s, o) for o in outside) / len(outside) for s in inside])
        w.append([sum(win(s, o) for s in inside) / len(inside) for o in outside])
    p, n = np.cov(v), np.cov(w)
    contrast = lambda c: c[0, 0] + c[1, 1] - 2 * c[0, 1]
    return contrast(p), contrast(n), len(v[0]), len(w[0])


def pair(count, longest, shifts, shared, decimals, single=False):
    first, second = [], []
    for index in range(count):
        own = RANDOM.normal(0, 0.5)
        sizes = (index % 2, 1 - index % 2) if single else (int(RANDOM.integers(0, longest)), int(RANDOM.integers(1, 3 * longest)))
        one, other = {"inside": [], "outside": []}, {"inside": [], "outside": []}
        for side, size, shift in [("inside", sizes[0], shifts), ("outside", sizes[1], (0, 0))]:
            for _ in range(size):
                common = RANDOM.normal()
                for detector, mean in [(one, shift[0]), (other, shift[1])]:
                    score = mean + own + shared * common + math.sqrt(1 - shared**2) * RANDOM.normal()
                    detector[side].append(round(float(score), decimals))
        first.append(one)
        second.append(other)
    return first, second


def resampled_difference(first, second, times=4000):
    found = []
    for _ in range(times):
        drawn = RANDOM.integers(len(first), size=len(first))
        a, b = area([first[i] for i in drawn]), area([second[i] for i in drawn])
        if a is not None and b is not None:
            found.append(b - a)
    return float(np.std(found, ddof=1))


pairs = []
for count, longest, shifts, shared, decimals, single in [
    (3, 4, (1, 0), 0.5, 0, False), (6, 5, (0.5, 0.7), 0.9, 1, False), (12, 5, (3, 1), 0.2, 8, False), (25, 6, (0.3, 0.3), 0.8, 2, False),
    (60, 10, (0.2, 1), 0.5, 3, False), (40, 1, (1, 0.5), 0.6, 1, True),
]:
    for _ in range(6):
        first, second = pair(count, longest, shifts, shared, decimals, single)
        a, b = area(first), area(second)
        if a is None:
            continue
        difference = np.array(influence(second, b)) - np.array(influence(first, a))
        error = math.sqrt(count / (count - 1) * float((difference**2).sum()))
        if single:
            # The sums are DeLong's but for their factors.
            p, n, inside, outside = delong(first, second)
            parts = p * (inside - 1) / inside**2 + n * (outside - 1) / outside**2
            assert abs(error**2 - parts * count / (count - 1)) < 1e-12
        pairs.append({
            "first": first, "second": second, "difference": b - a, "error": error,
            "p": float(2 * student.sf(abs(b - a) / error, count - 1)),
            "resampled": resampled_difference(first, second) if count >= 60 else None,
        })
PAIRS.parent.mkdir(exist_ok=True)
PAIRS.write_text(json.dumps(pairs, separators=(",", ":")) + "\n")
