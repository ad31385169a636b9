"""A whole distillation as an expert writes it in PyTorch 2.13 for a CPU, one process from texts to a saved student: a peer of
retort distill.

    python bench/peers/distillation.py JOB.json [--mode float32] [--compile] [--threads 2] [--plain-malloc]

JOB.json: {"train", "dev": TSV files with the columns text and label, "labels": names, "teacher", "student": folders that transformers
loads, "layers": of the student, the first of its folder, "epochs", "batchSize", "maxLength", "learningRate", "warmup": share of the
steps, "weightDecay", "maxNorm", "alpha": of the distillation term, "temperature", "seed", "output": a folder}. Prints {"accuracy" (dev),
"steps", "seconds" by phase, "peakMegabytes", "environment"}.

Teacher outputs are computed once, in batches of like length; training batches hold rows of like length, padded to their longest;
AdamW(fused=True), foreach clipping, linear schedule with warm-up, sdpa attention, glibc that keeps freed blocks. Modes: modes.py.
"""

import argparse
import json
import os
import resource
import time

STARTED = time.perf_counter()

import modes  # noqa: E402
from finetune import batch_of, decayed_groups, predict  # noqa: E402

# Batches whose rows are sorted together, as transformers' group_by_length has it.
BATCHES_TOGETHER = 50
TEACHER_ROWS, TEACHER_TOKENS = 256, 2048


class Clock:
    """Seconds by phase; the first began with the process's imports."""

    def __init__(self):
        self.seconds, self.last = {}, STARTED

    def ends(self, phase):
        now = time.perf_counter()
        self.seconds[phase], self.last = round(now - self.last, 2), now


def read(path, labels, tokenizer, max_length):
    import torch

    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    ids = tokenizer([text for text, _ in rows], truncation=True, max_length=max_length)["input_ids"]
    return {
        "rows": [torch.tensor(row) for row in ids],
        "lengths": [len(row) for row in ids],
        "labels": [labels.index(label) for _, label in rows],
    }


def load(job):
    """Data, teacher and student: the student has the first layers of its folder, and a new head."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(job["seed"])
    classifier = transformers.AutoModelForSequenceClassification
    tokenizer = transformers.AutoTokenizer.from_pretrained(job["teacher"])
    data = {part: read(job[part], job["labels"], tokenizer, job["maxLength"]) for part in ("train", "dev")}
    teacher = classifier.from_pretrained(job["teacher"], attn_implementation="sdpa").eval()
    student = classifier.from_pretrained(
        job["student"], num_hidden_layers=job["layers"], num_labels=len(job["labels"]), attn_implementation="sdpa"
    )
    return data, teacher, student


def teacher_logits(teacher, data, args):
    import torch

    lengths = data["lengths"]
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    logits = [None] * len(order)
    batch = []
    with torch.inference_mode(), modes.arithmetic(args):
        for at, row in enumerate(order):
            batch.append(row)
            is_full = len(batch) == TEACHER_ROWS or at + 1 == len(order)
            if is_full or (len(batch) + 1) * lengths[order[at + 1]] > TEACHER_TOKENS:
                for done, values in zip(batch, teacher(**batch_of(batch, data)).logits.float()):
                    logits[done] = values
                batch = []
    return torch.stack(logits)


def grouped_batches(lengths, size, generator):
    """An epoch's batches: rows shuffled, sorted by length in stretches, the batches shuffled again."""
    import torch

    batches = []
    for stretch in torch.randperm(len(lengths), generator=generator).split(size * BATCHES_TOGETHER):
        ordered = sorted(stretch.tolist(), key=lambda row: lengths[row])
        batches += [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


def optimizer_and_schedule(student, job, rows):
    """The optimiser, and what transformers' linear schedule takes."""
    import torch

    steps = job["epochs"] * -(-rows // job["batchSize"])
    optimizer = torch.optim.AdamW(decayed_groups(student, job["weightDecay"]), lr=job["learningRate"], fused=True)
    return optimizer, {"num_warmup_steps": round(job["warmup"] * steps), "num_training_steps": steps}


def train(student, logits, data, job, args):
    import torch
    import transformers
    from torch.nn import functional as F

    optimizer, schedule = optimizer_and_schedule(student, job, len(data["labels"]))
    scheduler = transformers.get_linear_schedule_with_warmup(optimizer, **schedule)
    generator = torch.Generator().manual_seed(job["seed"])
    labels = torch.tensor(data["labels"])
    parameters = list(student.parameters())
    alpha, temperature = job["alpha"], job["temperature"]
    forward = modes.compiled(student.train(), args, dynamic=True)
    for _ in range(job["epochs"]):
        for rows in grouped_batches(data["lengths"], job["batchSize"], generator):
            optimizer.zero_grad(set_to_none=True)
            with modes.arithmetic(args):
                ours = forward(**batch_of(rows, data)).logits.float()
            soft = F.kl_div(
                F.log_softmax(ours / temperature, -1), F.softmax(logits[rows] / temperature, -1), reduction="batchmean"
            )
            loss = alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(ours, labels[rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, job["maxNorm"], foreach=True)
            optimizer.step()
            scheduler.step()
    return schedule["num_training_steps"]


def finish(student, data, job, args, clock, steps):
    """Evaluates and saves the student, and prints what there is to say."""
    import transformers

    predictions = predict(student, data["dev"], args)
    right = sum(a == b for a, b in zip(predictions, data["dev"]["labels"]))
    clock.ends("evaluation")
    student.save_pretrained(job["output"])
    clock.ends("saving")
    result = {
        "accuracy": right / len(predictions),
        "steps": steps,
        "seconds": clock.seconds,
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "environment": {**modes.environment(args), "transformers": transformers.__version__},
    }
    print(json.dumps(result))


def job_of(description):
    """The job and the arguments of a peer."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("job")
    modes.add_arguments(parser)
    args = parser.parse_args()
    os.environ["TQDM_DISABLE"] = "1"
    modes.begin(args)
    with open(args.job) as file:
        return json.load(file), args


def main():
    job, args = job_of(__doc__)
    clock = Clock()
    data, teacher, student = load(job)
    clock.ends("imports, texts and models")
    logits = teacher_logits(teacher, data["train"], args)
    clock.ends("teacher")
    steps = train(student, logits, data["train"], job, args)
    clock.ends("training")
    finish(student, data, job, args, clock, steps)


if __name__ == "__main__":
    main()
