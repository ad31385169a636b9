"""Makes every PyTorch fixture again and compares it with the committed one: same keys, numbers within 1e-6 of the largest number of
their array (of 1e-3 if that is larger), strings equal. `observed` statistics and versions of the witness may differ.

    python test/python/check_fixtures.py
"""

import json
import math
import os
import sys

import make_init
import make_linear
import make_losses
import make_masked_lm
import make_methods
import make_models
import make_multi_task
import make_ngram
import make_nn
import make_optim
import make_svd
from fixture_file import GOLDEN

TOLERANCE = 1e-6
SKIPPED = ("observed", "witness")  # samples, and versions


def largest(value):
    if isinstance(value, list):
        return max(map(largest, value), default=0.0)
    return abs(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def differences(made, committed, path, scale=1e-3):
    """Yields one line for each place where the two disagree."""
    if isinstance(made, dict) and isinstance(committed, dict):
        for key in made.keys() | committed.keys():
            if key in SKIPPED:
                continue
            if key not in made or key not in committed:
                yield f"{path}.{key}: only in the {'made' if key in made else 'committed'} one"
            else:
                yield from differences(made[key], committed[key], f"{path}.{key}")
    elif isinstance(made, (list, tuple)) and isinstance(committed, list):
        if len(made) != len(committed):
            yield f"{path}: {len(made)} items, committed {len(committed)}"
        else:
            scale = max(scale, largest(committed))
            for i, pair in enumerate(zip(made, committed)):
                yield from differences(*pair, f"{path}[{i}]", scale)
    elif type(made) in (int, float) and type(committed) in (int, float):
        if not abs(made - committed) <= TOLERANCE * max(scale, abs(committed)) or math.isnan(committed):
            yield f"{path}: {made}, committed {committed}"
    elif made != committed:
        yield f"{path}: {made!r}, committed {committed!r}"


def golden_agreement():
    """Presets that the golden vectors have too: two independent references, one number. Yields disagreements."""
    twins = {
        "keras/c3/t2/a0.9": "torchdistill_keras/T2_a0.1",
        "torchdistill/c3/t2/a0.9": "torchdistill_keras/T2_a0.1",
        "primer/c3/t2/a0.5": "primer_klmean/T2_a0.5",
        "primer/c3/t2/a0.9": "primer_klmean/T2_a0.9",
        "hinton/c3/t2/a0.5": "kl_batchmean/T2_a0.5",
        "hinton/c3/t2/a0.9": "kl_batchmean/T2_a0.9",
        "textbrewer/c3/t4/a1": "textbrewer_ce/T4",
        "textbrewer-mse/c3/t4/a1": "textbrewer_mse/T4",
        "tinybert-pred/c3/t1/a1": "soft_ce_elementmean/T1",
        "dbert-code/c3/t1/a0.5": "dbert_code_mse_plus_ce",
        "setfit-baseline/c3/t1/a1": "mse_logits_vs_teacher_probs",
        "tang/c3/t1/a1": "mse_logits_elementmean",
        "bilstm-3p-mse/c3/t1/a1": "mse_logits_rowsum",
        "fastformers/c3/t1/a1": "soft_ce_batchmean/T1",
    }
    with open(os.path.join(GOLDEN, "golden.json")) as file:
        golden = json.load(file)
    presets = make_losses.presets()
    for name, twin in twins.items():
        expected = golden[f"hinton/{twin}"]["expected"]
        made, wanted = [presets[name]["value"], presets[name]["gradient"]], [
            expected["loss"],
            expected["grad"]["student_logits"],
        ]
        if any(differences(made, wanted, name)):
            yield f"preset {name} differs from golden hinton/{twin}"


def main():
    wrong, count = list(golden_agreement()), 0
    for module in (make_optim, make_losses, make_masked_lm, make_methods, make_nn, make_models, make_init, make_linear, make_multi_task, make_ngram, make_svd):
        with open(os.path.join(GOLDEN, module.NAME)) as file:
            committed = json.load(file)
        made = json.loads(json.dumps(module.make()))
        wrong += differences(made, committed, module.NAME)
        count += 1
    for line in wrong[:10]:
        print("  " + line)
    print(
        f"FAIL check_fixtures: {len(wrong)} differences"
        if wrong
        else f"PASS check_fixtures: {count} fixtures made again, within {TOLERANCE}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
