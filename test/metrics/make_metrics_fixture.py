"""Writes metrics.scikit-learn.json beside this script: what scikit-learn and SciPy say about the metrics of src/metrics/.

    python test/metrics/make_metrics_fixture.py
"""

import json
import os
import warnings

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics

warnings.simplefilter("ignore")
RANDOM = np.random.default_rng(7)


def classes():
    for name, labels, predicted, count in [
        ("two classes", RANDOM.integers(0, 2, 60), RANDOM.integers(0, 2, 60), 2),
        ("a class that nobody names", RANDOM.integers(0, 3, 40), RANDOM.integers(0, 2, 40), 4),
        ("five classes, mostly right", labels := RANDOM.integers(0, 5, 200), None, 5),
        ("one answer only", RANDOM.integers(0, 2, 20), np.ones(20, int), 2),
        ("all right", same := RANDOM.integers(0, 3, 30), same, 3),
    ]:
        if predicted is None:
            predicted = np.where(RANDOM.random(200) < 0.8, labels, RANDOM.integers(0, 5, 200))
        case = {"name": name, "classes": count, "gold": labels.tolist(), "said": predicted.tolist()}
        f1 = metrics.f1_score(labels, predicted, labels=list(range(count)), average=None, zero_division=0).tolist()
        case["f1"] = f1
        case["metrics"] = {
            "accuracy": metrics.accuracy_score(labels, predicted),
            # What agrees with a teacher is right where the teacher is.
            "agreement": metrics.accuracy_score(labels, predicted),
            "f1": f1[1],
            "macro_f1": metrics.f1_score(labels, predicted, average="macro", zero_division=0),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
            "matthews": metrics.matthews_corrcoef(labels, predicted),
        }
        yield case


def numbers():
    x = RANDOM.normal(size=50)
    for name, a, b in [
        ("related", x, 2 * x + RANDOM.normal(size=50)),
        ("with ties", np.round(x), np.round(x + RANDOM.normal(size=50))),
        ("opposed", x, -3 * x + 1),
    ]:
        yield {
            "name": name,
            "classes": 1,
            "said": a.tolist(),
            "gold": b.tolist(),
            "metrics": {"pearson": stats.pearsonr(a, b).statistic, "spearman": stats.spearmanr(a, b).statistic},
            "ranks": stats.rankdata(a).tolist(),
        }


def main():
    versions = {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__}
    fixture = {"_meta": versions, "labels": list(classes()), "scores": list(numbers())}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.scikit-learn.json")
    with open(path, "w") as file:
        json.dump(fixture, file)
        file.write("\n")


if __name__ == "__main__":
    main()
