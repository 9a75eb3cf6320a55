"""Tests of significance by SciPy and statsmodels: the golden file of Tests/StatisticsTests.

    significance.py      (numpy, scipy, statsmodels)

Welch's and the paired t test with their intervals, McNemar's exact test, Holm's correction, on random samples of many sizes;
the mean, in standard deviations, that a t test finds four times in five; Tango's interval of paired shares, by a search for the
likeliest shares and for the ends; and the share of disagreements in one direction that McNemar's test finds four times in five.
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


def tango(random):
    records = int(10 ** random.uniform(0.3, 3.3))
    first = int(random.binomial(records, random.uniform() ** 3 / 2))
    second = int(random.binomial(records - first, random.uniform() ** 3 / 2))
    both = records - first - second

    def score(difference):
        # The share of records on which only the first is right is the second's less the difference.
        def unlikely(share):
            parts = zip((second, first, both), (share + difference, share, 1 - 2 * share - difference))
            return -sum(count * numpy.log(max(part, 1e-300)) for count, part in parts if count)

        low, high = max(0.0, -difference), (1 - difference) / 2
        share = scipy.optimize.minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
        for end in (low, high):
            share = end if unlikely(end) <= unlikely(share) else share
        variance = records * (2 * share + difference - difference**2)
        return (second - first - records * difference) ** 2 / max(variance, 1e-300) - scipy.stats.chi2.ppf(0.95, 1)

    estimate = (second - first) / records
    ends = [
        estimate if abs(estimate) == 1 and estimate == end else scipy.optimize.brentq(score, estimate, end * (1 - 1e-12), xtol=1e-12)
        for end in (-1, 1)
    ]
    return {"records": records, "first": first, "second": second, "low": ends[0], "high": ends[1]}


def one_sided(random):
    records = int(10 ** random.uniform(0.8, 3.5))
    return {"records": records, "share": scipy.optimize.brentq(lambda share: scipy.stats.binom.sf(5, records, share) - 0.8, 0, 1)}


def main():
    random = numpy.random.default_rng(1)
    tests = (welch, paired, mcnemar, holm, critical, detectable, tango, one_sided)
    cases = {test.__name__: [test(random) for _ in range(200)] for test in tests}
    versions = {package.__name__: package.__version__ for package in (numpy, scipy, statsmodels)}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"cases": cases, "versions": versions}) + "\n")


main()
