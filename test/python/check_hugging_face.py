"""A model that retort saved, loaded by Python's `transformers`: nothing missing or left over, equal ids, equal logits.

    python test/python/check_hugging_face.py

Needs Node and the built package (`npm run build`).
"""

import json
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

logging.set_verbosity_error()
HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-5


def problems(folder):
    """Yields one line for each thing that is not as it should be."""
    with open(os.path.join(folder, "answers.json")) as file:
        answers = json.load(file)
    saved = os.path.join(folder, "model")
    model, info = AutoModelForSequenceClassification.from_pretrained(saved, output_loading_info=True)
    for kind, names in info.items():
        if names:
            yield f"{kind}: {sorted(names)}"
    if model.config.id2label != {0: "no", 1: "maybe", 2: "yes"} or model.config.label2id != {"no": 0, "maybe": 1, "yes": 2}:
        yield f"labels: {model.config.id2label}, {model.config.label2id}"
    tokenizer = AutoTokenizer.from_pretrained(saved)
    batch = tokenizer(
        answers["texts"], answers["second"], padding=True, truncation="longest_first", max_length=24, return_tensors="pt"
    )
    if batch["input_ids"].reshape(-1).tolist() != answers["ids"]:
        yield "the ids differ"
        return
    with torch.no_grad():
        logits = model.eval()(**batch).logits
    ours = torch.tensor(answers["logits"]).reshape(answers["shape"])
    worst = (logits - ours).abs().max().item()
    if not worst <= TOLERANCE * max(1.0, logits.abs().max().item()):
        yield f"logits differ by {worst}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", os.path.join(HERE, "write-hugging-face.mjs"), folder], check=True)
        wrong = list(problems(folder))
    for line in wrong:
        print("  " + line)
    if wrong:
        print(f"FAIL check_hugging_face: {len(wrong)} differences")
    else:
        print(f"PASS check_hugging_face: transformers loads what retort saves, logits within {TOLERANCE}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
