"""Truncated singular value decompositions by numpy, in float64. Writes svd.numpy.json.

    python test/python/make_svd.py [FOLDER]

Format: {"_meta", "svd": {case: {"matrix" [N, H] (exact float32 numbers), "rank", "singularValues", "directions" [H, E], "projected" [N, E]}},
"embeddings": {case: {"table" [V, H], "padId", "size", "reduced" [V, E]}}}. Signs: the entry of the largest magnitude in each direction is
positive. Embeddings: rows but padding's, less their mean, projected, times the number that makes the root mean square 0.25/sqrt(3).
"""

import numpy as np
from fixture_file import main, numbers

NAME = "svd.numpy.json"


def svd(matrix, rank):
    _, s, vt = np.linalg.svd(matrix, full_matrices=False)
    v = vt[:rank].T
    v = v * np.sign(v[np.abs(v).argmax(axis=0), np.arange(rank)])
    return s[:rank], v, matrix @ v


def random_matrix(rng, n, h, scales=None):
    values = rng.standard_normal((n, h)) * (np.ones(h) if scales is None else scales)
    return np.float32(np.round(values, 3)).astype(np.float64)


def decomposition(matrix, rank):
    s, v, projected = svd(matrix, rank)
    return {"matrix": numbers(np.float32(matrix)), "rank": rank, "singularValues": numbers(s), "directions": numbers(v), "projected": numbers(projected)}


def embeddings(table, pad, size):
    words = np.delete(table, pad, axis=0)
    _, _, projected = svd(words - words.mean(axis=0), size)
    projected *= 0.25 / np.sqrt(3) / np.sqrt((projected**2).mean())
    reduced = np.insert(projected, pad, np.zeros(size), axis=0)
    return {"table": numbers(np.float32(table)), "padId": pad, "size": size, "reduced": numbers(reduced)}


def make():
    rng = np.random.default_rng(5)
    falling = random_matrix(rng, 9, 6, np.array([4, 3, 2, 1, 0.5, 0.1]))
    return {
        "_meta": {"script": "test/python/make_svd.py", "witness": f"numpy {np.__version__}"},
        "svd": {
            "tall, rank 3": decomposition(falling, 3),
            "all columns": decomposition(random_matrix(rng, 8, 5), 5),
            "wide": decomposition(random_matrix(rng, 4, 7), 3),
        },
        "embeddings": {
            "padding 0": embeddings(random_matrix(rng, 10, 6) + 3.0, 0, 4),
            "padding 1, as RoBERTa": embeddings(random_matrix(rng, 12, 8, np.linspace(2, 0.2, 8)), 1, 5),
        },
    }


if __name__ == "__main__":
    main(NAME, make)
