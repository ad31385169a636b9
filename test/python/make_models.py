"""Whole models in float64: Tang et al.'s BiLSTM and a static model in PyTorch, small ones of the BERT family in transformers. Writes
models.transformers.json.

Format: one section a family, one entry a model:
  {config, parameters: {name: nested}, inputs: {name: nested}, cotangents: {output: nested}, outputs: {name: nested},
   gradients: {name: nested}}
gradients are those of L = sum over the cotangents of sum(cotangent * output). Weights are larger than at initialisation and biases
are not zero, so that every term shows. Names are those of the library, those of the base model without its prefix (`bert.`); eval
mode, eager attention; hidden states as `hidden 0` (embeddings) ... A tied decoder is one parameter: the word embeddings.

  sizes    {hub id: parameters of BertModel} of the 24 small BERTs (Turc et al. 2019, arXiv:1908.08962)
"""

import torch
import transformers
from torch.nn.utils.rnn import pack_padded_sequence
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertForSequenceClassification,
    DistilBertForTokenClassification,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForSequenceClassification,
    RobertaForTokenClassification,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaForSequenceClassification,
    XLMRobertaForTokenClassification,
)

from fixture_file import main, numbers, random_tensor

NAME = "models.transformers.json"
F64 = torch.float64


def redraw(model, generator, scale=0.35):
    """Parameters of four decimals: short in JSON."""
    model = model.to(F64).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            centre = 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
            values = torch.round(centre + random_tensor(generator, tuple(p.shape), scale), decimals=4)
            p.copy_(torch.tensor(values.tolist(), dtype=F64))
    return model


def digits(value):
    """Twelve significant digits: enough for a comparison at 1e-9, and half as long."""
    return [digits(v) for v in value] if isinstance(value, list) else float(f"{value:.12g}")


def entry(generator, model, config, inputs, outputs, differentiated):
    """Parameters, outputs, and gradients of random cotangents on the outputs named."""
    prefix = getattr(model, "base_model_prefix", "") + "."
    named = {name.removeprefix(prefix): p for name, p in model.named_parameters()}
    if "lm_head.decoder.weight" in named:  # the word embeddings, where the head was made before them
        named["embeddings.word_embeddings.weight"] = named.pop("lm_head.decoder.weight")
    cotangents = {k: random_tensor(generator, tuple(outputs[k].shape)) for k in differentiated}
    loss = sum((r * outputs[k]).sum() for k, r in cotangents.items())
    gradients = torch.autograd.grad(loss, list(named.values()))
    exact = lambda tensors: {k: numbers(v) for k, v in tensors.items()}
    listed = lambda tensors: {k: digits(numbers(v)) for k, v in tensors.items()}
    return {
        "config": config,
        "parameters": exact(named),
        "inputs": {k: v.tolist() for k, v in inputs.items()},
        "cotangents": exact(cotangents),
        "outputs": listed(outputs),
        "gradients": listed(dict(zip(named, gradients))),
    }


class BiLstm(torch.nn.Module):
    """Section 3.1 of arXiv:1903.12136, with the names of castorini/d-bert."""

    def __init__(self, vocab_size, embedding_size, hidden_size, dense_size, num_labels, is_pair):
        super().__init__()
        self.embed = torch.nn.Embedding(vocab_size, embedding_size, padding_idx=0)
        self.bi_rnn = torch.nn.LSTM(embedding_size, hidden_size, bidirectional=True, batch_first=True)
        self.fc1 = torch.nn.Linear((8 if is_pair else 2) * hidden_size, dense_size)
        self.fc2 = torch.nn.Linear(dense_size, num_labels)

    def states(self, ids, mask):
        packed = pack_padded_sequence(self.embed(ids), mask.sum(1), batch_first=True, enforce_sorted=False)
        _, (h, _) = self.bi_rnn(packed)
        return torch.cat([h[0], h[1]], 1)

    def forward(self, input_ids, attention_mask, input_ids_b=None, attention_mask_b=None):
        f = self.states(input_ids, attention_mask)
        if input_ids_b is not None:
            g = self.states(input_ids_b, attention_mask_b)
            f = torch.cat([f, g, f * g, (f - g).abs()], 1)
        return self.fc2(torch.relu(self.fc1(f)))


def bilstm():
    cases = {}
    inputs = {
        "input_ids": torch.tensor([[3, 7, 1, 9, 4], [5, 5, 2, 0, 0], [8, 0, 0, 0, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]]),
    }
    second = {
        "input_ids_b": torch.tensor([[6, 2, 0], [7, 3, 1], [1, 9, 9]]),
        "attention_mask_b": torch.tensor([[1, 1, 0], [1, 1, 1], [1, 1, 1]]),
    }
    for name, is_pair, seed in (("single", False, 21), ("pair", True, 22)):
        generator = torch.Generator().manual_seed(seed)
        config = {
            "vocab_size": 10,
            "embedding_size": 4,
            "hidden_size": 3,
            "dense_size": 5,
            "num_labels": 2,
            "is_pair": is_pair,
        }
        model = redraw(BiLstm(**config), generator, 0.7)
        given = {**inputs, **(second if is_pair else {})}
        cases[name] = entry(generator, model, config, given, {"logits": model(**given)}, ["logits"])
    return cases


def buckets_of(ids, mask, n, buckets):
    """For each token the bucket of the n ids from it on, by whole numbers of any size; 0 where they are not all real."""
    found = torch.zeros_like(ids)
    for row, (numbers, kept) in enumerate(zip(ids.tolist(), mask.tolist())):
        for start in range(len(numbers) - n + 1):
            if not all(kept[start : start + n]):
                continue
            value = 0
            for number in numbers[start : start + n]:
                value = (value * 1664525 + number + 1) % (2**31 - 1)
            found[row, start] = value % buckets + 1
    return found


class Static(torch.nn.Module):
    """Vectors weighted by sigmoid(theta), their mean over the tokens, n-grams added, hidden layers."""

    def __init__(
        self, vocab_size, embedding_size, hidden_sizes, num_labels, is_pair, ngram_sizes=(), ngram_buckets=0
    ):
        super().__init__()
        self.sizes = ngram_sizes
        self.buckets = ngram_buckets
        self.embed = torch.nn.Embedding(vocab_size, embedding_size, padding_idx=0)
        self.token_weight = torch.nn.Embedding(vocab_size, 1)
        if ngram_buckets > 0:
            self.ngrams = torch.nn.Embedding(ngram_buckets + 1, embedding_size, padding_idx=0)
        widths = [(4 if is_pair else 1) * embedding_size, *hidden_sizes, num_labels]
        for i in range(len(widths) - 1):
            setattr(self, f"fc{i + 1}", torch.nn.Linear(widths[i], widths[i + 1]))
        self.layers = len(widths) - 1

    def pool(self, ids, mask):
        weighted = self.embed(ids) * torch.sigmoid(self.token_weight(ids))
        total = (weighted * mask[:, :, None]).sum(1)
        for n in self.sizes:
            total = total + self.ngrams(buckets_of(ids, mask, n, self.buckets)).sum(1)
        return total / mask.sum(1, keepdim=True).clamp(min=1)

    def forward(self, input_ids, attention_mask, input_ids_b=None, attention_mask_b=None):
        x = self.pool(input_ids, attention_mask)
        if input_ids_b is not None:
            v = self.pool(input_ids_b, attention_mask_b)
            x = torch.cat([x, v, (x - v).abs(), x * v], 1)
        for i in range(self.layers):
            read = torch.relu(x) if i > 0 else x
            x = getattr(self, f"fc{i + 1}")(read)
        return {"logits": x, "pooledOutput": read}


def static():
    cases = {}
    # Padding may stand anywhere and be any id: the mask decides. The last text has no token.
    inputs = {
        "input_ids": torch.tensor([[3, 7, 1, 9, 4], [5, 5, 2, 7, 0], [8, 0, 6, 0, 0], [0, 0, 0, 0, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 0, 0]]),
    }
    second = {
        "input_ids_b": torch.tensor([[6, 2, 0], [7, 3, 1], [1, 9, 9], [4, 0, 0]]),
        "attention_mask_b": torch.tensor([[1, 1, 0], [1, 1, 1], [1, 1, 1], [1, 0, 0]]),
    }
    for name, hidden, labels, seed, ngrams in (
        ("single", [5], 3, 31, {}),
        ("linear", [], 2, 32, {}),
        ("pair", [6, 5], 2, 33, {}),
        ("ngrams", [5], 3, 34, {"ngram_sizes": [2, 3], "ngram_buckets": 7}),
        ("ngrams-pair", [6], 2, 35, {"ngram_sizes": [2], "ngram_buckets": 5}),
    ):
        is_pair = name.endswith("pair")
        generator = torch.Generator().manual_seed(seed)
        config = {
            "vocab_size": 10,
            "embedding_size": 4,
            "hidden_sizes": hidden,
            "num_labels": labels,
            "is_pair": is_pair,
            **ngrams,
        }
        model = redraw(Static(**config), generator, 0.9)
        if ngrams:
            # The row of no n-gram, which stays as it starts.
            model.ngrams.weight.data[0] = 0
        given = {**inputs, **(second if is_pair else {})}
        cases[name] = entry(generator, model, config, given, model(**given), ["logits", "pooledOutput"])
    return cases


# Heads are 4 wide, so that their scale is 1/2: ONNX Runtime may fold it into a product as a float32 attribute, in float64 too.
BERT = {
    "vocab_size": 12,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 6,
    "max_position_embeddings": 9,
    "hidden_act": "gelu",
}
FAMILIES = {
    "bert": {
        "config": (BertConfig, {**BERT, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0}),
        "models": {
            "classification": (BertForSequenceClassification, 3),
            "regression": (BertForSequenceClassification, 1),
            "tokens": (BertForTokenClassification, 3),
            "masked-lm": (BertForMaskedLM, None),
        },
    },
    "roberta": {
        "config": (RobertaConfig, {**BERT, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}),
        "models": {
            "classification": (RobertaForSequenceClassification, 3),
            "tokens": (RobertaForTokenClassification, 3),
            "masked-lm": (RobertaForMaskedLM, None),
        },
    },
    "distilbert": {
        "config": (
            DistilBertConfig,
            {
                "vocab_size": 12,
                "dim": 8,
                "n_layers": 1,
                "n_heads": 2,
                "hidden_dim": 6,
                "max_position_embeddings": 9,
                "activation": "gelu",
                "pad_token_id": 0,
            },
        ),
        "models": {
            "classification": (DistilBertForSequenceClassification, 3),
            "tokens": (DistilBertForTokenClassification, 3),
            "masked-lm": (DistilBertForMaskedLM, None),
        },
    },
    "xlm-roberta": {
        "config": (XLMRobertaConfig, {**BERT, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}),
        "models": {
            "classification": (XLMRobertaForSequenceClassification, 3),
            "tokens": (XLMRobertaForTokenClassification, 3),
            "masked-lm": (XLMRobertaForMaskedLM, None),
        },
    },
}


def family(name, seed):
    config_class, keys = FAMILIES[name]["config"]
    pad = keys["pad_token_id"]
    given = {
        "input_ids": torch.tensor([[2, 7, 11, 3, 5], [2, 9, 3, pad, pad]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]),
    }
    if name == "bert":  # a pair, and a text
        given["token_type_ids"] = torch.tensor([[0, 0, 1, 1, 1], [0, 0, 0, 0, 0]])
    cases = {}
    for head, (model_class, labels) in FAMILIES[name]["models"].items():
        generator = torch.Generator().manual_seed(seed)
        config = {**keys, **({} if labels is None else {"num_labels": labels})}
        model = redraw(model_class(config_class(**config, attn_implementation="eager")), generator)
        out = model(**given, output_hidden_states=True)
        outputs = {"logits": out.logits, **{f"hidden {i}": h for i, h in enumerate(out.hidden_states)}}
        cases[head] = entry(generator, model, config, given, outputs, ["logits"])
        seed += 1
    return cases


def sizes():
    counts = {}
    for layers in (2, 4, 6, 8, 10, 12):
        for width in (128, 256, 512, 768):
            heads = width // 64
            config = BertConfig(
                num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads, intermediate_size=4 * width
            )
            with torch.device("meta"):
                model = BertModel(config)
            counts[f"google/bert_uncased_L-{layers}_H-{width}_A-{heads}"] = sum(p.numel() for p in model.parameters())
    return counts


def make():
    meta = {
        "witness": f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, float64",
        "script": "test/python/make_models.py",
    }
    seeds = {"bert": 31, "roberta": 41, "distilbert": 51, "xlm-roberta": 61}
    families = {name: family(name, seed) for name, seed in seeds.items()}
    return {"_meta": meta, "bilstm": bilstm(), "static": static(), **families, "sizes": sizes()}


if __name__ == "__main__":
    main(NAME, make)
