"""Models as Python's `transformers` has them.

    python test/models/make_hugging_face_fixture.py [MINILM_FOLDER]

Writes hugging-face.tiny.json beside this script: a small BertForSequenceClassification as `save_pretrained` writes it,
{"config": text, "safetensors": base64, "inputIds", "attentionMask", "tokenTypeIds", "logits", "pooled"}.
hugging-face.families.json is {CLASS: {"config", "safetensors", "shape", "logits"}} for each head of each family.
With the folder of all-MiniLM-L6-v2 also hugging-face.minilm.json: {"texts": [[a, b or null] …], "length", "inputIds",
"head": {"weight", "bias"}, "logits", "pooled", "signals": {name: {"max", "indices" (flat), "values"}}}. Signals are in
float64 and at a few hundred places, of real tokens only; attention scores are those before the mask.
"""

import base64
import json
import os
import sys
import tempfile

import torch
import transformers
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, BertModel

HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = [
    ["a gorgeous , witty , seductive movie .", None],
    ["Amrozi accused his brother, whom he called \"the witness\", of deliberately distorting his evidence.", None],
    ["Where is the café?", "It's on the rue de l'Église, next to the old cinema."],
    ["no", None],
    ["unflinchingly bleak and desperate", "a film that is neither"],
    ["The Nasdaq Composite Index rose 18.35, or 1.1 percent, to 1,662.44.", None],
]
PLACES = 240


def write(name, document):
    path = os.path.join(HERE, name)
    with open(path, "w") as file:
        lines = [f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in document.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    print(path, os.path.getsize(path), "bytes")


def saved(model):
    """The two files of `save_pretrained`: config.json as text, model.safetensors in base64."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with open(os.path.join(folder, "config.json")) as file:
            config = file.read()
        with open(os.path.join(folder, "model.safetensors"), "rb") as file:
            return {"config": config, "safetensors": base64.b64encode(file.read()).decode()}


def families():
    """A model with each head of each family, and its answer to two texts."""
    bert = dict(hidden_size=4, num_hidden_layers=2, num_attention_heads=2, intermediate_size=6, max_position_embeddings=9)
    distilbert = dict(dim=4, n_layers=2, n_heads=2, hidden_dim=6, max_position_embeddings=9)
    roberta = {**bert, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
    sizes = {"Bert": bert, "Roberta": roberta, "DistilBert": distilbert, "XLMRoberta": roberta}
    ids = torch.tensor([[3, 5, 9, 12, 4, 7], [3, 11, 4, 1, 1, 1]])
    mask = (ids != 1).long()
    cases = {"_meta": {"transformers": transformers.__version__, "inputIds": ids.tolist(), "attentionMask": mask.tolist()}}
    for name, size in sizes.items():
        config = getattr(transformers, f"{name}Config")(vocab_size=13, pad_token_id=1, num_labels=3, initializer_range=0.5, **size)
        for task in ("SequenceClassification", "TokenClassification", "MaskedLM"):
            torch.manual_seed(len(cases))
            model = getattr(transformers, f"{name}For{task}")(config).eval()
            for parameter in model.parameters():
                if parameter.dim() == 1:  # biases and norms begin as zeros and ones, which would hide an exchange
                    torch.nn.init.normal_(parameter, std=0.3)
            with torch.no_grad():
                logits = model(ids, mask).logits
            cases[f"{name}For{task}"] = {**saved(model), "shape": list(logits.shape), "logits": logits.reshape(-1).tolist()}
    return cases


def tiny():
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=23, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
        max_position_embeddings=10, initializer_range=0.5, num_labels=3, id2label={0: "no", 1: "maybe", 2: "yes"},
        label2id={"no": 0, "maybe": 1, "yes": 2},
    )  # fmt: skip
    model = BertForSequenceClassification(config).eval()
    ids = torch.tensor([[2, 5, 9, 22, 3, 7, 3, 0], [2, 11, 3, 0, 0, 0, 0, 0]])
    mask = (ids != 0).long()
    types = torch.tensor([[0, 0, 0, 0, 0, 1, 1, 0], [0] * 8])
    with torch.no_grad():
        pooled = model.bert(ids, mask, types).pooler_output
        logits = model(ids, mask, types).logits
    return {
        "_meta": {"transformers": transformers.__version__, "torch": torch.__version__},
        **saved(model), "inputIds": ids.tolist(), "attentionMask": mask.tolist(),
        "tokenTypeIds": types.tolist(), "logits": logits.tolist(), "pooled": pooled.tolist(),
    }  # fmt: skip


def minilm(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder, attn_implementation="eager").double().eval()
    rows = [tokenizer(a, b) if b is not None else tokenizer(a) for a, b in TEXTS]
    length = max(len(row["input_ids"]) for row in rows) + 3
    padded = tokenizer.pad(rows, padding="max_length", max_length=length, return_tensors="pt")
    seen = {}
    for i, layer in enumerate(model.encoder.layer):
        for part in ("query", "key"):
            def keep(module, inputs, output, at=(i, part)):
                seen[at] = output

            getattr(layer.attention.self, part).register_forward_hook(keep)
    generator = torch.Generator().manual_seed(17)
    weight = (torch.randn(2, model.config.hidden_size, generator=generator) * 0.2).mul(1e4).round().div(1e4)
    bias = torch.tensor([0.125, -0.25])
    with torch.no_grad():
        out = model(**padded, output_hidden_states=True)
        logits = out.pooler_output @ weight.double().T + bias.double()
    heads = model.config.num_attention_heads
    signals = {f"hiddenStates.{i}": h for i, h in enumerate(out.hidden_states)}
    for i in range(len(model.encoder.layer)):
        q, k = (seen[i, part].unflatten(-1, (heads, -1)).transpose(1, 2) for part in ("query", "key"))
        signals[f"attentionScores.{i}"] = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    mask = padded["attention_mask"].bool()
    real = {"h": mask[:, :, None], "a": mask[:, None, :, None] & mask[:, None, None, :]}
    sampled = {}
    for name, value in signals.items():
        allowed = real[name[0]].expand_as(value).reshape(-1).nonzero().reshape(-1)
        pick = allowed[torch.randperm(len(allowed), generator=generator)[:PLACES]].sort().values
        flat = value.reshape(-1)
        sampled[name] = {
            "max": flat[allowed].abs().max().item(), "indices": pick.tolist(),
            "values": [float(f"{v:.9g}") for v in flat[pick].tolist()],
        }  # fmt: skip
    short = lambda tensor: [[float(f"{v:.9g}") for v in row] for row in tensor.tolist()]
    plain = lambda tensor: [[float(str(v)) for v in row] for row in tensor.numpy()]
    return {
        "_meta": {"transformers": transformers.__version__, "torch": torch.__version__},
        "texts": TEXTS, "length": length, "inputIds": padded["input_ids"].tolist(),
        "tokenTypeIds": padded["token_type_ids"].tolist(),
        "head": {"weight": plain(weight), "bias": bias.tolist()}, "logits": short(logits),
        "pooled": short(out.pooler_output), "signals": sampled,
    }  # fmt: skip


if __name__ == "__main__":
    write("hugging-face.tiny.json", tiny())
    write("hugging-face.families.json", families())
    if len(sys.argv) > 1:
        write("hugging-face.minilm.json", minilm(sys.argv[1]))
