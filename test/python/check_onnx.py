"""Models that `retort export --to onnx` wrote: the official checker accepts them with full shape inference, and Python's
ONNX Runtime gives the logits that the model gave before the export, for batches of several sizes and lengths.

    python test/python/check_onnx.py

Needs Node and the built package (`npm run build`).
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

HERE = os.path.dirname(os.path.abspath(__file__))
# Of the largest logit; random weights of these models are far larger than trained ones.
TOLERANCE = {"float32": 1e-5, "float16": 5e-3, "int8": 0.15}
SMALL = {
    *("bert", "roberta", "distilbert", "bilstm", "bilstm-pair"),
    *("static", "static-ngrams", "static-pair", "ngram", "ngram-layer"),
}
# The others are numbers of tokens and masks.
FLOATS = {"feature_values"}


def problems(folder):
    """Yields one line for each thing that is not as it should be."""
    path = os.path.join(folder, "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    kinds = {tensor.data_type for tensor in model.graph.initializer}
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    precision = metadata.get("retort.precision", "float32")
    types = onnx.TensorProto
    stored = {"float32": set(), "float16": {types.FLOAT16}, "int8": {types.INT8, types.UINT8}}[precision]
    if not kinds <= {types.FLOAT, types.INT64, types.INT32, types.BOOL} | stored or (stored and not kinds & stored):
        yield f"element types {kinds}"
    if domains := {node.domain for node in model.graph.node} - {"", "ai.onnx"}:
        yield f"operators of {domains}"
    for key in ("retort.version", "retort.kind", "retort.labels", "retort.tokenizer_sha256"):
        if key not in metadata:
            yield f"no {key} in the metadata"
    operators = {node.op_type for node in model.graph.node}
    if metadata.get("retort.kind") == "bilstm" and ("LSTM" not in operators or "Scan" in operators):
        yield f"no native LSTM among {sorted(operators)}"
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    with open(os.path.join(folder, "rows.json")) as file:
        runs = json.load(file)
    for run in runs:
        feeds = {
            name: np.array(feed["values"], dtype=np.float32 if name in FLOATS else np.int64).reshape(feed["shape"])
            for name, feed in run["feeds"].items()
        }
        (logits,) = session.run(["logits"], feeds)
        ours = np.array(run["logits"], dtype=np.float32).reshape(run["shape"])
        if logits.shape != ours.shape:
            yield f"logits of shape {logits.shape} for {ours.shape}"
        elif not np.abs(logits - ours).max() <= TOLERANCE[precision] * max(1.0, np.abs(ours).max()):
            yield f"logits {ours.shape} differ by {np.abs(logits - ours).max()}"


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", os.path.join(HERE, "write-onnx.mjs"), folder], check=True)
        names = sorted(name for name in os.listdir(folder) if os.path.exists(os.path.join(folder, name, "rows.json")))
        if not SMALL <= set(names):
            wrong.append(f"models that were not written: {sorted(SMALL - set(names))}")
        for name in names:
            wrong += [f"{name}: {line}" for line in problems(os.path.join(folder, name))]
    for line in wrong:
        print("  " + line)
    if wrong:
        print(f"FAIL check_onnx: {len(wrong)} differences")
    else:
        print(f"PASS check_onnx: checker and ONNX Runtime {onnxruntime.__version__} agree on {', '.join(names)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
