"""Linear models at the optimum, by scikit-learn's LIBLINEAR, by scipy's L-BFGS and in closed form, in float64. Writes linear.sklearn.json.

    python test/python/make_linear.py [FOLDER]

Format: {"_meta", "rows": {"x": [N, F] (exact float32 numbers, many zero)},
"cases": {case: {"loss", "strength", "targets" [N, C], "costs" [N] or null, "weights" [F, C], "bias" [C], "objective"}}}.
Objective: ½ (‖weights‖² + ‖bias‖²) + strength · Σ cost · loss, where the loss of a row is Σ max(0, 1 − s z)² with s = 1 for its class and −1 for
others (squared-hinge), −Σ y log softmax(z) (logistic), or Σ (z − y)² (squared).
"""

import numpy as np
import scipy
import sklearn
from fixture_file import main, numbers
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.svm import LinearSVC

NAME = "linear.sklearn.json"
N, F, C = 40, 9, 4


def loss_of(loss, z, y):
    if loss == "squared-hinge":
        return (np.maximum(0, 1 - np.where(y > 0, 1, -1) * z) ** 2).sum(axis=1)
    if loss == "logistic":
        return logsumexp(z, axis=1) - (y * z).sum(axis=1)
    return ((z - y) ** 2).sum(axis=1)


def objective(loss, strength, x1, y, costs, w):
    return 0.5 * (w**2).sum() + strength * (costs * loss_of(loss, x1 @ w, y)).sum()


def liblinear(strength, x1, y, costs):
    columns = []
    for column in y.T:
        model = LinearSVC(C=strength, loss="squared_hinge", dual=True, fit_intercept=False, tol=1e-9, max_iter=1_000_000, random_state=1)
        columns.append(model.fit(x1, column > 0, sample_weight=costs).coef_[0])
    return np.stack(columns, axis=1)


def lbfgs(strength, x1, y, costs):
    def value_and_gradient(flat):
        w = flat.reshape(x1.shape[1], y.shape[1])
        z = x1 @ w
        p = np.exp(z - logsumexp(z, axis=1, keepdims=True))
        gradient = w + strength * x1.T @ (costs[:, None] * (p - y))
        return objective("logistic", strength, x1, y, costs, w), gradient.ravel()

    options = {"maxiter": 100_000, "maxfun": 1_000_000, "ftol": 1e-16, "gtol": 1e-11}
    found = minimize(value_and_gradient, np.zeros(x1.shape[1] * y.shape[1]), jac=True, method="L-BFGS-B", options=options)
    return found.x.reshape(x1.shape[1], y.shape[1])


def ridge(strength, x1, y, costs):
    weighted = 2 * strength * costs[:, None] * x1
    return np.linalg.solve(np.eye(x1.shape[1]) + x1.T @ weighted, weighted.T @ y)


SOLVERS = {"squared-hinge": liblinear, "logistic": lbfgs, "squared": ridge}


def make():
    rng = np.random.default_rng(7)
    x = np.where(rng.random((N, F)) < 0.4, rng.standard_normal((N, F)), 0)
    x = np.round(16 * x) / 16
    x[0] = 0
    x1 = np.hstack([x, np.ones((N, 1))])
    one_hot = np.eye(C)[(x @ rng.standard_normal((F, C)) + rng.standard_normal((N, C))).argmax(axis=1)]
    binary = np.eye(2)[(x[:, 0] + 0.5 * rng.standard_normal(N) > 0).astype(int)]
    soft = rng.multinomial(64, rng.dirichlet(np.full(C, 0.5), N)) / 64
    values = np.round(16 * rng.standard_normal((N, 2))) / 16
    even, uneven = np.ones(N), rng.integers(0, 4, N) / 2
    cases = {}
    for name, loss, strength, y, costs in [
        ("LinearSVC, C 0.1", "squared-hinge", 0.1, one_hot, even),
        ("LinearSVC, C 5", "squared-hinge", 5, one_hot, even),
        ("LinearSVC, costs", "squared-hinge", 1, one_hot, uneven),
        ("LinearSVC, two classes", "squared-hinge", 1, binary, even),
        ("multinomial logistic, C 0.1", "logistic", 0.1, one_hot, even),
        ("multinomial logistic, C 30", "logistic", 30, one_hot, even),
        ("multinomial logistic, costs", "logistic", 2, one_hot, uneven),
        ("multinomial logistic, soft targets", "logistic", 3, soft, even),
        ("ridge, C 0.2", "squared", 0.2, values, even),
        ("ridge, costs", "squared", 4, values, uneven),
    ]:
        w = SOLVERS[loss](strength, x1, y, costs)
        cases[name] = {
            "loss": loss,
            "strength": strength,
            "targets": numbers(y),
            "costs": None if costs is even else numbers(costs),
            "weights": numbers(w[:-1].round(9)),
            "bias": numbers(w[-1].round(9)),
            "objective": float(objective(loss, strength, x1, y, costs, w)),
        }
    witness = f"scikit-learn {sklearn.__version__}, scipy {scipy.__version__}, numpy {np.__version__}"
    return {"_meta": {"script": "test/python/make_linear.py", "witness": witness}, "rows": {"x": numbers(x)}, "cases": cases}


if __name__ == "__main__":
    main(NAME, make)
