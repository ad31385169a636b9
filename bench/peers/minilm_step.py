"""A MiniLM-shaped training step in PyTorch 2.13 at its best on a CPU: the peer that a Node bench alternates rounds with.

    python bench/peers/minilm_step.py --model FOLDER --batches batches.json [--mode float32] [--compile] [--threads 2] [--plain-malloc]

Line protocol: prints {"ready": true, "environment": {...}}, then for each request line
    {"length": 16, "steps": 4, "dropout": 0}
runs that many whole steps (zero_grad, forward, cross-entropy, backward, clip_grad_norm_(1.0), AdamW) on a batch each and answers
{"msPerStep": [...], "losses", "gradientNorms": of all steps}; an empty line or end of input ends it. A bad request answers {"error": "..."}. The
first request of a length and dropout begins with the folder's weights and with two steps that are not timed. The request
    {"products": [[M, K, N], ...]}
answers {"gflops": [...], "errors": [...]}.

Batches: {"16": [{"ids": rows of 16 ids, "labels"}, ...], ...}, taken in turn. All tokens are read: there is no attention mask.

Model: BertForSequenceClassification of the folder, float32 weights, sdpa attention; AdamW(fused=True), weight decay .01 (not on
biases and LayerNorm), foreach clipping. Modes: modes.py.
"""

import argparse
import json
import time

import modes
from finetune import decayed_groups
from line_protocol import serve

WARM_STEPS = 2
# What was tried in float32 (2 cores of an AMD EPYC with AVX-512, other work on the machine; ms a step at batch 32 in windows without
# it, few samples each):
#   glibc keeping freed blocks (modes.MALLOC)   16 tokens 247 against 270 by default (medians of 18 alternating steps, noise included);
#                                               64 tokens 842, 128 tokens 1,705-1,732: taken, the process restarts itself with these
#   transparent huge pages on top               16 tokens 242, 64 tokens 888, 128 tokens 1,677: no clear gain, not taken (THP_MEM_ALLOC_ENABLE=1)
#   micro-batches of 16, of 8, at 128 tokens    1,790-1,880, 1,960-2,000 against 1,705: slower
#   OMP_WAIT_POLICY=PASSIVE                     16 tokens 278 against 247: slower on a quiet machine. On a busy one the default's spinning
#                                               makes single steps 3-10 times slower: discard rounds with other work on the machine.


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--batches", required=True)
    modes.add_arguments(parser)
    args = parser.parse_args()
    modes.begin(args)

    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        args.model, attn_implementation="sdpa"
    ).train()
    initial = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    forward = modes.compiled(model, args)
    optimizer = torch.optim.AdamW(decayed_groups(model, 0.01), lr=5e-5, fused=True)
    parameters = list(model.parameters())
    dropouts = [m for m in model.modules() if isinstance(m, torch.nn.Dropout)]
    with open(args.batches) as file:
        batches = json.load(file)
    taken = {}

    def step(ids, labels):
        optimizer.zero_grad(set_to_none=True)
        with modes.arithmetic(args):
            loss = torch.nn.functional.cross_entropy(forward(input_ids=ids).logits, labels)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        return loss.item(), norm.item()

    def answer(request):
        if "products" in request:
            return modes.product_rates(args, request["products"])
        length, steps, dropout = int(request["length"]), int(request["steps"]), float(request["dropout"])
        for module in dropouts:
            module.p = dropout
        key = (length, dropout)
        times, losses, norms = [], [], []
        if key not in taken:
            model.load_state_dict(initial)
            optimizer.state.clear()
        warm = WARM_STEPS if key not in taken else 0
        for turn in range(warm + steps):
            taken[key] = taken.get(key, 0) + 1
            batch = batches[str(length)][(taken[key] - 1) % len(batches[str(length)])]
            ids, labels = torch.tensor(batch["ids"]), torch.tensor(batch["labels"])
            start = time.perf_counter()
            loss, norm = step(ids, labels)
            if turn >= warm:
                times.append(round((time.perf_counter() - start) * 1000, 3))
            losses.append(loss)
            norms.append(norm)
        return {"msPerStep": times, "losses": losses, "gradientNorms": norms}

    environment = {**modes.environment(args), "transformers": transformers.__version__}
    serve({**environment, "parameters": sum(p.numel() for p in parameters)}, answer)


if __name__ == "__main__":
    main()
