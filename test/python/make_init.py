"""PyTorch's and BERT's initialisers as facts. Writes init.torch-2.13.json.

Format: section `cases`, {"NAME": {module, options, tensors: {torch name: {shape, distribution, ...}}}}
  distribution 'uniform'   {low, high}                 low = -bound, high = bound
               'normal'    {mean, standardDeviation}
               'constant'  {value}
  zeroRows (embedding with a padding index): rows that are set to 0 after the draw.
  observed: {minimum, maximum, mean, standardDeviation, draws} of all numbers drawn in many initialisations, a check made when this
  file is written: uniform draws must fill the interval to 1 part in 200 without leaving it, means and deviations must agree within five
  standard errors.

The formulas: nn.Linear kaiming_uniform_(a = sqrt 5) = U(+-1/sqrt(fan_in)) for the weight, the same bound for the bias; nn.Embedding
N(0, 1); nn.LSTM and nn.LSTMCell U(+-1/sqrt(hidden)) for all four tensors; nn.LayerNorm ones and zeros; BERT N(0, initializer_range)
for linear and embedding weights (no truncation), zeros for biases, 0 for the padding row of the word embeddings.
"""

import math

import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification

from fixture_file import main

NAME = "init.torch-2.13.json"
DRAWS = 200_000  # numbers per tensor, at least


def uniform(bound):
    return {"distribution": "uniform", "low": -bound, "high": bound}


def normal(deviation):
    return {"distribution": "normal", "mean": 0.0, "standardDeviation": deviation}


def constant(value):
    return {"distribution": "constant", "value": value}


def bert():
    config = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=20,
        num_labels=3,
    )
    return BertForSequenceClassification(config)


def bert_facts():
    facts = {}
    for name, p in bert().named_parameters():
        facts[name] = (
            constant(1.0)
            if name.endswith("LayerNorm.weight")
            else constant(0.0) if name.endswith("bias") else normal(0.02)
        )
    facts["bert.embeddings.word_embeddings.weight"]["zeroRows"] = [0]
    return facts


def lstm_facts(hidden, suffixes):
    return {
        f"{name}{s}": uniform(1 / math.sqrt(hidden))
        for s in suffixes
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }


# name: (module, options, maker, facts)
CASES = {
    "linear/784-16": (
        "Linear",
        {"in": 784, "out": 16},
        lambda: torch.nn.Linear(784, 16),
        {"weight": uniform(1 / 28), "bias": uniform(1 / 28)},
    ),
    "linear/16-10": (
        "Linear",
        {"in": 16, "out": 10},
        lambda: torch.nn.Linear(16, 10),
        {"weight": uniform(0.25), "bias": uniform(0.25)},
    ),
    "embedding/50-8": (
        "Embedding",
        {"vocabulary": 50, "hidden": 8},
        lambda: torch.nn.Embedding(50, 8),
        {"weight": normal(1.0)},
    ),
    "embedding-padding/50-8": (
        "Embedding",
        {"vocabulary": 50, "hidden": 8, "paddingIndex": 0},
        lambda: torch.nn.Embedding(50, 8, padding_idx=0),
        {"weight": {**normal(1.0), "zeroRows": [0]}},
    ),
    "layer-norm/6": (
        "LayerNorm",
        {"hidden": 6},
        lambda: torch.nn.LayerNorm(6),
        {"weight": constant(1.0), "bias": constant(0.0)},
    ),
    "lstm-cell/12-9": ("LSTMCell", {"in": 12, "hidden": 9}, lambda: torch.nn.LSTMCell(12, 9), lstm_facts(9, [""])),
    "lstm-bidirectional/12-9": (
        "LSTM",
        {"in": 12, "hidden": 9, "bidirectional": True},
        lambda: torch.nn.LSTM(12, 9, bidirectional=True),
        lstm_facts(9, ["_l0", "_l0_reverse"]),
    ),
    "bert": ("BertForSequenceClassification", {"initializerRange": 0.02}, bert, bert_facts()),
}


def observe(make_module, name, fact):
    module = make_module()
    p = dict(module.named_parameters())[name].detach()
    if fact["distribution"] == "constant":
        assert (p == fact["value"]).all(), name
        return {}
    rows = [i for i in range(p.shape[0]) if i not in fact.get("zeroRows", [])]
    assert all((p[i] == 0).all() for i in fact.get("zeroRows", [])), name
    count = p[rows].numel()
    draws = [dict(module.named_parameters())[name].detach()[rows].flatten().double()]
    for _ in range(min(-(-DRAWS // count), 2000 if "bert" not in name else 60)):
        draws.append(dict(make_module().named_parameters())[name].detach()[rows].flatten().double())
    values = torch.cat(draws)
    n, mean, deviation = len(values), values.mean().item(), values.std().item()
    wanted = (
        (fact["high"] - fact["low"]) / math.sqrt(12) if fact["distribution"] == "uniform" else fact["standardDeviation"]
    )
    assert abs(mean) < 5 * wanted / math.sqrt(n), (name, mean)
    assert abs(deviation - wanted) < 5 * wanted / math.sqrt(n), (name, deviation, wanted)
    if fact["distribution"] == "uniform":
        assert (
            fact["low"] - 1e-8 <= values.min() < 0.995 * fact["low"]
            and 0.995 * fact["high"] < values.max() <= fact["high"] + 1e-8
        ), name
    six = lambda x: float(f"{x:.6g}")
    return {
        "observed": {
            "minimum": six(values.min().item()),
            "maximum": six(values.max().item()),
            "mean": six(mean),
            "standardDeviation": six(deviation),
            "draws": n,
        }
    }


def make():
    torch.manual_seed(3)
    cases = {}
    for name, (module, options, make_module, facts) in CASES.items():
        made = dict(make_module().named_parameters())
        assert set(made) == set(facts), set(made) ^ set(facts)
        cases[name] = {
            "module": module,
            "options": options,
            "tensors": {
                k: {"shape": list(made[k].shape), **fact, **observe(make_module, k, fact)} for k, fact in facts.items()
            },
        }
    witness = f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}"
    return {"_meta": {"witness": witness, "script": "test/python/make_init.py"}, "cases": cases}


if __name__ == "__main__":
    main(NAME, make)
