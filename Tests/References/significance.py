"""Tests of significance by SciPy and statsmodels: the golden file of Tests/StatisticsTests.

    significance.py      (numpy, scipy, statsmodels)

Welch's and the paired t test with their intervals, McNemar's exact test, Holm's correction, on random samples of many sizes;
and the mean, in standard deviations, that a t test finds four times in five.
"""

import json
import pathlib

import numpy
import scipy
import scipy.optimize
import scipy.stats
import statsmodels
import statsmodels.stats.contingency_tables
import statsmodels.stats.multitest
import statsmodels.stats.power

OUT = pathlib.Path(__file__).resolve().parents[1] / "StatisticsTests/Golden/significance.json"


def welch(random):
    first = random.normal(random.normal(), random.uniform(0.01, 3), random.integers(2, 40)).tolist()
    second = random.normal(random.normal(), random.uniform(0.01, 3), random.integers(2, 40)).tolist()
    test = scipy.stats.ttest_ind(second, first, equal_var=False)
    interval = test.confidence_interval(0.95)
    return {"first": first, "second": second, "p": test.pvalue, "low": interval.low, "high": interval.high}


def paired(random):
    differences = random.normal(random.normal() / 4, random.uniform(0.01, 3), random.integers(2, 60)).tolist()
    test = scipy.stats.ttest_1samp(differences, 0)
    interval = test.confidence_interval(0.95)
    return {"differences": differences, "p": test.pvalue, "low": interval.low, "high": interval.high}


def mcnemar(random):
    scale = int(10 ** random.uniform(0, 3.6))
    first, second = (int(count) for count in random.integers(0, scale + 1, 2))
    test = statsmodels.stats.contingency_tables.mcnemar([[0, first], [second, 0]], exact=True)
    return {"first": first, "second": second, "p": float(test.pvalue)}


def holm(random):
    values = (10 ** random.uniform(-6, 0, random.integers(1, 20))).tolist()
    return {"values": values, "adjusted": statsmodels.stats.multitest.multipletests(values, method="holm")[1].tolist()}


def critical(random):
    degrees, level = float(10 ** random.uniform(-0.3, 4)), float(10 ** random.uniform(-6, -0.05))
    return {"degrees": degrees, "level": level, "t": float(scipy.stats.t.ppf(1 - level / 2, degrees))}


def detectable(random):
    count = int(10 ** random.uniform(0.48, 3))
    power = statsmodels.stats.power.TTestPower().power
    # Far out the noncentral t is no number any more.
    effect = scipy.optimize.brentq(lambda effect: power(effect, count, 0.05) - 0.8, 0, 6 / count**0.5)
    return {"count": count, "effect": effect}


def main():
    random = numpy.random.default_rng(1)
    tests = (welch, paired, mcnemar, holm, critical, detectable)
    cases = {test.__name__: [test(random) for _ in range(200)] for test in tests}
    versions = {package.__name__: package.__version__ for package in (numpy, scipy, statsmodels)}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"cases": cases, "versions": versions}) + "\n")


main()
