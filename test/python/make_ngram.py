"""Models over n-gram features in PyTorch, float64: EmbeddingBag with weights, summed, and a linear layer or a bias. Writes ngram.torch.json.

    python test/python/make_ngram.py [FOLDER]

Format: {"_meta", "models": {name: {config, parameters: {name: nested}, inputs: {name: nested}, cotangent [B, C], logits [B, C], pooled [B, H],
gradients: {name: nested}}}}. Gradients are those of sum(cotangent * logits). Padding is feature 0 of value 0.
"""

import torch
from fixture_file import main, numbers, random_tensor

NAME = "ngram.torch.json"
F64 = torch.float64
IDS = torch.tensor([[1, 3, 4, 7], [0, 2, 0, 0], [0, 0, 0, 0]])
VALUES = torch.tensor([[0.5, 0.25, 0.75, 0.125], [0.75, 0.5, 0, 0], [0, 0, 0, 0]], dtype=F64)


def model(hidden, seed):
    generator = torch.Generator().manual_seed(seed)
    vocab, classes = 9, 3
    draw = lambda *shape: random_tensor(generator, shape).requires_grad_()
    parameters = {"embed.weight": draw(vocab, hidden or classes)}
    if hidden:
        parameters["fc.weight"] = draw(classes, hidden)
    parameters["fc.bias"] = draw(classes)
    pooled = torch.nn.functional.embedding_bag(IDS, parameters["embed.weight"], per_sample_weights=VALUES, mode="sum")
    weight = parameters.get("fc.weight")
    logits = pooled + parameters["fc.bias"] if weight is None else torch.nn.functional.linear(pooled, weight, parameters["fc.bias"])
    cotangent = random_tensor(generator, tuple(logits.shape))
    gradients = torch.autograd.grad((cotangent * logits).sum(), list(parameters.values()))
    return {
        "config": {"vocab_size": vocab, "hidden_size": hidden, "num_labels": classes},
        "parameters": {name: numbers(value) for name, value in parameters.items()},
        "inputs": {"input_ids": IDS.tolist(), "feature_values": VALUES.tolist()},
        "cotangent": numbers(cotangent),
        "logits": numbers(logits),
        "pooled": numbers(pooled),
        "gradients": {name: numbers(value) for name, value in zip(parameters, gradients)},
    }


def make():
    meta = {"witness": f"torch {torch.__version__.split('+')[0]}, float64", "script": "test/python/make_ngram.py"}
    return {"_meta": meta, "models": {"linear": model(0, 71), "layer": model(4, 72)}}


if __name__ == "__main__":
    main(NAME, make)
