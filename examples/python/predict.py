"""A student in Python, by ONNX Runtime and its tokenizer alone: labels and probabilities of texts.

    retort export outputs/student --to hf --output_dir student
    pip install numpy onnxruntime tokenizers
    python examples/python/predict.py student "a gripping, funny film" "dull"
"""

import json
import pathlib
import sys

import numpy
import onnxruntime
import tokenizers

folder, texts = pathlib.Path(sys.argv[1]), sys.argv[2:]
labels = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
limit = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8")).get("model_max_length")
tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.enable_padding()  # to the longest text of the batch; masked, so what it pads with does not matter
tokenizer.enable_truncation(limit) if limit else tokenizer.no_truncation()
session = onnxruntime.InferenceSession(str(folder / "onnx" / "model.onnx"))

rows = tokenizer.encode_batch(texts)
given = {
    "input_ids": [row.ids for row in rows],
    "attention_mask": [row.attention_mask for row in rows],
    "token_type_ids": [row.type_ids for row in rows],
}
feeds = {one.name: numpy.array(given[one.name], dtype=numpy.int64) for one in session.get_inputs()}
(logits,) = session.run(["logits"], feeds)
shares = numpy.exp(logits - logits.max(axis=1, keepdims=True))
shares /= shares.sum(axis=1, keepdims=True)
for text, row in zip(texts, shares):
    print(f"{labels[str(row.argmax())]}\t{row.max():.4f}\t{text}")
