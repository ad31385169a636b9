"""One training step of each method on small BERTs: every term and every gradient, in float64.

Written from the papers' formulas with torch operations, apart from the TypeScript. Weights are not stored: both sides make
them by one rule from the names. Run: python make_methods.py [FOLDER]
"""

import math

import torch
import torch.nn.functional as F
import transformers
from transformers import BertConfig, BertForSequenceClassification

from fixture_file import main

NAME = "methods.torch-2.13.json"
IDS = [[2, 5, 7, 4, 3], [2, 6, 3, 0, 0], [2, 8, 9, 3, 0]]
MASK = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0]]
LABELS = [2, 0, -100]
CLASSES = 3
# A mixture: each row's partner, and its own share. The TypeScript draws these from seed 12 at step 1.
PARTNERS = [2, 0, 1]
LAMBDA = 0.3101448714733124


def fill(name, shape):
    """Values in -0.4 .. 0.4 (around 1 for the scale of a norm) that float32 rounds once."""
    size = math.prod(shape)
    code = sum(name.encode())
    values = [(((i * i * 7 + i * 37 + code * 101) % 1009) / 1009 - 0.5) * 0.8 for i in range(size)]
    if name.endswith("LayerNorm.weight"):
        values = [1 + value for value in values]
    return torch.tensor(values, dtype=torch.float32).double().reshape(shape)


class Tapped:
    """A BERT and what it tells: hidden states, queries, keys, values and scores of every layer."""

    def __init__(self, layers, width, heads, suffix="", prefix=""):
        config = BertConfig(
            vocab_size=12, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=8, max_position_embeddings=6, num_labels=CLASSES,
            hidden_dropout_prob=0, attention_probs_dropout_prob=0, attn_implementation="eager",
        )
        self.heads, self.head_width = heads, width // heads
        self.model = BertForSequenceClassification(config).double().eval()
        self.parameters = {name.removeprefix("bert."): p for name, p in self.model.named_parameters()}
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(fill(prefix + name + suffix, p.shape))
        self.taps = {"query": [], "key": [], "value": []}
        for layer in self.model.bert.encoder.layer:
            for kind, taps in self.taps.items():
                getattr(layer.attention.self, kind).register_forward_hook(lambda _m, _i, out, taps=taps: taps.append(out))

    def run(self):
        for taps in self.taps.values():
            taps.clear()
        out = self.model(torch.tensor(IDS), attention_mask=torch.tensor(MASK), output_hidden_states=True)
        split = lambda x: x.view(*x.shape[:2], self.heads, self.head_width).transpose(1, 2)
        scores = [
            split(q) @ split(k).transpose(-1, -2) / math.sqrt(self.head_width)
            for q, k in zip(self.taps["query"], self.taps["key"])
        ]
        return {"logits": out.logits, "hidden": out.hidden_states, "scores": scores, **self.taps, "own": self}

    def mixed_logits(self):
        words = self.model.bert.embeddings.word_embeddings(torch.tensor(IDS))
        mask = torch.tensor(MASK)
        return self.model(
            inputs_embeds=LAMBDA * words + (1 - LAMBDA) * words[PARTNERS], attention_mask=mask | mask[PARTNERS]
        ).logits


def student():
    return Tapped(2, 4, 2)


def teacher(suffix=""):
    tapped = Tapped(4, 6, 2, f"teacher{suffix}")
    with torch.no_grad():
        return {k: ([x.clone() for x in v] if isinstance(v, (list, tuple)) else v) for k, v in tapped.run().items()}


Y = torch.tensor(LABELS)
M = torch.tensor(MASK).double()


def hard(z):
    return F.cross_entropy(z, Y, ignore_index=-100)


def soft_kl(zs, zt, temperature):
    return temperature**2 * F.kl_div(
        F.log_softmax(zs / temperature, -1), F.log_softmax(zt / temperature, -1), log_target=True, reduction="batchmean"
    )


def soft_ce(zs, probs):
    return -(probs * F.log_softmax(zs, -1)).sum(-1).mean()


def projected(x, own, name):
    return x @ own[f"{name}.weight"].T + own[f"{name}.bias"]


def pkd(s, t, own, alpha, temperature, beta, pairs, normalised, mean, primer=False):
    distances = []
    for i, j in pairs:
        a, b = projected(s["hidden"][i][:, 0], own, f"projection.{i}"), t["hidden"][j][:, 0]
        if normalised:
            a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
        distances.append(((a - b) ** 2).sum(-1))
    distance = torch.stack(distances).sum(0).mean() / (len(pairs) * 6 if mean else 1)
    soft = soft_kl(s["logits"], t["logits"], temperature) / (CLASSES if primer else 1)
    return {"soft": alpha * soft, "hard": (1 - alpha) * hard(s["logits"]), "patience": beta * distance}


def hidden_mse(a, b, masked):
    error = ((a - b) ** 2).mean(-1)
    return (error * M).sum() / M.sum() if masked else error.mean()


def attention_mse(a, b, masked):
    if masked:
        pairs = (M[:, None, :, None] * M[:, None, None, :]).expand_as(a)
        return ((a - b) ** 2 * pairs).sum() / pairs.sum()
    shown = lambda x: torch.where(x + (1 - M[:, None, None, :]) * -10000 <= -1e2, torch.zeros_like(x), x)
    return F.mse_loss(shown(a), shown(b))


def tinybert(s, t, own, masked, shared):
    name = lambda layer: "projection" if shared else f"projection.{layer or 'embeddings'}"
    match = lambda i, j: hidden_mse(projected(s["hidden"][i], own, name(i)), t["hidden"][j], masked)
    return {
        "embedding": match(0, 0),
        "hidden": match(1, 2) + match(2, 4),
        "attention": sum(attention_mse(s["scores"][i - 1], t["scores"][j - 1], masked) for i, j in [(1, 2), (2, 4)]),
    }


def attention_kl(a, b):
    """Of scores [B, A, S, S]: padded keys cut off one row at a time, padded queries not looked at."""
    total, count = 0, 0
    for row, mask in enumerate(MASK):
        n = sum(mask)
        p, q = F.log_softmax(b[row, :, :n, :n], -1), F.log_softmax(a[row, :, :n, :n], -1)
        total = total + (p.exp() * (p - q)).sum()
        count += n * a.shape[1]
    return total / count


def relation_kl(a, b, heads):
    def relation(x):
        x = x.view(*x.shape[:2], heads, -1).transpose(1, 2)
        return x @ x.transpose(-1, -2) / math.sqrt(x.shape[-1])

    return attention_kl(relation(a), relation(b))


def minilm_v1(s, t):
    return {
        "attention": attention_kl(s["scores"][-1], t["scores"][-1]),
        "values": relation_kl(s["value"][-1], t["value"][-1], 2),
    }


def minilm_v2(s, t, heads, layer):
    named = {"queries": "query", "keys": "key", "values": "value"}
    return {name: relation_kl(s[tap][-1], t[tap][layer - 1], heads) / 3 for name, tap in named.items()}


def bam(s, t, weight):
    """`weight` is lambda; the third row has no label."""
    probs = F.softmax(t["logits"], -1)
    gold = F.one_hot(torch.tensor([2, 0, 0]), CLASSES).double()
    target = weight * gold + (1 - weight) * probs
    target[2] = probs[2]
    return {"annealed": soft_ce(s["logits"], target)}


def distilbert(s, t, own):
    last = projected(s["hidden"][-1], own, "projection")
    cosine = 1 - F.cosine_similarity(last, t["hidden"][-1], dim=-1)
    return {
        "soft": 5 * soft_kl(s["logits"], t["logits"], 2.0),
        "hard": 2 * hard(s["logits"]),
        "cosine": (cosine * M).sum() / M.sum(),
    }


def decoupled(s, t, a, b, temperature):
    total = 0
    for zs, zt, y in zip(s["logits"], t["logits"], LABELS):
        ps, pt = F.softmax(zs / temperature, -1), F.softmax(zt / temperature, -1)
        kl = lambda p, q: (p * (p.log() - q.log())).sum()
        if y < 0:
            total = total + kl(pt, ps)
            continue
        others = [c for c in range(CLASSES) if c != y]
        two = lambda p: torch.stack([p[y], 1 - p[y]])
        rest = lambda p: p[others] / p[others].sum()
        total = total + a * kl(two(pt), two(ps)) + b * kl(rest(pt), rest(ps))
    return {"soft": temperature**2 * total / len(LABELS), "hard": hard(s["logits"])}


def mixkd(s, weight_labels, weight_teacher, divergence):
    z = s["own"].mixed_logits()
    with torch.no_grad():
        zt = Tapped(4, 6, 2, "teacher").mixed_logits()
    # Rows 0 and 2 have a partner, or are one, without a label; row 1 is mixed with row 0.
    assert [i for i in range(3) if LABELS[i] >= 0 and LABELS[PARTNERS[i]] >= 0] == [1]
    ce = F.cross_entropy(z[1:2], Y[1:2]) * LAMBDA + F.cross_entropy(z[1:2], Y[0:1]) * (1 - LAMBDA)
    return {"hard": hard(s["logits"]), "mixed": weight_labels * ce, "soft": weight_teacher * divergence(z, zt)}


def mutual(s, peers):
    logits = [s["logits"], *(peer.run()["logits"] for peer in peers)]
    shared = [
        sum(soft_kl(own, other.detach(), 1.0) for other in logits if other is not own) / len(peers) for own in logits
    ]
    return {
        "hard": hard(logits[0]),
        "mutual": shared[0],
        "peerHard": sum(map(hard, logits[1:])),
        "peerMutual": sum(shared[1:]),
    }


def embedding_targets(s, scale, top1):
    e = s["own"].parameters["classifier.weight"].detach()
    scale = torch.quantile(torch.pdist(e), 0.5) if scale is None else scale
    rows, total = [i for i in range(3) if LABELS[i] >= 0], 0
    for i in rows:
        q = torch.exp(-(e - e[LABELS[i]]).norm(dim=-1) / scale)
        if top1:
            named = s["logits"][i].argmax().item()
            q = torch.stack([q[c] if c in (named, LABELS[i]) else torch.zeros(()).double() for c in range(CLASSES)])
        total = total + soft_ce(s["logits"][i : i + 1], (q / q.sum())[None])
    return {"soft": 0.3 * total / len(rows), "hard": 0.7 * hard(s["logits"])}


def peer_parameters(peers):
    return {f"peer.{i + 2}.{name}": p for i, peer in enumerate(peers) for name, p in peer.parameters.items()}


def projections(*names):
    shapes = [(f"{n}.{part}", shape) for n in names for part, shape in [("weight", (6, 4)), ("bias", (6,))]]
    return {name: fill(name, shape).requires_grad_() for name, shape in shapes}


def make():
    t, other = teacher(), teacher("2")
    one, two = ([Tapped(2, 4, 2, prefix=f"peer.{i + 2}.") for i in range(count)] for count in (1, 2))
    mean_probs = (F.softmax(t["logits"], -1) + F.softmax(other["logits"], -1)) / 2
    layers = ("projection.embeddings", "projection.1", "projection.2")
    cases = {
        "pkd": (projections("projection.1"), lambda s, own: pkd(s, t, own, 0.75, 10.0, 20.0, [(1, 2)], True, True)),
        "pkd/pairs, sum, not normalised, primer": (
            projections("projection.1", "projection.2"),
            lambda s, own: pkd(s, t, own, 0.5, 5.0, 0.25, [(1, 1), (2, 3)], False, False, primer=True),
        ),
        "tinybert": (projections(*layers), lambda s, own: tinybert(s, t, own, True, False)),
        "tinybert/released, shared": (projections("projection"), lambda s, own: tinybert(s, t, own, False, True)),
        "tinybert/prediction": ({}, lambda s, own: {"soft": soft_ce(s["logits"], F.softmax(t["logits"], -1))}),
        "minilm/v1": ({}, lambda s, own: minilm_v1(s, t)),
        "minilm/v2": ({}, lambda s, own: minilm_v2(s, t, 1, 3)),
        "bam": ({}, lambda s, own: bam(s, t, 0.375)),
        "mt-dnn": (
            {},
            lambda s, own: {"soft": 0.5 * soft_ce(s["logits"], mean_probs), "hard": 0.5 * hard(s["logits"])},
        ),
        "distilbert": (projections("projection"), lambda s, own: distilbert(s, t, own)),
        "decoupled": ({}, lambda s, own: decoupled(s, t, 1.0, 4.0, 2.0)),
        "mixkd": ({}, lambda s, own: mixkd(s, 1, 1, F.mse_loss)),
        "mixkd/kl": ({}, lambda s, own: mixkd(s, 0.5, 2, lambda z, zt: soft_kl(z, zt, 2.0))),
        "deep-mutual-learning": (peer_parameters(one), lambda s, own: mutual(s, one)),
        "deep-mutual-learning/three": (peer_parameters(two), lambda s, own: mutual(s, two)),
        "self-kd/embedding": ({}, lambda s, own: embedding_targets(s, None, False)),
        "self-kd/top1": ({}, lambda s, own: embedding_targets(s, 0.5, True)),
    }
    short = lambda x: [float(f"{v:.9g}") for v in x.flatten().tolist()]
    document = {}
    for name, (own, loss) in cases.items():
        tapped = student()
        terms = loss(tapped.run(), own)
        sum(terms.values()).backward()
        trained = {**tapped.parameters, **{f"method.{k}": p for k, p in own.items()}}
        document[name] = {
            "terms": {k: term.item() for k, term in terms.items()},
            "gradients": {k: short(p.grad if p.grad is not None else torch.zeros_like(p)) for k, p in trained.items()},
        }
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    inputs = {"ids": IDS, "mask": MASK, "labels": LABELS, "partners": PARTNERS, "lambda": LAMBDA}
    return {"_meta": {"witness": versions, "float": "IEEE float64", "script": "make_methods.py"}, "inputs": inputs, "cases": document}


if __name__ == "__main__":
    main(NAME, make)
