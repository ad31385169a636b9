"""Where fixtures live and how they are written: one JSON file, one line per case, numbers as the witness had them."""

import json
import os

import numpy as np
import torch

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")


def numbers(tensor):
    """Nested list of a tensor. float32 becomes the shortest decimal that rounds to the same float32 (in JavaScript: Math.fround)."""
    array = tensor.detach().cpu().numpy() if isinstance(tensor, torch.Tensor) else np.asarray(tensor)
    if array.dtype == np.float32:
        return np.vectorize(lambda x: float(str(x)), otypes=[object])(array).tolist() if array.size else array.tolist()
    return array.tolist()


def random_tensor(generator, shape, scale=1.0, digits=4):
    """Normal float64 numbers cut to a few decimals: short in JSON, and the same double after parsing."""
    values = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
    return torch.tensor(np.round(values.numpy(), digits).tolist(), dtype=torch.float64).reshape(shape)


def write(name, document, folder=None):
    """Writes `document` (top level: `_meta` and sections) to golden/name, one line per second-level entry."""
    path = os.path.join(folder or GOLDEN, name)
    compact = lambda value: json.dumps(value, separators=(",", ":"), allow_nan=False)
    sections = []
    for key, section in document.items():
        if isinstance(section, dict) and key != "_meta":
            lines = ",\n".join(f"  {json.dumps(k)}:{compact(v)}" for k, v in section.items())
            sections.append(f" {json.dumps(key)}:{{\n{lines}\n }}")
        else:
            sections.append(f" {json.dumps(key)}:{compact(section)}")
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(sections) + "\n}\n")
    return path


def main(name, make):
    """`python make_x.py [FOLDER]`: writes the fixture (into test/golden unless told)."""
    import sys

    path = write(name, make(), sys.argv[1] if len(sys.argv) > 1 else None)
    print(f"{path} {os.path.getsize(path)} bytes")
