"""Writes statistics.scipy.json beside this script: what SciPy and NumPy say about the statistics of src/experiments/.

    python test/metrics/make_statistics_fixture.py
"""

import json
import math
import os

import numpy as np
import scipy
from scipy import stats

RANDOM = np.random.default_rng(20240607)


def differences():
    """Samples of differences in points: lucky, unlucky, spread wide and narrow, and the two smallest sizes."""
    for n, mean, sd in [(2, 1, 0.5), (3, 0, 1), (5, 1.4, 0.6), (5, 0.1, 14), (10, -0.3, 0.4), (20, 4.2, 2.7), (300, 0.05, 0.2)]:
        yield [round(float(x), 3) for x in RANDOM.normal(mean, sd, n)]
    yield [0.4, 0.4, 0.4]


def t_interval(values):
    result = stats.ttest_1samp(values, 0)
    low, high = result.confidence_interval(0.95) if np.std(values) > 1e-12 else (np.mean(values),) * 2
    return {"values": values, "mean": np.mean(values), "sd": np.std(values, ddof=1), "low": low, "high": high}


def mcnemar(b, c):
    """The exact test: of the rows on which two models differ, each is the better one with probability 1/2."""
    return {"onlyFirst": b, "onlySecond": c, "p": stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0}


def wilson(right, rows):
    low, high = stats.binomtest(right, rows).proportion_ci(0.95, method="wilson")
    return {"right": right, "rows": rows, "low": low, "high": high}


def rate(k, n, chance, delta):
    """One-sided limits of a rate by Clopper and Pearson are quantiles of beta distributions."""
    upper = stats.beta.ppf(1 - delta, k + 1, n - k) if k < n else 1.0
    lower = stats.beta.ppf(delta, k, n - k + 1) if k > 0 else 0.0
    return {"k": k, "n": n, "rate": chance, "delta": delta, "atMost": stats.binom.cdf(k, n, chance), "upper": upper, "lower": lower}


def folded_normal(mu, sigma):
    return {"mu": mu, "sigma": sigma, "mean": stats.foldnorm.mean(abs(mu) / sigma, scale=sigma)}


def seeds(sd, half_width):
    """The smallest sample whose 95 % t-interval is narrower than +- half_width, by trying all sizes."""
    n = 2
    while stats.t.ppf(0.975, n - 1) * sd / math.sqrt(n) >= half_width:
        n += 1
    return {"sd": sd, "halfWidth": half_width, "seeds": n}


def rows_error(seeds, rows, row_sd, residual_sd):
    """The error that rows give to the mean of a table, from its meaning: rows that all seeds find alike hard or easy are what
    two seeds have in common, so their mean covariance is the variance of rows, and the mean over N of them has 1/N of it."""
    table = np.round(RANDOM.normal(0, row_sd, rows) + RANDOM.normal(0, residual_sd, (seeds, rows)), 2)
    covariance = np.cov(table)
    common = covariance[~np.eye(seeds, dtype=bool)].mean()
    return {"table": table.tolist(), "error": math.sqrt(max(0.0, common) / rows)}


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return float(value) if isinstance(value, np.floating) else value


def main():
    document = {
        "_meta": {"witness": f"scipy {scipy.__version__}, numpy {np.__version__}", "script": os.path.basename(__file__)},
        "tInterval": [t_interval(values) for values in differences()],
        "mcnemar": [mcnemar(*pair) for pair in
                    [(0, 0), (0, 1), (5, 0), (0, 6), (3, 10), (10, 3), (7, 7), (60, 41), (412, 350), (5200, 4900), (0, 40)]],
        "wilson": [wilson(*pair) for pair in
                   [(0, 10), (10, 10), (1, 2), (63, 100), (7100, 10000), (9999, 10000), (872, 872), (446, 872)]],
        "rates": [rate(*case) for case in
                  [(0, 149, 0.02, 0.05), (0, 1, 0.05, 0.1), (4, 500, 0.02, 0.01), (12, 1000, 0.02, 0.05), (83, 5000, 0.02, 0.05),
                   (38, 1000, 0.05, 0.1), (999, 1000, 0.9, 0.05), (5, 5, 0.3, 0.05), (50, 100_000, 0.001, 0.01)]],
        "foldedNormal": [folded_normal(*case) for case in [(0.0, 1.0), (0.3, 0.1), (-0.02, 0.05), (2.0, 3.0)]],
        "rowsError": [rows_error(*size) for size in [(2, 5, 1, 1), (3, 12, 0.5, 1), (5, 20, 2, 0.3), (4, 8, 0, 1), (6, 9, 0.1, 1)]],
        "seeds": [seeds(*pair) for pair in
                  [(0.6, 1.4), (2.7, 4.2), (1, 0.5), (14, 2), (0.3, 0.25), (0.01, 0.5), (3, 0.1), (0, 0.5)]],
    }
    sections = []
    for key, section in document.items():
        rows = section if isinstance(section, list) else None
        text = "[\n  " + ",\n  ".join(json.dumps(plain(row)) for row in rows) + "\n ]" if rows else json.dumps(section)
        sections.append(f' "{key}": {text}')
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "statistics.scipy.json"), "w") as file:
        file.write("{\n" + ",\n".join(sections) + "\n}\n")


if __name__ == "__main__":
    main()
