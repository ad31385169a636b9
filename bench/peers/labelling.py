"""A BERT that labels texts in PyTorch 2.13 at its best on a CPU: the peer that a Node bench alternates rounds with.

    python bench/peers/labelling.py --model FOLDER --rows rows.json [--threads 2] [--plain-malloc]

Line protocol, as minilm_step.py has it: after {"ready": true, …} each request labels all rows and answers
{"seconds", "classes": by row, "peakMegabytes"}. One batch is run before, untimed.

rows.json: {"lengths", "ids" (all rows behind each other), "batches": [[row numbers] …]}; a batch is padded to its longest row.
inference_mode, sdpa attention, eval.
"""

import argparse
import json
import os
import resource
import sys
import time

from finetune import batch_of
from minilm_step import MALLOC


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--rows", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plain-malloc", action="store_true", help="keep glibc's default allocator settings")
    args = parser.parse_args()
    if not args.plain_malloc and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})  # glibc reads these at start only

    os.environ["TQDM_DISABLE"] = "1"
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(args.threads)
    with open(args.rows) as file:
        data = json.load(file)
    data["rows"] = torch.tensor(data.pop("ids")).split(data["lengths"])
    model = transformers.AutoModelForSequenceClassification.from_pretrained(args.model, attn_implementation="sdpa").eval()
    with torch.inference_mode():
        model(**batch_of(data["batches"][-1], data))

    def answer():
        classes = [0] * len(data["lengths"])
        start = time.perf_counter()
        with torch.inference_mode():
            for rows in data["batches"]:
                for row, choice in zip(rows, model(**batch_of(rows, data)).logits.argmax(-1).tolist()):
                    classes[row] = choice
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"seconds": seconds, "classes": classes, "peakMegabytes": peak}

    environment = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": torch.get_num_threads(),
        "malloc": "default" if args.plain_malloc else MALLOC,
    }
    print(json.dumps({"ready": True, "environment": environment}), flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        print(json.dumps(answer()), flush=True)


if __name__ == "__main__":
    main()
