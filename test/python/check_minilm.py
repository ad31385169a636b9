"""The real MiniLM's gradients by a training step of retort against PyTorch's, every number of every tensor; and the committed fixture
made again from its own ids.

    python test/python/check_minilm.py

Needs Node, the built package (`npm run build`) and all-MiniLM-L6-v2 (`node scripts/fetch-minilm.mjs`).
"""

import base64
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"
import numpy as np
import torch
from make_minilm import fixture, gradients, load, relative_distances, sketch, train
from safetensors.numpy import load_file
from transformers.utils import logging

logging.set_verbosity_error()
HERE = os.path.dirname(os.path.abspath(__file__))


def our_gradients():
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "gradients.safetensors")
        subprocess.run(["node", os.path.join(HERE, "write-minilm-gradients.mjs"), file], check=True)
        return load_file(file)


def problems(committed, exact, distances):
    """Yields one line for each thing that is not as it should be."""
    for name, distance in distances.items():
        if not distance <= 1:
            yield f"{name}: the gradient is {distance} times its limit away"
    if exact.keys() != committed["gradients"].keys():
        yield "the fixture has other tensors"
        return
    # Gradients that are zero but for rounding, such as those of key.bias, differ from machine to machine.
    least = 1e-6 * max(np.linalg.norm(gradient) for gradient in exact.values())
    for name, gradient in exact.items():
        stored = np.frombuffer(base64.b64decode(committed["gradients"][name]["sketch"]), "<f4")
        if not np.linalg.norm(sketch(name, gradient) - stored) <= 1e-6 * max(np.linalg.norm(gradient), least):
            yield f"{name}: another sketch than the committed one"
    losses = train(load(committed["head"]), committed["batches"])
    worst = max(abs(a - b) for a, b in zip(losses, committed["steps"]["losses"]))
    if not worst <= 1e-5:
        yield f"the losses of ten steps differ by {worst} from the committed ones"


def main():
    committed = fixture()
    exact = gradients(load(committed["head"], torch.float64), committed["batches"][0])
    ours = our_gradients()
    if ours.keys() != exact.keys():
        print(f"FAIL check_minilm: only on one side: {sorted(ours.keys() ^ exact.keys())}")
        return 1
    distances = relative_distances(ours, exact)
    wrong = list(problems(committed, exact, distances))
    for line in wrong[:10]:
        print("  " + line)
    if wrong:
        print(f"FAIL check_minilm: {len(wrong)} differences")
    else:
        worst = max(distances, key=distances.get)
        print(f"PASS check_minilm: {len(exact)} gradients, the worst at {distances[worst]:.3f} of its limit ({worst})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
