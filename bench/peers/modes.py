"""How PyTorch multiplies in a CPU peer: the one table of modes, what every peer's --mode and --compile take, and how fast each is.

    python bench/peers/modes.py

prints the names, in the order in which a bench has its columns. Models keep float32 weights in each of them; torch.compile goes
with any.
"""

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Mode:
    # Of torch.set_float32_matmul_precision. "medium" allows bfloat16 inside a product, which takes it from MKL to oneDNN: on CPUs with
    # no bfloat16 tiles that still multiplies in float32, and where MKL knows the CPU badly it is faster.
    precision: str
    # Under torch.autocast products, and what is between them, are bfloat16.
    autocast: bool


MODES = {
    "float32": Mode("highest", autocast=False),
    "medium": Mode("medium", autocast=False),
    "bf16": Mode("medium", autocast=True),
}

# glibc keeps freed blocks, which makes steps up to a tenth faster (minilm_step.py); it reads these at start only.
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
    "MALLOC_TOP_PAD_": str(1 << 26),
}


def add_arguments(parser):
    parser.add_argument("--mode", choices=MODES, default="float32")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plain-malloc", action="store_true", help="keep glibc's default allocator settings")


def begin(args):
    """Before anything else of torch: starts the process again under MALLOC, then sets threads and the precision of products."""
    if not args.plain_malloc and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})

    import torch

    torch.set_num_threads(args.threads)
    torch.set_float32_matmul_precision(MODES[args.mode].precision)


def arithmetic(args):
    """What a forward pass and its loss run in."""
    import torch

    return torch.autocast("cpu", torch.bfloat16) if MODES[args.mode].autocast else contextlib.nullcontext()


def compiled(model, args, dynamic=False):
    import torch

    return torch.compile(model, dynamic=dynamic) if args.compile else model


def environment(args):
    import torch

    return {
        "torch": torch.__version__,
        "mode": args.mode,
        "compiled": args.compile,
        "threads": torch.get_num_threads(),
        "python": sys.version.split()[0],
        "blas": "mkl" if "BLAS_INFO=mkl" in torch.__config__.show() else "other",
        "cpuCapability": torch.backends.cpu.get_cpu_capability(),
        "malloc": "default" if args.plain_malloc else MALLOC,
    }


def product_rates(args, sizes, seconds=0.3):
    """Of an M x K by K x N product for each [M, K, N]: the best GFLOP/s of `seconds`, and the error of eight rows relative to float64."""
    import torch

    rates, errors = [], []
    for m, k, n in sizes:
        generator = torch.Generator().manual_seed(1)
        a, b = torch.randn(m, k, generator=generator), torch.randn(k, n, generator=generator)
        exact = a[:8].double() @ b.double()
        if MODES[args.mode].autocast:
            a, b = a.bfloat16(), b.bfloat16()
        best, until = float("inf"), time.perf_counter() + seconds
        while time.perf_counter() < until:
            start = time.perf_counter()
            product = a @ b
            best = min(best, time.perf_counter() - start)
        rates.append(round(2 * m * k * n / best / 1e9, 1))
        errors.append(((product[:8].double() - exact).norm() / exact.norm()).item())
    return {"gflops": rates, "errors": errors}


if __name__ == "__main__":
    print(json.dumps(list(MODES)))
