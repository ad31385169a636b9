"""One step's loss and gradients of a masked language model: transformers' BertForMaskedLM with its own labels, and DistilBERT's triple
loss on it. Writes masked-lm.transformers.json.

  model, teacher   {config, parameters}; the decoder is the word embeddings, and their gradient is the sum of both uses
  batch            ids, mask and labels [B, S], -100 where a word is not to be guessed
  steps            one entry a loss: {losses: {term: weighted mean}, loss, gradients by the model's parameters}
    labels           BertForMaskedLM(labels=...).loss
    triple masked    5 * KL at what is to be guessed + 2 * cross entropy + 1 * cosine of the last hidden states of all tokens, T = 2
    triple all       the same, KL at all tokens (the default of huggingface's distillation/distiller.py; above: restrict_ce_to_mask)
"""

import torch
from torch.nn.functional import cosine_embedding_loss, kl_div, log_softmax, softmax
from transformers import BertConfig, BertForMaskedLM

from fixture_file import main, numbers
from make_models import F64, digits, redraw

NAME = "masked-lm.transformers.json"
SIZES = {
    "vocab_size": 14, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "max_position_embeddings": 10,
    "type_vocab_size": 2, "hidden_act": "gelu",
}  # fmt: skip
T, SOFT, HARD, COSINE = 2.0, 5.0, 2.0, 1.0
IDS = [[2, 9, 4, 12, 4, 3], [2, 4, 7, 3, 0, 0], [2, 5, 4, 11, 3, 0]]
MASK = [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0]]
LABELS = [[-100, -100, 8, -100, 6, -100], [-100, 13, -100, -100, -100, -100], [-100, 5, 10, -100, -100, -100]]


def masked_lm(layers, seed):
    config = BertConfig(**SIZES, num_hidden_layers=layers, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                        attn_implementation="eager")  # fmt: skip
    return redraw(BertForMaskedLM(config), torch.Generator().manual_seed(seed))


def our_names(model):
    return {name.removeprefix("bert."): p for name, p in model.named_parameters()}


def described(model, layers):
    return {
        "config": {**SIZES, "num_hidden_layers": layers, "head": "masked-lm"},
        "parameters": {name: numbers(p) for name, p in our_names(model).items()},
    }


def triple(student, teacher, ids, mask, labels, chosen):
    ours = student(ids, mask, output_hidden_states=True)
    with torch.no_grad():
        theirs = teacher(ids, mask, output_hidden_states=True)
    soft = kl_div(log_softmax(ours.logits[chosen] / T, -1), softmax(theirs.logits[chosen] / T, -1), reduction="batchmean") * T**2
    hard = torch.nn.functional.cross_entropy(ours.logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
    real = mask.bool()
    h, g = ours.hidden_states[-1][real], theirs.hidden_states[-1][real]
    cosine = cosine_embedding_loss(h, g, torch.ones(len(h), dtype=F64), reduction="mean")
    return {"soft": SOFT * soft, "hard": HARD * hard, "cosine": COSINE * cosine}


def make():
    student, teacher = masked_lm(2, 51), masked_lm(3, 52)
    ids, mask, labels = (torch.tensor(rows) for rows in (IDS, MASK, LABELS))
    named = our_names(student)

    def entry(losses):
        loss = sum(losses.values())
        gradients = torch.autograd.grad(loss, list(named.values()))
        return {
            "losses": {name: digits(value.item()) for name, value in losses.items()},
            "gradients": {name: digits(numbers(g)) for name, g in zip(named, gradients)},
        }

    return {
        "_meta": {"witness": f"torch {torch.__version__}, float64, transformers", "script": "test/python/make_masked_lm.py"},
        "models": {"student": described(student, 2), "teacher": described(teacher, 3)},
        "batch": {"ids": IDS, "mask": MASK, "labels": LABELS},
        "steps": {
            "labels": entry({"hard": student(ids, mask, labels=labels).loss}),
            "triple masked": entry(triple(student, teacher, ids, mask, labels, labels != -100)),
            "triple all": entry(triple(student, teacher, ids, mask, labels, mask.bool())),
        },
    }


if __name__ == "__main__":
    main(NAME, make)
