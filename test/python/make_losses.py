"""Losses of PyTorch 2.13 and the knowledge-distillation presets, float64. Writes losses.torch-2.13.json.

Format: sections of cases, {"NAME": case}. A case has `inputs` (nested numbers), `options`, and `value` plus
`gradient`: {input name: nested like the input}. Only real inputs that carry a gradient are listed in `gradient`.

  crossEntropy     inputs {logits [B,C], labels [B]}; options {labelSmoothing, ignoreIndex | null, classWeights | null};
                   values/gradients for both reductions: {sum, mean}: {value, gradient}. The mean divides by
                   `denominator`: valid rows, or with class weights the sum of the weights of the valid rows' labels
                   (the smoothed part too). `rows`: value of each row before the reduction (0 where ignored).
  crossEntropyTokens  the same with logits [B,S,C] and labels [B,S] (-100 ignored).
  softCrossEntropy inputs {logits, probs}; target probabilities; mean over B. options {classWeights | null,
                   labelSmoothing}.
  kl               inputs {logProbs [B,C], target [B,C]}, options {reduction: sum|batchmean|mean, logTarget}; gradients
                   for logProbs. PyTorch's 'mean' divides by B*C.
  klLogits         inputs {studentLogits, teacherLogits}, options {temperature, reduction}: KL(teacher || student) of
                   softmax(z/T), no T^2 factor; gradient for studentLogits.
  mse              inputs {x, target}; options {reduction: sum|mean} (mean over all elements).
  cosineEmbedding  inputs {x, target [B,H]}, options {sign: 1 | -1, margin}: sign 1 is mean(1 - cos). Gradient of both.
  nll              inputs {logProbs, labels}; options {ignoreIndex, classWeights, reduction}.
  presets          see below.

Presets: {"PRESET/cC/tT/aA": {preset, inputs: {studentLogits, teacherLogits, labels}, alpha, temperature,
           softWeight, hardWeight, value, gradient (for studentLogits), soft: {value, gradient}, hard: {value, gradient}}}

  value = softWeight * soft.value + hardWeight * hard.value; `soft` includes the preset's own T factor and reduction,
  `hard` is the mean cross-entropy at temperature 1. `alpha` is OUR alpha, the weight on the soft term, for every preset:

    softWeight = alpha, hardWeight = 1 - alpha          all presets but one
    softWeight = 2 alpha, hardWeight = 2 (1 - alpha)    dbert-code, whose code adds both with weight 1 (alpha 0.5)

  How a library's own numbers map to our alpha:
    hinton, primer, distillkit, easydistill    their alpha (kd_ratio) = ours
    torchdistill, keras, keras3-api            their alpha (student_loss_weight) weighs the hard term: ours = 1 - theirs
    pytorch-tutorial                           soft .25, hard .75: ours = .25
    textbrewer, textbrewer-mse                 kd_loss_weight 1, hard_label_weight 0: ours = 1; with both set, kd / (kd + hard)
                                               (their loss is then kd + hard times ours)
    distilbert                                 the logit and the label term only, 5 : 2, ours = 5/7 (their loss is 7 times ours)
    fastformers, tinybert-pred, tang, bilstm-3p-mse, bilstm-3p-kl, setfit-baseline   no hard term: ours = 1
  `defaults` in the section `presetDefaults`: {PRESET: {alpha, temperature}} in our alpha.
"""

import warnings

import torch
import torch.nn.functional as F

from fixture_file import main, numbers, random_tensor

NAME = "losses.torch-2.13.json"
F64 = torch.float64
warnings.filterwarnings("ignore", message="reduction: 'mean'")  # that the two readings differ is the point

# ---------------------------------------------------------------- the KD presets, one line per row of the methods table
# Each takes student logits, teacher logits [B, C] and T, and returns the soft term with the library's own factors.


def kl_rows(s, t, T):
    """KL(softmax(t/T) || softmax(s/T)) per row [B]."""
    log_s, log_t = F.log_softmax(s / T, -1), F.log_softmax(t / T, -1)
    return (log_t.exp() * (log_t - log_s)).sum(-1)


def soft_ce_rows(s, t, T):
    return -(F.softmax(t / T, -1) * F.log_softmax(s / T, -1)).sum(-1)


def kl_div(s, t, T, reduction):
    """The call that libraries make, kept beside kl_rows as a second reading of the same formula."""
    return F.kl_div(F.log_softmax(s / T, -1), F.softmax(t / T, -1), reduction=reduction)


def hinton(s, t, T):
    return T**2 * kl_rows(s, t, T).mean()


def primer(s, t, T):
    return T**2 * kl_div(s, t, T, "none").mean()  # over B * C: KLDivLoss() as PyTorch has it


def torchdistill(s, t, T):
    return T**2 * kl_div(s, t, T, "batchmean")


def keras3(s, t, T):
    return T**2 * kl_rows(s, t, T).sum() / s.shape[0]  # Keras' KLDivergence: row sums, mean over B


def textbrewer(s, t, T):
    return soft_ce_rows(s, t, T).mean()


def textbrewer_mse(s, t, T):
    return F.mse_loss(s / T, t / T)


def fastformers(s, t, T):
    return soft_ce_rows(s, t, 1.0).mean()  # T is fixed at 1


def tinybert_pred(s, t, T):
    return -(F.softmax(t / T, -1) * F.log_softmax(s / T, -1)).mean()  # over B * C


def distilbert(s, t, T):
    return T**2 * kl_div(s, t, T, "batchmean")


def pytorch_tutorial(s, t, T):
    targets = F.softmax(t / T, -1)
    return T**2 * (targets * (targets.log() - F.log_softmax(s / T, -1))).sum() / s.shape[0]


def tang(s, t, T):
    return F.mse_loss(s, t)


def bilstm_3p_mse(s, t, T):
    return F.mse_loss(s, t, reduction="sum") / s.shape[0]


def bilstm_3p_kl(s, t, T):
    return kl_div(s, t, T, "sum") / T**2 / s.shape[0]


def setfit_baseline(s, t, T):
    return F.mse_loss(s, F.softmax(t, -1))  # student logits against teacher probabilities


def distillkit(s, t, T):
    return T**2 * kl_rows(s, t, T).sum() / s.shape[0]


def easydistill(s, t, T):
    return kl_rows(s, t, 1.0).mean()


def easydistill_reverse(s, t, T):
    return kl_rows(t, s, 1.0).mean()  # KL(student || teacher)


# preset: (soft term, default alpha in our sense, default temperature, does T act)
PRESETS = {
    "hinton": (hinton, 0.5, 2.0, True),
    "primer": (primer, 0.5, 2.0, True),  # the caller gives both
    "torchdistill": (torchdistill, 0.9, 3.0, True),
    "keras": (torchdistill, 0.9, 3.0, True),
    "keras3-api": (keras3, 0.5, 3.0, True),
    "textbrewer": (textbrewer, 1.0, 4.0, True),
    "textbrewer-mse": (textbrewer_mse, 1.0, 4.0, True),
    "fastformers": (fastformers, 1.0, 1.0, False),
    "tinybert-pred": (tinybert_pred, 1.0, 1.0, True),
    "distilbert": (distilbert, 5 / 7, 2.0, True),
    "pytorch-tutorial": (pytorch_tutorial, 0.25, 2.0, True),
    "tang": (tang, 1.0, 1.0, False),
    "dbert-code": (tang, 0.5, 1.0, False),
    "bilstm-3p-mse": (bilstm_3p_mse, 1.0, 1.0, False),
    "bilstm-3p-kl": (bilstm_3p_kl, 1.0, 1.0, True),
    "setfit-baseline": (setfit_baseline, 1.0, 1.0, False),
    "distillkit": (distillkit, 0.5, 2.0, True),
    "easydistill": (easydistill, 0.5, 1.0, False),
    "easydistill-reverse": (easydistill_reverse, 0.5, 1.0, False),
}
LOGITS = {
    3: (
        [[1.0, -0.5, 0.25], [0.3, 0.8, -1.2], [-0.7, 0.1, 0.9]],
        [[2.0, -1.0, 0.5], [-0.4, 1.6, -0.8], [0.2, -0.6, 1.4]],
        [0, 1, 2],
    ),
    5: (
        [[0.2, 1.1, -0.3, 0.0, 0.5], [1.5, -0.2, 0.3, 0.7, -1.0]],
        [[0.1, 2.0, -1.0, 0.2, 0.9], [2.2, 0.0, 0.1, 1.3, -0.7]],
        [1, 3],
    ),
}


def value_and_gradient(f, tensors):
    """f(**tensors) -> scalar; gradients of the tensors that require one."""
    live = {
        k: v.clone().requires_grad_(v.is_floating_point() and k not in ("labels", "probs", "teacherLogits"))
        for k, v in tensors.items()
    }
    value = f(**live)
    wanted = {k: v for k, v in live.items() if v.requires_grad}
    gradients = torch.autograd.grad(value, list(wanted.values()), allow_unused=True)
    return {"value": value.item(), "gradient": {k: numbers(g) for k, g in zip(wanted, gradients) if g is not None}}


def presets():
    cases = {}
    for preset, (soft, alpha0, t0, tempered) in PRESETS.items():
        for classes, (zs, zt, y) in LOGITS.items():
            s, t, labels = torch.tensor(zs, dtype=F64), torch.tensor(zt, dtype=F64), torch.tensor(y)
            settings = [(alpha0, t0), (0.9, 2.0 if tempered else 1.0), (0.3, 4.0 if tempered else 1.0)]
            for alpha, T in dict.fromkeys(settings):
                factor = 2.0 if preset == "dbert-code" else 1.0
                weights = factor * alpha, factor * (1 - alpha)
                soft_term = value_and_gradient(lambda studentLogits: soft(studentLogits, t, T), {"studentLogits": s})
                hard_term = value_and_gradient(
                    lambda studentLogits: F.cross_entropy(studentLogits, labels), {"studentLogits": s}
                )
                whole = value_and_gradient(
                    lambda studentLogits: weights[0] * soft(studentLogits, t, T)
                    + weights[1] * F.cross_entropy(studentLogits, labels),
                    {"studentLogits": s},
                )
                flat = lambda term: {"value": term["value"], "gradient": term["gradient"]["studentLogits"]}
                cases[f"{preset}/c{classes}/t{T:g}/a{alpha:.4g}"] = {
                    "preset": preset,
                    "inputs": {"studentLogits": zs, "teacherLogits": zt, "labels": y},
                    "alpha": alpha,
                    "temperature": T,
                    "softWeight": weights[0],
                    "hardWeight": weights[1],
                    **flat(whole),
                    "soft": flat(soft_term),
                    "hard": flat(hard_term),
                }
    return cases


# ---------------------------------------------------------------- plain losses


def cross_entropy(logits, labels, smoothing, ignore, weights):
    weight = None if weights is None else torch.tensor(weights, dtype=F64)
    classes = logits.shape[-1]
    loss = lambda logits, reduction: F.cross_entropy(
        logits.reshape(-1, classes),
        labels.reshape(-1),
        weight=weight,
        reduction=reduction,
        ignore_index=-100 if ignore is None else ignore,
        label_smoothing=smoothing,
    )
    valid = labels != (-100 if ignore is None else ignore)
    denominator = float(valid.sum()) if weight is None else float(weight[labels[valid]].sum())
    case = {
        "inputs": {"logits": numbers(logits), "labels": labels.tolist()},
        "options": {"labelSmoothing": smoothing, "ignoreIndex": ignore, "classWeights": weights},
        "rows": numbers(loss(logits, "none").reshape(labels.shape)),
        "denominator": denominator,
    }
    for reduction in ("sum", "mean"):
        case[reduction] = value_and_gradient(lambda logits: loss(logits, reduction), {"logits": logits})
    assert abs(case["mean"]["value"] - case["sum"]["value"] / denominator) < 1e-12
    return case


def make():
    generator = torch.Generator().manual_seed(13)
    draw = lambda *shape, scale=1.0: random_tensor(generator, shape, scale)
    logits, labels = draw(4, 5, scale=1.5), torch.tensor([3, 0, 4, 1])
    other = draw(4, 5, scale=1.5)
    weights5 = [0.5, 2.0, 1.25, 0.75, 3.0]
    sections = {
        "_meta": {
            "witness": f"torch {torch.__version__.split('+')[0]}, float64",
            "script": "test/python/make_losses.py",
        }
    }

    cases = {}
    for smoothing in (0.0, 0.1):
        for ignore in (None, -100, 2):
            for weights in (None, weights5):
                y = labels.clone()
                if ignore is not None:
                    y[2] = ignore
                name = (
                    f"smoothing{smoothing:g}"
                    + ("" if ignore is None else f"/ignore{ignore}")
                    + ("/weights" if weights else "")
                )
                cases[name] = cross_entropy(logits, y, smoothing, ignore, weights)
    cases["extreme"] = cross_entropy(
        torch.tensor([[800.0, -800.0, 0.0], [-800.0, 800.0, 0.0]], dtype=F64), torch.tensor([0, 0]), 0.0, None, None
    )
    cases["one-row"] = cross_entropy(logits[:1], labels[:1], 0.0, None, None)
    sections["crossEntropy"] = cases
    tokens, token_labels = draw(2, 3, 4), torch.tensor([[1, -100, 0], [3, 2, -100]])
    sections["crossEntropyTokens"] = {
        "plain": cross_entropy(tokens, token_labels, 0.0, -100, None),
        "smoothing0.1/weights": cross_entropy(tokens, token_labels, 0.1, -100, [1.0, 0.5, 2.0, 1.5]),
    }

    probs = torch.tensor(
        [
            [0.1, 0.2, 0.3, 0.4, 0.0],
            [1.0, 0.0, 0.0, 0.0, 0.0],
            [0.2, 0.2, 0.2, 0.2, 0.2],
            [0.05, 0.15, 0.5, 0.05, 0.25],
        ],
        dtype=F64,
    )
    cases = {}
    for smoothing in (0.0, 0.1):
        for weights in (None, weights5):
            weight = None if weights is None else torch.tensor(weights, dtype=F64)
            cases[f"smoothing{smoothing:g}" + ("/weights" if weights else "")] = {
                "inputs": {"logits": numbers(logits), "probs": numbers(probs)},
                "options": {"labelSmoothing": smoothing, "classWeights": weights},
                **value_and_gradient(
                    lambda logits, probs: F.cross_entropy(logits, probs, weight=weight, label_smoothing=smoothing),
                    {"logits": logits, "probs": probs},
                ),
            }
    sections["softCrossEntropy"] = cases

    cases = {}
    log_probs = F.log_softmax(logits, -1)
    for log_target in (False, True):
        target = F.log_softmax(other, -1) if log_target else probs
        for reduction in ("sum", "batchmean", "mean"):
            cases[reduction + ("/logTarget" if log_target else "")] = {
                "inputs": {"logProbs": numbers(log_probs), "target": numbers(target)},
                "options": {"reduction": reduction, "logTarget": log_target},
                **value_and_gradient(
                    lambda logProbs: F.kl_div(logProbs, target, reduction=reduction, log_target=log_target),
                    {"logProbs": log_probs},
                ),
            }
    sections["kl"] = cases
    sections["klLogits"] = {
        f"{reduction}/t{T:g}": {
            "inputs": {"studentLogits": numbers(logits), "teacherLogits": numbers(other)},
            "options": {"reduction": reduction, "temperature": T},
            **value_and_gradient(
                lambda studentLogits: kl_div(studentLogits, other, T, reduction), {"studentLogits": logits}
            ),
        }
        for reduction in ("batchmean", "mean")
        for T in (1.0, 3.0, 20.0)
    }
    sections["mse"] = {
        reduction: {
            "inputs": {"x": numbers(logits), "target": numbers(other)},
            "options": {"reduction": reduction},
            **value_and_gradient(lambda x: F.mse_loss(x, other, reduction=reduction), {"x": logits}),
        }
        for reduction in ("sum", "mean")
    }
    cases = {}
    for sign in (1, -1):
        for margin in (0.0, 0.3) if sign == -1 else (0.0,):
            cases[f"sign{sign}/margin{margin:g}"] = {
                "inputs": {"x": numbers(logits), "target": numbers(other)},
                "options": {"sign": sign, "margin": margin},
                **value_and_gradient(
                    lambda x, target: F.cosine_embedding_loss(x, target, torch.full((4,), sign), margin=margin),
                    {"x": logits, "target": other},
                ),
            }
    one_minus = (1 - F.cosine_similarity(logits, other, dim=-1)).mean().item()
    assert abs(one_minus - cases["sign1/margin0"]["value"]) < 1e-12
    sections["cosineEmbedding"] = cases
    cases = {}
    for weights in (None, weights5):
        for ignore in (-100, 2):
            for reduction in ("sum", "mean"):
                y = labels.clone()
                y[2] = ignore
                weight = None if weights is None else torch.tensor(weights, dtype=F64)
                cases[f"{reduction}/ignore{ignore}" + ("/weights" if weights else "")] = {
                    "inputs": {"logProbs": numbers(log_probs), "labels": y.tolist()},
                    "options": {"reduction": reduction, "ignoreIndex": ignore, "classWeights": weights},
                    **value_and_gradient(
                        lambda logProbs: F.nll_loss(
                            logProbs, y, weight=weight, ignore_index=ignore, reduction=reduction
                        ),
                        {"logProbs": log_probs},
                    ),
                }
    sections["nll"] = cases
    sections["presetDefaults"] = {
        k: {"alpha": alpha, "temperature": T, "temperatureActs": tempered}
        for k, (_, alpha, T, tempered) in PRESETS.items()
    }
    sections["presets"] = presets()
    return sections


if __name__ == "__main__":
    main(NAME, make)
