"""Files as Hugging Face's safetensors writes them. Writes safetensors.hugging-face.json beside this script.

Format: {"_meta": versions, NAME: {"base64": the file, "metadata": {…}, "tensors": {name: {"dtype", "shape", "data"}}}}.
`dtype` is the one retort reads the tensor as. Integers above 2^53 and numbers that JSON lacks are texts.

Run: python test/tensor/make_safetensors_fixture.py
"""

import base64
import json
import math
import os

import numpy as np
import safetensors
import safetensors.numpy
import safetensors.torch
import torch


def plain(value):
    if isinstance(value, float) and (not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0)):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "-0" if value == 0 else "NaN")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 else value


def described(array, dtype):
    values = array.reshape(-1).tolist()
    return {"dtype": dtype, "shape": list(array.shape), "data": [plain(int(v) if dtype == "bool" else v) for v in values]}


def case(data, metadata, tensors):
    return {"base64": base64.b64encode(data).decode(), "metadata": metadata, "tensors": tensors}


def every_type():
    arrays = {
        # Names that JavaScript objects would reorder, and two that sort differently by UTF-16 and by UTF-8.
        "layer.10.weight": np.array([[1.5, -2.25, 3], [1e-40, 3.4e38, -0.0]], np.float32),
        "10": np.array([7], np.float32),
        "2": np.array([8], np.float32),
        "\ufb01": np.array([1], np.float32),
        "\U0001f600": np.array([2], np.float32),
        "quote\"back\\slash\nnewline\u0001": np.array([3], np.float32),
        "not finite": np.array([math.inf, -math.inf, math.nan], np.float32),
        "double": np.array([0.1, -1e300], np.float64),
        "step": np.array(12, np.int64),
        "wide": np.array([-(2**63), 2**63 - 1], np.int64),
        "ids": np.array([-(2**31), 2**31 - 1], np.int32),
        "counter": np.array([0, 2**32 - 1], np.uint32),
        "pixels": np.array([[0, 255, 3]], np.uint8),
        "mask": np.array([True, False, True]),
        "empty": np.zeros((0, 4), np.float32),
        "__proto__": np.array([5], np.int32),
    }
    tensors = {name: described(a, a.dtype.name) for name, a in arrays.items()}
    metadata = {"format": "pt"}
    return case(safetensors.numpy.save(arrays, metadata), metadata, tensors)


def halves():
    values = [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 6.1e-5, math.inf, -math.inf, math.nan, 0.333]
    arrays = {
        "half": torch.tensor(values, dtype=torch.float16),
        "brain": torch.tensor([*values, 3e38, 1e-40], dtype=torch.bfloat16),
    }
    tensors = {name: described(a.to(torch.float32).numpy(), "float32") for name, a in arrays.items()}
    return case(safetensors.torch.save(arrays), {}, tensors)


def nothing():
    return case(safetensors.numpy.save({}), {}, {})


document = {
    "_meta": {"safetensors": safetensors.__version__, "numpy": np.__version__, "torch": torch.__version__},
    "every type": every_type(),
    "halves": halves(),
    "nothing": nothing(),
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "safetensors.hugging-face.json")
with open(path, "w") as file:
    json.dump(document, file, indent=1)
    file.write("\n")
