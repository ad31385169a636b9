"""Three AdamW steps of one BERT with two heads, batches of one task each: every parameter after them, in float64.

Written from the papers' formulas with torch operations, apart from the TypeScript: BAM's annealed targets, MT-DNN's soft
and hard targets, and a tagger, which has labels alone, beside a task with a teacher. Gradients are set to None between
steps, so that what a task does not read is not updated. Weights are not stored: both sides make them by one rule from
the names. Run: python make_multi_task.py [FOLDER]
"""

import torch
import torch.nn.functional as F
import transformers
from transformers import BertConfig, BertModel

from fixture_file import main
from make_methods import fill

NAME = "multi-task.torch-2.13.json"
CLASSES = {"nli": 3, "sim": 1, "tag": 4}
SETTINGS = {"learning_rate": 0.02, "eps": 1e-4, "weight_decay": 0.01, "max_norm": 0.5}
# Of different rows and lengths.
BATCHES = [
    {
        "task": "nli",
        "ids": [[2, 5, 7, 4, 3], [2, 6, 3, 0, 0], [2, 8, 9, 3, 0]],
        "labels": [2, 0, -100],
        "teacher": [[1.5, -0.5, 0.25], [0.5, 0.75, -1.0], [-0.25, 0.5, 2.0]],
    },
    {
        "task": "sim",
        "ids": [[2, 4, 6, 3], [2, 10, 3, 0]],
        "scores": [0.25, 1.0],
        "teacher": [[0.4], [0.9]],
    },
    {
        "task": "tag",
        "ids": [[2, 11, 6, 7, 3], [2, 5, 3, 0, 0]],
        "labels": [[-100, 1, 3, 0, -100], [-100, 2, -100, -100, -100]],
    },
    {
        "task": "nli",
        "ids": [[2, 9, 4, 3], [2, 5, 11, 3]],
        "labels": [1, 2],
        "teacher": [[0.25, 1.25, -0.75], [-1.5, 0.5, 0.0]],
    },
]
CASES = {"bam": ("bam", [0, 1, 3]), "mt-dnn": ("mt-dnn", [0, 1, 3]), "bam beside a tagger": ("bam", [0, 2, 3])}


class Shared(torch.nn.Module):
    """One BertModel, and a linear head a task."""

    def __init__(self, tasks):
        super().__init__()
        config = BertConfig(
            vocab_size=12, hidden_size=4, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8,
            max_position_embeddings=6, hidden_dropout_prob=0, attention_probs_dropout_prob=0, attn_implementation="eager",
        )
        self.bert = BertModel(config)
        self.heads = torch.nn.ModuleDict({t: torch.nn.ModuleDict({"classifier": torch.nn.Linear(4, CLASSES[t])}) for t in tasks})

    def named(self):
        return {name.removeprefix("bert."): p for name, p in self.named_parameters()}

    def forward(self, task, ids):
        # A taggers' pooler must have no gradient at all, so it is not run.
        out = self.bert(ids, attention_mask=(ids != 0).long())
        seen = out.last_hidden_state if task == "tag" else out.pooler_output
        return self.heads[task]["classifier"](seen)


def soft_ce(z, target):
    return -(target * F.log_softmax(z, -1)).sum(-1).mean()


def gold(labels, otherwise):
    """One-hot rows; `otherwise` where there is no label."""
    rows = [F.one_hot(torch.tensor(y), 3).double() if y >= 0 else q for y, q in zip(labels, otherwise)]
    return torch.stack(rows)


def loss_of(method, batch, z, step, total):
    task = batch["task"]
    if task == "tag":
        return {"hard": F.cross_entropy(z.flatten(0, 1), torch.tensor(batch["labels"]).flatten(), ignore_index=-100)}
    t = torch.tensor(batch["teacher"]).double()
    if method == "bam":
        weight = step / total
        if task == "sim":
            target = weight * torch.tensor(batch["scores"]).double() + (1 - weight) * t[:, 0]
            return {"annealed": ((z[:, 0] - target) ** 2).mean()}
        q = F.softmax(t, -1)
        return {"annealed": soft_ce(z, weight * gold(batch["labels"], q) + (1 - weight) * q)}
    if task == "sim":
        scores = torch.tensor(batch["scores"]).double()
        return {"soft": 0.5 * ((z - t) ** 2).mean(), "hard": 0.5 * ((z[:, 0] - scores) ** 2).mean()}
    hard = F.cross_entropy(z, torch.tensor(batch["labels"]), ignore_index=-100)
    return {"soft": 0.5 * soft_ce(z, F.softmax(t, -1)), "hard": 0.5 * hard}


def run(method, places):
    batches = [BATCHES[place] for place in places]
    model = Shared(list(dict.fromkeys(b["task"] for b in batches))).double()
    with torch.no_grad():
        for name, p in model.named().items():
            p.copy_(fill(name, p.shape))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=SETTINGS["learning_rate"], eps=SETTINGS["eps"], weight_decay=SETTINGS["weight_decay"]
    )
    steps = []
    for i, batch in enumerate(batches):
        optimizer.zero_grad(set_to_none=True)
        z = model(batch["task"], torch.tensor(batch["ids"]))
        terms = loss_of(method, batch, z, i + 1, len(batches))
        sum(terms.values()).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS["max_norm"])
        optimizer.step()
        steps.append({"batch": places[i], "terms": {k: v.item() for k, v in terms.items()}, "norm": norm.item()})
    short = lambda x: [float(f"{v:.9g}") for v in x.flatten().tolist()]
    return {"method": method, "steps": steps, "parameters": {k: short(p) for k, p in model.named().items()}}


def make():
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    meta = {"witness": versions, "float": "IEEE float64", "script": "make_multi_task.py"}
    cases = {name: run(*case) for name, case in CASES.items()}
    return {"_meta": meta, "settings": SETTINGS, "classes": CLASSES, "batches": BATCHES, "cases": cases}


if __name__ == "__main__":
    main(NAME, make)
