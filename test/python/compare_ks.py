"""Do two lists of MNIST accuracies come from one distribution? Ours against PyTorch's.

    python test/python/compare_ks.py [results/mnist-retort.json] [results/mnist-pytorch.json]

Each file: {"runs": [{"seed", "teacher", "small", "smallKd"}]}, accuracies in percent. For each model: the two-sample
Kolmogorov-Smirnov p (exact), the difference of means (first minus second) and its 95 % Welch interval. Exit 1 if any p <= 0.01,
2 if a file cannot be used.
"""

import json
import os
import sys

import numpy as np
from scipy import stats

RESULTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "results")
MODELS = ("teacher", "small", "smallKd")
THRESHOLD = 0.01
FEWEST_RUNS = 10  # below that the test passes almost anything


def compare(ours, theirs):
    """[{model, p, difference, low, high, ...}] of two lists of runs."""
    rows = []
    for model in MODELS:
        a, b = (np.array([run[model] for run in runs], dtype=float) for runs in (ours, theirs))
        if not (np.isfinite(a).all() and np.isfinite(b).all() and (a >= 0).all() and (a <= 100).all()):
            raise ValueError(f"{model}: wanted accuracies in percent")
        interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
        rows.append(
            {
                "model": model,
                "p": stats.ks_2samp(a, b, method="exact").pvalue,
                "difference": a.mean() - b.mean(),
                "low": interval.low,
                "high": interval.high,
                "means": (a.mean(), b.mean()),
                "deviations": (a.std(ddof=1), b.std(ddof=1)),
                "n": (len(a), len(b)),
            }
        )
    return rows


def read(path):
    with open(path) as file:
        runs = json.load(file)["runs"]
    if len(runs) < FEWEST_RUNS or len({run["seed"] for run in runs}) != len(runs):
        raise ValueError(f"{path}: wanted at least {FEWEST_RUNS} runs with distinct seeds, got {len(runs)}")
    return runs


def main(arguments):
    paths = (
        arguments
        + [os.path.join(RESULTS, name) for name in ("mnist-retort.json", "mnist-pytorch.json")][len(arguments) :]
    )[:2]
    try:
        rows = compare(*map(read, paths))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"FAIL compare_ks: {type(error).__name__}: {error}")
        return 2
    for row in rows:
        print(
            f"{row['model']:>8}: KS p = {row['p']:.4f}; means {row['means'][0]:.2f} (sd {row['deviations'][0]:.2f}, n {row['n'][0]}) and "
            f"{row['means'][1]:.2f} (sd {row['deviations'][1]:.2f}, n {row['n'][1]}); difference {row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
        )
    different = [row["model"] for row in rows if not row["p"] > THRESHOLD]
    print(
        f"FAIL compare_ks: p <= {THRESHOLD} for {', '.join(different)}"
        if different
        else f"PASS compare_ks: every p > {THRESHOLD}"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
