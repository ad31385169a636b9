"""A training step of Tang et al.'s BiLSTM in PyTorch 2.13 at its best on a CPU: the peer that a Node bench alternates rounds with.

    python bench/peers/bilstm_step.py --ids ids.json [--seed 1] [--mode float32] [--compile] [--threads 2] [--plain-malloc]

Line protocol, as minilm_step.py has it: after {"ready": true, …} each request {"name", "batch", "steps", "packed"} runs that many
whole steps on the file's batches of that name, in turn, and answers {"msPerStep": [...], "losses": of all steps}. Two untimed steps come
before the first timed one of each.

Ids file: {name: [step …]}, a step an array of rows of ids, each of its own length.

Model: embedding 30522 x 300, one bidirectional LSTM of 150, ReLU layer of 400, dropout 0, 2 classes; Adam(fused=True) 1e-3, foreach
clipping at 1. packed: pack_padded_sequence, which rows of different lengths need; else the padded batch as it is, which is the same
computation where all rows are as long as the batch, and lets PyTorch take oneDNN's LSTM. Modes: modes.py.
"""

import argparse
import json
import time

import modes
from line_protocol import serve


def build(seed):
    import torch

    class Bilstm(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(30522, 300, padding_idx=0)
            self.bi_rnn = torch.nn.LSTM(300, 150, batch_first=True, bidirectional=True)
            self.fc1 = torch.nn.Linear(300, 400)
            self.fc2 = torch.nn.Linear(400, 2)

        def forward(self, ids, lengths, packed):
            x = self.embed(ids)
            if packed:
                x = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            _, (h, _) = self.bi_rnn(x)
            return self.fc2(torch.relu(self.fc1(torch.cat((h[0], h[1]), dim=1))))

    torch.manual_seed(seed)
    model = Bilstm().train()
    return model, torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ids", required=True)
    parser.add_argument("--seed", type=int, default=1)
    modes.add_arguments(parser)
    args = parser.parse_args()
    modes.begin(args)

    import torch

    model, optimizer = build(args.seed)
    forward = modes.compiled(model, args)
    parameters = list(model.parameters())
    generator = torch.Generator().manual_seed(args.seed)
    with open(args.ids) as file:
        batches = json.load(file)
    turns = {}

    def step(rows, labels, packed):
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        optimizer.zero_grad(set_to_none=True)
        with modes.arithmetic(args):
            loss = torch.nn.functional.cross_entropy(forward(ids, lengths, packed), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        return loss.item()

    def answer(request):
        name, batch, packed = request["name"], int(request["batch"]), bool(request["packed"])
        key = (name, packed)
        times, losses = [], []
        for turn in range(0 if key in turns else -2, int(request["steps"])):
            at = turns.get(key, 0)
            turns[key] = at + 1
            rows = batches[name][at % len(batches[name])]
            labels = torch.randint(0, 2, (batch,), generator=generator)
            start = time.perf_counter()
            losses.append(step(rows, labels, packed))
            if turn >= 0:
                times.append(round((time.perf_counter() - start) * 1000, 3))
        return {"msPerStep": times, "losses": losses}

    serve({**modes.environment(args), "parameters": sum(p.numel() for p in parameters)}, answer)


if __name__ == "__main__":
    main()
