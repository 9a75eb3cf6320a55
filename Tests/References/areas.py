"""Areas under ROC curves of tokens in responses, by scikit-learn, with their standard errors over responses.

Run by hand: python Tests/References/areas.py
Writes Tests/RecordsTests/Fixtures/areas.json: for each case the scores of each response inside and outside of errors, the
pooled area (`sklearn.metrics.roc_auc_score`), the area of each response alone where it has both classes, Obuchowski's
standard error written as plain loops over all pairs of tokens, and the one that 4,000 resamplings of whole responses give.
Scores are rounded in most cases, so that many are equal.
"""
import json
import math
import pathlib

import numpy as np
from sklearn.metrics import roc_auc_score

OUT = pathlib.Path(__file__).resolve().parents[1] / "RecordsTests/Fixtures/areas.json"
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
