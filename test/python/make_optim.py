"""Twenty-step optimiser trajectories of PyTorch 2.13. Writes optim.torch-2.13.json.

Format:
  _meta      {witness, steps, warmupSteps, trainingSteps, note}
  parameters {name: {shape, decay, initial}}        `initial` nested as `shape`; exact in float32
             `decay` false marks the parameters of the no-decay group (used by rules with "groups": true)
  gradients  {name: [per step: nested as shape]}    exact in float32; the same for every case, before clipping;
             row 1 of `weight` is exactly zero in steps 4..11 (0-based), like an embedding row that no token touched
  cases      {"RULE/SCHEDULE[/clip]": {
               rule:     'sgd' | 'adam' | 'adamw',
               options:  {learningRate, and for sgd momentum, dampening, nesterov, weightDecay;
                          for adam/adamw beta1, beta2, epsilon, weightDecay},
               groups:   true when weightDecay holds for parameters with decay true only,
               schedule: 'constant' | 'linear' | 'cosine'   (linear/cosine with warm-up of transformers),
               maxNorm:  clip_grad_norm_ before each step, or null,
               learningRates: [20 rates, one a step] the rate that step used,
               recordedSteps: [1-based steps whose results follow]: all of 1..20, or just 20 in the thin cases,
               float64:  {name: [per recorded step: flat values after it]}   13 significant digits
               float32:  {name: [per recorded step: flat values after it]}   shortest decimals of the float32 bits
             }}
  gradientNorms [20, one a step] total norm of the three gradients before clipping, float64
  schedules  {name: {learningRates: [trainingSteps + 1], baseLearningRate, warmupSteps, trainingSteps}}  schedules alone;
             the last value is the rate after the last step

Conventions of the witness: SGD's first momentum buffer is the raw gradient (dampening starts with step 2); weightDecay
of sgd and adam is L2 (added to the gradient), of adamw decoupled; adam and adamw have bias correction, epsilon outside
the square root of the corrected second moment; clip coefficient = min(1, maxNorm / (norm + 1e-6)).
"""

import torch
import transformers
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

from fixture_file import main, numbers

NAME = "optim.torch-2.13.json"
STEPS, WARMUP, TOTAL, MAX_NORM = 20, 4, 20, 1.0
SHAPES = {"weight": ([3, 4], True), "bias": ([4], False), "scale": ([2, 3], False)}

SGD = {"learningRate": 0.1, "momentum": 0.0, "dampening": 0.0, "nesterov": False, "weightDecay": 0.0}
ADAM = {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.0}
# name: (rule, options, groups)
RULES = {
    "sgd": ("sgd", SGD, False),
    "sgd-momentum": ("sgd", {**SGD, "momentum": 0.9}, False),
    "sgd-nesterov": ("sgd", {**SGD, "momentum": 0.9, "nesterov": True}, False),
    "sgd-weight-decay": ("sgd", {**SGD, "momentum": 0.9, "weightDecay": 0.05}, False),
    "sgd-dampening": ("sgd", {**SGD, "momentum": 0.9, "dampening": 0.3}, False),
    "adam": ("adam", ADAM, False),
    "adam-l2": ("adam", {**ADAM, "weightDecay": 0.1}, False),
    "adam-betas-eps": ("adam", {**ADAM, "beta1": 0.8, "beta2": 0.98, "epsilon": 1e-6}, False),
    "adamw": ("adamw", {**ADAM, "weightDecay": 0.01}, False),
    "adamw-groups": ("adamw", {**ADAM, "weightDecay": 0.01, "epsilon": 1e-6}, True),
}
SCHEDULES = ("constant", "linear", "cosine")

# Every rule runs with every schedule, with and without clipping; all steps are kept of these, else only the last (file size).
FULL = {f"{rule}/constant" for rule in RULES} | {
    f"{rule}/{rest}" for rule in ("sgd-momentum", "adam", "adamw-groups") for rest in ("linear", "cosine/clip")
}
THIN_STEPS = [20]


def sixty_fourths(generator, shape, scale):
    """Random multiples of 1/64: exact in float32 and short as decimals."""
    return (
        torch.round(torch.randn(shape, generator=generator, dtype=torch.float64) * scale * 64) / 64 + 0.0
    )  # + 0.0: no negative zeros


def problem():
    generator = torch.Generator().manual_seed(20)
    initial = {k: sixty_fourths(generator, shape, 0.5) for k, (shape, _) in SHAPES.items()}
    gradients = []
    for step in range(STEPS):
        scale = 0.08 if step % 3 == 1 else 0.5  # norm under 1 at every third step, over 1 at the others
        gradients.append({k: sixty_fourths(generator, shape, scale) for k, (shape, _) in SHAPES.items()})
        if 4 <= step < 12:
            gradients[-1]["weight"][1] = 0.0
    return initial, gradients


def optimiser(rule, options, groups, parameters):
    decay = options["weightDecay"]
    if groups:
        named = [
            {"params": [p for k, p in parameters.items() if SHAPES[k][1]], "weight_decay": decay},
            {"params": [p for k, p in parameters.items() if not SHAPES[k][1]], "weight_decay": 0.0},
        ]
    else:
        named = list(parameters.values())
    rate = options["learningRate"]
    if rule == "sgd":
        return torch.optim.SGD(
            named,
            lr=rate,
            momentum=options["momentum"],
            dampening=options["dampening"],
            nesterov=options["nesterov"],
            weight_decay=decay,
        )
    kind = torch.optim.Adam if rule == "adam" else torch.optim.AdamW
    return kind(named, lr=rate, betas=(options["beta1"], options["beta2"]), eps=options["epsilon"], weight_decay=decay)


def scheduler(kind, optim, warmup=WARMUP, total=TOTAL):
    if kind == "linear":
        return get_linear_schedule_with_warmup(optim, warmup, total)
    if kind == "cosine":
        return get_cosine_schedule_with_warmup(optim, warmup, total)
    return torch.optim.lr_scheduler.ConstantLR(optim, factor=1.0)


def trajectory(initial, gradients, rule, options, groups, schedule, max_norm, dtype):
    parameters = {k: torch.nn.Parameter(v.to(dtype).clone()) for k, v in initial.items()}
    optim = optimiser(rule, options, groups, parameters)
    schedule = scheduler(schedule, optim)
    values, rates, norms = {k: [] for k in parameters}, [], []
    for step in gradients:
        for k, p in parameters.items():
            p.grad = step[k].to(dtype).clone()
        if max_norm is not None:
            norms.append(float(torch.nn.utils.clip_grad_norm_(list(parameters.values()), max_norm)))
        rates.append(float(optim.param_groups[0]["lr"]))
        optim.step()
        schedule.step()
        for k, p in parameters.items():
            values[k].append(numbers(p.reshape(-1)))
    return values, rates, norms


def make():
    initial, gradients = problem()
    norms = [float(torch.stack([g.norm() for g in step.values()]).norm()) for step in gradients]
    assert min(norms) < MAX_NORM < max(norms), "the fixture must have norms on both sides of maxNorm"
    cases = {}
    for name, (rule, options, groups) in RULES.items():
        for schedule in SCHEDULES:
            for max_norm in (None, MAX_NORM):
                case = f"{name}/{schedule}" + ("/clip" if max_norm else "")
                recorded = list(range(1, STEPS + 1)) if case in FULL else THIN_STEPS
                run = lambda dtype: trajectory(initial, gradients, rule, options, groups, schedule, max_norm, dtype)
                values64, rates, clipped = run(torch.float64)
                values32, _, _ = run(torch.float32)
                assert not clipped or max(abs(a - b) for a, b in zip(clipped, norms)) < 1e-12
                pick = lambda values: {k: [rows[step - 1] for step in recorded] for k, rows in values.items()}
                cases[case] = {
                    "rule": rule,
                    "options": options,
                    "groups": groups,
                    "schedule": schedule,
                    "maxNorm": max_norm,
                    "learningRates": rates,
                    "recordedSteps": recorded,
                    "float64": {
                        k: [[float(f"{x:.13g}") for x in row] for row in rows] for k, rows in pick(values64).items()
                    },
                    "float32": pick(values32),
                }
    schedules = {}
    for kind in SCHEDULES:
        for warmup, total in ((0, 30), (5, 30), (20, 24)):
            optim = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.002)
            schedule, rates = scheduler(kind, optim, warmup, total), []
            for _ in range(total + 1):
                rates.append(float(optim.param_groups[0]["lr"]))
                optim.step()
                schedule.step()
            schedules[f"{kind}/warmup{warmup}_of_{total}"] = {
                "schedule": kind,
                "baseLearningRate": 0.002,
                "warmupSteps": warmup,
                "trainingSteps": total,
                "learningRates": rates,
            }
    return {
        "_meta": {
            "witness": f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}",
            "steps": STEPS,
            "warmupSteps": WARMUP,
            "trainingSteps": TOTAL,
            "script": "test/python/make_optim.py",
        },
        "parameters": {
            k: {"shape": shape, "decay": decay, "initial": numbers(initial[k])} for k, (shape, decay) in SHAPES.items()
        },
        "gradients": {k: [numbers(step[k]) for step in gradients] for k in SHAPES},
        "gradientNorms": norms,
        "cases": cases,
        "schedules": schedules,
    }


if __name__ == "__main__":
    main(NAME, make)
