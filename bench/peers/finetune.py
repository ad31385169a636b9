"""Fine-tuning a text classifier in PyTorch 2.13 at its best on a CPU, from given weights and on given batches: the peer of
bench/finetune-run.ts.

    python bench/peers/finetune.py JOB.json OUT.json [--plain-malloc]

JOB.json: {"model": a folder that transformers loads, "train" and "dev": {"lengths", "ids" (all rows behind each other), "labels"},
"order": [[row numbers of a step] …], "learningRate", "warmupSteps", "totalSteps" (of the schedule), "weightDecay", "maxNorm",
"dropout", "seed" (of the masks), "threads"}. OUT.json: {"losses", "stepMs", "seconds" (from the first step to the end of the last),
"accuracy", "predictions" (dev), "peakMegabytes", "environment"}.

AdamW(fused=True), no decay on biases and norms, transformers' linear warm-up and decay, foreach clipping, sdpa attention, batches padded
to their longest row; glibc keeps freed blocks unless --plain-malloc (see minilm_step.py).
"""

import argparse
import json
import os
import resource
import sys
import time

from minilm_step import MALLOC

EVALUATION_ROWS = 64


def batch_of(rows, data):
    """ids and mask of some rows, padded to the longest."""
    import torch

    ids = torch.nn.utils.rnn.pad_sequence([data["rows"][row] for row in rows], batch_first=True)
    lengths = torch.tensor([data["lengths"][row] for row in rows])
    mask = (torch.arange(ids.shape[1])[None, :] < lengths[:, None]).long()
    return {"input_ids": ids, "attention_mask": mask}


def predict(model, data):
    import torch

    model.eval()
    predictions = [0] * len(data["lengths"])
    order = sorted(range(len(predictions)), key=lambda row: data["lengths"][row])
    with torch.inference_mode():
        for start in range(0, len(order), EVALUATION_ROWS):
            rows = order[start : start + EVALUATION_ROWS]
            for row, choice in zip(rows, model(**batch_of(rows, data)).logits.argmax(-1).tolist()):
                predictions[row] = choice
    return predictions


def train(model, job, data):
    import torch
    import transformers

    decayed, plain = [], []
    for name, parameter in model.named_parameters():
        (plain if name.endswith("bias") or "LayerNorm" in name else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": job["weightDecay"]}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=job["learningRate"], fused=True)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, job["warmupSteps"], job["totalSteps"])
    parameters = list(model.parameters())
    losses, times = [], []
    model.train()
    for rows in job["order"]:
        start = time.perf_counter()
        labels = torch.tensor([data["labels"][row] for row in rows])
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(**batch_of(rows, data)).logits, labels)
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
    parser.add_argument("--plain-malloc", action="store_true", help="keep glibc's default allocator settings")
    args = parser.parse_args()
    if not args.plain_malloc and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})  # glibc reads these at start only

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
    losses, times = train(model, job, job["train"])
    seconds = time.perf_counter() - start
    predictions = predict(model, job["dev"])
    right = sum(a == b for a, b in zip(predictions, job["dev"]["labels"]))
    result = {
        "losses": losses,
        "stepMs": [round(ms, 3) for ms in times],
        "seconds": seconds,
        "accuracy": right / len(predictions),
        "predictions": predictions,
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "environment": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "threads": torch.get_num_threads(),
            "malloc": "default" if args.plain_malloc else MALLOC,
        },
    }
    with open(args.out + ".tmp", "w") as file:
        json.dump(result, file)
    os.replace(args.out + ".tmp", args.out)


if __name__ == "__main__":
    main()
