"""A MiniLM-shaped training step in PyTorch 2.13 at its best on a CPU: the peer that a Node bench alternates rounds with.

    python bench/peers/minilm_step.py [--threads 2] [--ids ids.json] [--seed 1] [--compile] [--plain-malloc]

Line protocol: prints {"ready": true, "environment": {...}}, then for each request line
    {"length": 16, "batch": 32, "steps": 4, "dropout": 0}          optional: "lengths": [batch row lengths], "microBatch": rows
runs that many whole steps (zero_grad, forward, cross-entropy, backward, clip_grad_norm_(1.0), AdamW) with fresh ids each and
answers {"msPerStep": [...], "loss": last loss, "microBatch": N}; an empty line or end of input ends it. A bad request answers
{"error": "..."}. Two untimed steps come before the first timed one of each (length, batch, dropout, microBatch).

Ids file: an array of steps, a step an array of rows, a row an array of `length` ids; or an object {"16": steps, "32": steps}. Steps
are taken in turn, from the start again at the end. Without a file: ids by a Zipf law over the vocabulary, [CLS] first, [SEP] last.
The attention mask is all ones, or 1 up to each row's length if `lengths` is given.

Model: BertForSequenceClassification, 6 layers, hidden 384, 12 heads, FF 1536, vocabulary 30522, exact GELU, 2 classes on the pooled
output, random weights, float32, sdpa attention; AdamW(fused=True), weight decay .01 (not on biases and LayerNorm), foreach clipping.
"""

import argparse
import json
import os
import sys
import time

# What was tried (2 cores of an AMD EPYC with AVX-512, other work on the machine; ms a step at batch 32 in windows without it, few samples each):
#   glibc keeping freed blocks (MALLOC below)   16 tokens 247 against 270 by default (medians of 18 alternating steps, noise included);
#                                               64 tokens 842, 128 tokens 1,705-1,732: taken, the process restarts itself with these
#   transparent huge pages on top               16 tokens 242, 64 tokens 888, 128 tokens 1,677: no clear gain, not taken (THP_MEM_ALLOC_ENABLE=1)
#   micro-batches of 16, of 8, at 128 tokens    1,790-1,880, 1,960-2,000 against 1,705: slower; "microBatch" remains in the protocol
#   torch.compile (inductor, gcc)               16 tokens with dropout 0.1 295 against 270, 64 tokens 854 against 842, 128 tokens 1,947: slower;
#                                               --compile remains
#   OMP_WAIT_POLICY=PASSIVE                     16 tokens 278 against 247: slower on a quiet machine. On a busy one the default's spinning
#                                               makes single steps 3-10 times slower: discard rounds with other work on the machine.
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
    "MALLOC_TOP_PAD_": str(1 << 26),
}


def build(seed, compiled):
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=512,
        hidden_act="gelu",
        num_labels=2,
        attn_implementation="sdpa",
    )
    model = BertForSequenceClassification(config).train()
    decayed, plain = [], []
    for name, parameter in model.named_parameters():
        (plain if name.endswith("bias") or "LayerNorm" in name else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=5e-5, fused=True)
    return model, (torch.compile(model, dynamic=False) if compiled else model), optimizer


class Ids:
    """Fresh token ids for each step: from the file, or drawn."""

    def __init__(self, path, seed):
        import torch

        self.steps, self.next = None, {}
        if path:
            with open(path) as file:
                self.steps = json.load(file)
        self.generator = torch.Generator().manual_seed(seed)
        ranks = torch.arange(30522 - 999, dtype=torch.float64)
        self.zipf = 1 / (ranks + 2.7)

    def __call__(self, batch, length):
        import torch

        if self.steps is not None:
            steps = self.steps[str(length)] if isinstance(self.steps, dict) else self.steps
            turn = self.next.get(length, 0)
            self.next[length] = turn + 1
            ids = torch.tensor([row[:length] for row in steps[turn % len(steps)][:batch]])
            if tuple(ids.shape) != (batch, length):
                raise ValueError(
                    f"wanted ids [{batch}, {length}], the file has {list(ids.shape)} at step {turn % len(steps)}"
                )
            return ids
        ids = 999 + torch.multinomial(self.zipf, batch * length, replacement=True, generator=self.generator).reshape(
            batch, length
        )
        ids[:, 0], ids[:, -1] = 101, 102
        return ids


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ids")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--plain-malloc", action="store_true", help="keep glibc's default allocator settings")
    args = parser.parse_args()
    if not args.plain_malloc and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        os.execve(
            sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC}
        )  # glibc reads these at start only

    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(args.threads)
    model, forward, optimizer = build(args.seed, args.compile)
    parameters = list(model.parameters())
    dropouts = [m for m in model.modules() if isinstance(m, torch.nn.Dropout)]
    draw, warm = Ids(args.ids, args.seed), set()

    def step(ids, labels, mask, micro):
        optimizer.zero_grad(set_to_none=True)
        total, batch = 0.0, len(ids)
        for rows in torch.arange(batch).split(micro):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            logits = forward(input_ids=ids[part], attention_mask=None if mask is None else mask[part]).logits
            loss = torch.nn.functional.cross_entropy(logits, labels[part]) * (len(rows) / batch)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        return total

    def answer(request):
        length, batch, steps, dropout = (
            int(request["length"]),
            int(request["batch"]),
            int(request["steps"]),
            float(request["dropout"]),
        )
        micro = int(request.get("microBatch") or batch)
        for module in dropouts:
            module.p = dropout
        mask = None
        if request.get("lengths"):
            mask = (torch.arange(length)[None, :] < torch.tensor(request["lengths"])[:, None]).long()
        key = (length, batch, dropout, micro)
        times, loss = [], 0.0
        for turn in range(-2 if key not in warm else 0, steps):
            ids, labels = draw(batch, length), torch.randint(0, 2, (batch,), generator=draw.generator)
            start = time.perf_counter()
            loss = step(ids, labels, mask, micro)
            if turn >= 0:
                times.append(round((time.perf_counter() - start) * 1000, 3))
        warm.add(key)
        return {"msPerStep": times, "loss": loss, "microBatch": micro}

    build_info = torch.__config__.show()
    environment = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": torch.get_num_threads(),
        "python": sys.version.split()[0],
        "blas": "mkl" if "BLAS_INFO=mkl" in build_info else "other",
        "cpuCapability": torch.backends.cpu.get_cpu_capability(),
        "compiled": args.compile,
        "malloc": "default" if args.plain_malloc else MALLOC,
        "parameters": sum(p.numel() for p in parameters),
    }
    print(json.dumps({"ready": True, "environment": environment}), flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        try:
            print(json.dumps(answer(json.loads(line))), flush=True)
        except (KeyError, TypeError, ValueError) as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)


if __name__ == "__main__":
    main()
