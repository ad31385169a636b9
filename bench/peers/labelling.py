"""A BERT that labels texts in PyTorch 2.13 at its best on a CPU: the peer that a Node bench alternates rounds with.

    python bench/peers/labelling.py --model FOLDER --rows rows.json [--mode float32] [--compile] [--threads 2] [--plain-malloc]

Line protocol, as minilm_step.py has it: after {"ready": true, …} each request labels all rows and answers
{"seconds", "classes": by row, "peakMegabytes"}. One batch is run before, untimed.

rows.json: {"lengths", "ids" (all rows behind each other), "batches": [[row numbers] …]}; a batch is padded to its longest row.
inference_mode, sdpa attention, eval. Modes: modes.py.
"""

import argparse
import json
import os
import resource
import time

import modes
from finetune import batch_of
from line_protocol import serve


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--rows", required=True)
    modes.add_arguments(parser)
    args = parser.parse_args()
    modes.begin(args)

    os.environ["TQDM_DISABLE"] = "1"
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    with open(args.rows) as file:
        data = json.load(file)
    data["rows"] = torch.tensor(data.pop("ids")).split(data["lengths"])
    model = transformers.AutoModelForSequenceClassification.from_pretrained(args.model, attn_implementation="sdpa").eval()
    model = modes.compiled(model, args, dynamic=True)
    with torch.inference_mode(), modes.arithmetic(args):
        model(**batch_of(data["batches"][-1], data))

    def answer(_request):
        classes = [0] * len(data["lengths"])
        start = time.perf_counter()
        with torch.inference_mode(), modes.arithmetic(args):
            for rows in data["batches"]:
                for row, choice in zip(rows, model(**batch_of(rows, data)).logits.argmax(-1).tolist()):
                    classes[row] = choice
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"seconds": seconds, "classes": classes, "peakMegabytes": peak}

    serve({**modes.environment(args), "transformers": transformers.__version__}, answer)


if __name__ == "__main__":
    main()
