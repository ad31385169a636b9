"""Gradients and ten AdamW steps of the real all-MiniLM-L6-v2 with a seeded head of two classes, by PyTorch.

    python test/python/make_minilm.py DATA_FOLDER      (holds sst2/train.tsv; writes test/golden/minilm.torch-2.13.json)

Batches are sentences of SST-2, as ids: "lengths" and "ids" (all rows behind each other) a batch, padded with 0 to the batch's
longest row; "labels". "head" is the classifier, its numbers short.

"gradients": of the mean cross entropy of the first batch, in float64, tensor by tensor: the norm, and a count sketch (Charikar, Chen
& Farach-Colton 2002) in 128 numbers, base64 of float32. Element i is added to number `bits >>> 25` with the sign of bit 0, where bits =
lowbias32(i ^ streamKey(1, name)), see src/tensor/random.ts. The sketch is linear, and the squared norm of the sketch of a difference
is on average the squared norm of the difference, with a variance of at most 2 / 128 of its square (Thorup & Zhang 2004): a
distance of two gradients is known to some 6 % without the 22 million numbers. check_minilm.py compares them all.

"steps": the loss of ten steps in float32: AdamW 5e-5, decay .01 not on biases and norms, clipping at 1, linear warm-up over 2
steps and decay to 0 after the tenth, no dropout.
"""

import base64
import json
import os
import sys

import numpy as np
import torch
import transformers
from fixture_file import GOLDEN, write

NAME = "minilm.torch-2.13.json"
HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
STEPS, ROWS, MAX_LENGTH, BUCKETS = 10, 16, 32, 128
LEARNING_RATE, WARMUP = 5e-5, 2


def lowbias32(x):
    x = np.asarray(x, np.uint32)
    with np.errstate(over="ignore"):
        x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return x ^ (x >> 16)


def stream_key(seed, stream):
    h = 0x811C9DC5
    for unit in stream.encode("utf-16-le")[::2]:  # names are ASCII
        h = ((h ^ unit) * 0x01000193) & 0xFFFFFFFF
    return lowbias32(lowbias32(lowbias32(seed ^ 0x9E3779B9) ^ np.uint32(h)))


def sketch(name, values):
    flat = values.reshape(-1)
    bits = lowbias32(np.arange(flat.size, dtype=np.uint32) ^ stream_key(1, name))
    signed = np.where(bits & 1, -flat, flat)
    return np.bincount(bits >> 25, weights=signed, minlength=BUCKETS)


def undecayed(name):
    return name.endswith("bias") or "LayerNorm" in name


def our_name(name):
    return name.removeprefix("bert.")


def load(head, dtype=torch.float32):
    """The model without dropout, its classifier that of the fixture."""
    model = transformers.BertForSequenceClassification.from_pretrained(
        HUB_ID, num_labels=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="sdpa"
    )
    with torch.no_grad():
        model.classifier.weight.copy_(torch.tensor(head["weight"]).reshape(2, -1))
        model.classifier.bias.copy_(torch.tensor(head["bias"]))
    return model.to(dtype).train()


def tensors_of(batch):
    """ids, mask and labels of one of the fixture's batches."""
    rows = torch.tensor(batch["ids"]).split(batch["lengths"])
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return ids, (ids != 0).long(), torch.tensor(batch["labels"])


def loss_of(model, batch):
    ids, mask, labels = tensors_of(batch)
    return torch.nn.functional.cross_entropy(model(ids, mask).logits, labels)


def gradients(model, batch):
    """By our names, as numpy arrays."""
    model.zero_grad()
    loss_of(model, batch).backward()
    return {our_name(name): p.grad.numpy() for name, p in model.named_parameters()}


def relative_distances(ours, theirs):
    """Norm of the difference over its limit, tensor by tensor: 1e-4 of the norm, or 1e-6 of the largest norm where a tensor's own is
    under that."""
    norms = {name: float(np.linalg.norm(g.astype(np.float64))) for name, g in theirs.items()}
    small = 1e-6 * max(norms.values())
    return {
        name: float(np.linalg.norm(ours[name].astype(np.float64) - g)) / (1e-4 * norms[name] if norms[name] >= small else small)
        for name, g in theirs.items()
    }


def train(model, batches):
    groups = [
        {"params": [p for n, p in model.named_parameters() if undecayed(n) == plain], "weight_decay": 0.0 if plain else 0.01}
        for plain in (False, True)
    ]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, WARMUP, len(batches))
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def sentences(folder):
    with open(os.path.join(folder, "sst2", "train.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    rows = [(text.strip(), int(label)) for text, label in rows if len(text.split()) > 4]
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(5))[: STEPS * ROWS]
    return [rows[i] for i in order.tolist()]


def make(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(HUB_ID)
    rows = sentences(folder)
    encoded = tokenizer([text for text, _ in rows], truncation=True, max_length=MAX_LENGTH)["input_ids"]
    batches = []
    for start in range(0, len(rows), ROWS):
        part = encoded[start : start + ROWS]
        labels = [label for _, label in rows[start : start + ROWS]]
        batches.append({"lengths": list(map(len, part)), "labels": labels, "ids": sum(part, [])})
    generator = torch.Generator().manual_seed(17)
    weight = (torch.randn(2 * 384, generator=generator) * 0.1).double().mul(1e4).round().div(1e4).tolist()
    head = {"weight": weight, "bias": [0.0625, -0.125]}

    exact = gradients(load(head, torch.float64), batches[0])
    single = relative_distances(gradients(load(head), batches[0]), exact)
    losses = train(load(head), batches)
    in_double = train(load(head, torch.float64), batches)
    encode = lambda values: base64.b64encode(values.astype("<f4").tobytes()).decode()
    return {
        "_meta": {
            "torch": torch.__version__, "transformers": transformers.__version__,
            "observed": {
                "float32 gradients of PyTorch itself, worst distance over its limit": max(single.values()),
                "losses in float32 against float64, worst difference": max(abs(a - b) for a, b in zip(losses, in_double)),
            },
        },
        "head": head,
        "batches": batches,
        "gradients": {
            name: {"norm": float(np.linalg.norm(g)), "sketch": encode(sketch(name, g))} for name, g in exact.items()
        },
        "steps": {"learningRate": LEARNING_RATE, "warmupSteps": WARMUP, "losses": losses},
    }  # fmt: skip


def fixture():
    with open(os.path.join(GOLDEN, NAME)) as file:
        return json.load(file)


if __name__ == "__main__":
    path = write(NAME, make(sys.argv[1]))
    print(path, os.path.getsize(path), "bytes")
