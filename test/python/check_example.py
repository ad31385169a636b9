"""examples/python/predict.py says of exported students what retort-ml/inference says, and Python's `transformers` does not
open a folder that has no weights for it.

    python test/python/check_example.py

Needs Node and the built package (`npm run build`).
"""

import json
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import AutoConfig

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.join(HERE, "..", "..", "examples", "python", "predict.py")


def problems(folder):
    """Yields one line for each thing that is not as it should be."""
    with open(os.path.join(folder, "answers.json")) as file:
        answers = json.load(file)
    texts = [text for text in answers["texts"] if text.isprintable()][:40]
    at = {text: i for i, text in enumerate(answers["texts"])}
    for name, student in answers["students"].items():
        command = [sys.executable, EXAMPLE, os.path.join(folder, name), *texts]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        for text, line in zip(texts, said, strict=True):
            label, score, _ = line.split("\t", 2)
            wanted = student["float32"][at[text]]
            if label != wanted["label"] or abs(float(score) - wanted["score"]) > 1e-4:
                yield f"{name}: {label} {score} for {wanted} of {text!r}"
    for name in ("bilstm", "static", "pieces"):
        if any(file.endswith((".safetensors", ".bin")) for file in os.listdir(os.path.join(folder, name))):
            yield f"{name} has weights for transformers"
        if AutoConfig.from_pretrained(os.path.join(folder, name)).retort["kind"] not in ("bilstm", "static", "ngram"):
            yield f"{name}: no retort.kind"
        try:
            from transformers import AutoModelForSequenceClassification

            AutoModelForSequenceClassification.from_pretrained(os.path.join(folder, name))
        except (OSError, ImportError):
            continue
        yield f"{name}: from_pretrained made weights up"


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", os.path.join(HERE, "..", "clients", "write-students.mjs"), folder], check=True)
        wrong = list(problems(folder))
    for line in wrong:
        print("  " + line)
    print(f"FAIL check_example: {len(wrong)} differences" if wrong else "PASS check_example: ONNX Runtime in Python agrees")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
