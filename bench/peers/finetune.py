"""Fine-tuning a text classifier in PyTorch 2.13 at its best on a CPU, from given weights and on given batches: the peer of
bench/finetune-run.ts.

    python bench/peers/finetune.py JOB.json OUT.json [--mode float32] [--compile] [--plain-malloc]

JOB.json: {"model": a folder that transformers loads, "train" and "dev": {"lengths", "ids" (all rows behind each other), "labels"},
"order": [[row numbers of a step] …], "learningRate", "warmupSteps", "totalSteps" (of the schedule), "weightDecay", "maxNorm",
"dropout", "seed" (of the masks), "threads"}. OUT.json: {"losses", "stepMs", "seconds" (from the first step to the end of the last),
"accuracy", "predictions" (dev), "peakMegabytes", "environment"}.

AdamW(fused=True), no decay on biases and norms, transformers' linear warm-up and decay, foreach clipping, sdpa attention, batches padded
to their longest row. Modes: modes.py.
"""

import argparse
import json
import os
import resource
import time

import modes

EVALUATION_ROWS = 64


def batch_of(rows, data):
    """ids and mask of some rows, padded to the longest."""
    import torch

    ids = torch.nn.utils.rnn.pad_sequence([data["rows"][row] for row in rows], batch_first=True)
    lengths = torch.tensor([data["lengths"][row] for row in rows])
    mask = (torch.arange(ids.shape[1])[None, :] < lengths[:, None]).long()
    return {"input_ids": ids, "attention_mask": mask}


def decayed_groups(model, weight_decay):
    """Parameters for an optimiser: biases and norms do not decay."""
    decayed, plain = [], []
    for name, parameter in model.named_parameters():
        (plain if name.endswith("bias") or "LayerNorm" in name else decayed).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]


def predict(model, data, args):
    import torch

    model.eval()
    predictions = [0] * len(data["lengths"])
    order = sorted(range(len(predictions)), key=lambda row: data["lengths"][row])
    with torch.inference_mode(), modes.arithmetic(args):
        for start in range(0, len(order), EVALUATION_ROWS):
            rows = order[start : start + EVALUATION_ROWS]
            for row, choice in zip(rows, model(**batch_of(rows, data)).logits.argmax(-1).tolist()):
                predictions[row] = choice
    return predictions


def train(model, job, data, args):
    import torch
    import transformers

    optimizer = torch.optim.AdamW(decayed_groups(model, job["weightDecay"]), lr=job["learningRate"], fused=True)
    forward = modes.compiled(model, args, dynamic=True)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, job["warmupSteps"], job["totalSteps"])
    parameters = list(model.parameters())
    losses, times = [], []
    model.train()
    for rows in job["order"]:
        start = time.perf_counter()
        labels = torch.tensor([data["labels"][row] for row in rows])
        optimizer.zero_grad(set_to_none=True)
        with modes.arithmetic(args):
            loss = torch.nn.functional.cross_entropy(forward(**batch_of(rows, data)).logits, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, job["maxNorm"], foreach=True)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        times.append((time.perf_counter() - start) * 1000)
    return losses, times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job")
    parser.add_argument("out")
    modes.add_arguments(parser)
    args = parser.parse_args()
    modes.begin(args)

    os.environ["TQDM_DISABLE"] = "1"
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    with open(args.job) as file:
        job = json.load(file)
    for part in ("train", "dev"):
        job[part]["rows"] = torch.tensor(job[part].pop("ids")).split(job[part]["lengths"])
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        job["model"],
        attn_implementation="sdpa",
        hidden_dropout_prob=job["dropout"],
        attention_probs_dropout_prob=job["dropout"],
    )
    start = time.perf_counter()
    losses, times = train(model, job, job["train"], args)
    seconds = time.perf_counter() - start
    predictions = predict(model, job["dev"], args)
    right = sum(a == b for a, b in zip(predictions, job["dev"]["labels"]))
    result = {
        "losses": losses,
        "stepMs": [round(ms, 3) for ms in times],
        "seconds": seconds,
        "accuracy": right / len(predictions),
        "predictions": predictions,
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "environment": {**modes.environment(args), "transformers": transformers.__version__},
    }
    with open(args.out + ".tmp", "w") as file:
        json.dump(result, file)
    os.replace(args.out + ".tmp", args.out)


if __name__ == "__main__":
    main()
