"""Layers, LSTMs and a two-layer BERT of PyTorch 2.13 and transformers, float64. Writes nn.torch-2.13.json.

Format: section `layers` (one entry a case) and section `bert`.

  layers   {"NAME": {options, parameters: {torch name: nested}, inputs: {name: nested}, cotangents: {output name: nested},
            outputs: {name: nested}, gradients: {parameter or input name: nested}}}
           gradients are those of L = sum over the outputs of sum(cotangent * output). Integer inputs have no gradient.

           linear, linear-3d         x [..., in], weight [out, in], bias [out]
           embedding[-padding]       ids [B,S], weight [V,H]; options.paddingIndex: its row gets gradient 0 (and keeps its value)
           layer-norm                x [B,S,H], weight, bias; options.epsilon
           gelu, gelu-tanh           x; exact (erf) and tanh approximation
           softmax, log-softmax      x, over the last axis (and `softmax-axis1`)
           relu, tanh, sigmoid       x
           lstm-cell                 x [B,E], h [B,h], c [B,h]; weight_ih [4h,E], weight_hh, bias_ih, bias_hh; gate order i f g o;
                                     outputs h1, c1
           lstm[-bidirectional]      x [B,S,E], lengths [B] (packed, so padding is never read): outputs `y` [B,S,h or 2h] with zeros
                                     at padding, `h` and `c` [directions, B, h], the last *valid* state (h[1] the backward one, at
                                     token 0); parameters *_l0 and *_l0_reverse

  bert     config, parameters (Hugging Face names of BertModel), inputs (inputIds, attentionMask, tokenTypeIds [B,S]; eval mode, eager
           attention), outputs: hiddenStates (L+1 tensors [B,S,H]), lastHiddenState, pooled [B,H], attentionProbs (L tensors
           [B,A,S,S]); cotangents for lastHiddenState and pooled; loss = sum(r * lastHiddenState) + sum(r * pooled);
           gradients for every parameter. Weights are larger than at initialisation and biases are not zero, so that every
           term shows. Gradients of *.self.key.bias are zero in exact arithmetic (softmax ignores a shift) and noise of 1e-15
           here: compare them with an absolute tolerance. The cotangent covers padded positions too: their queries still see the valid tokens.
  bertMasked  the same loss with the cotangent of padded positions zeroed: {loss, gradients}.
"""

import torch
import transformers
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import BertConfig, BertModel

from fixture_file import main, numbers, random_tensor

NAME = "nn.torch-2.13.json"
F64 = torch.float64


def case(generator, f, parameters, inputs, options=None):
    """Runs f(parameters, inputs) -> {name: tensor} and differentiates sum(cotangent * output)."""
    live = {k: v.clone().requires_grad_(v.is_floating_point()) for k, v in {**parameters, **inputs}.items()}
    outputs = f({k: live[k] for k in parameters}, {k: live[k] for k in inputs})
    cotangents = {k: random_tensor(generator, tuple(v.shape)) for k, v in outputs.items()}
    loss = sum((cotangents[k] * v).sum() for k, v in outputs.items())
    wanted = {k: v for k, v in live.items() if v.requires_grad}
    gradients = torch.autograd.grad(loss, list(wanted.values()))
    listed = lambda tensors: {k: numbers(v) for k, v in tensors.items()}
    return {
        "options": options or {},
        "parameters": listed(parameters),
        "inputs": listed(inputs),
        "cotangents": listed(cotangents),
        "outputs": listed(outputs),
        "gradients": listed(dict(zip(wanted, gradients))),
    }


def layers():
    generator = torch.Generator().manual_seed(7)
    draw = lambda *shape, scale=1.0: random_tensor(generator, shape, scale)
    run = lambda f, parameters, inputs, options=None: case(generator, f, parameters, inputs, options)
    F = torch.nn.functional
    y = lambda value: {"y": value}
    cases = {}

    cases["linear"] = run(
        lambda p, i: y(F.linear(i["x"], p["weight"], p["bias"])),
        {"weight": draw(3, 4), "bias": draw(3)},
        {"x": draw(2, 4)},
    )
    cases["linear-3d"] = run(
        lambda p, i: y(F.linear(i["x"], p["weight"])), {"weight": draw(3, 4)}, {"x": draw(2, 3, 4)}, {"bias": False}
    )
    ids = torch.tensor([[1, 0, 4, 1], [2, 1, 0, 0]])
    for padding in (None, 0):
        cases["embedding" + ("" if padding is None else "-padding")] = run(
            lambda p, i: y(F.embedding(i["ids"], p["weight"], padding_idx=padding)),
            {"weight": draw(5, 3)},
            {"ids": ids},
            {"paddingIndex": padding},
        )
    for epsilon in (1e-5, 1e-12):
        cases["layer-norm" + ("" if epsilon == 1e-5 else "-bert-epsilon")] = run(
            lambda p, i: y(F.layer_norm(i["x"], (4,), p["weight"], p["bias"], epsilon)),
            {"weight": draw(4), "bias": draw(4)},
            {"x": draw(2, 3, 4)},
            {"epsilon": epsilon},
        )
    points = torch.tensor([[-30.0, -6.0, -3.0, -1.0, -0.5, 0.0], [0.001, 0.5, 1.0, 2.5, 6.0, 30.0]], dtype=F64)
    cases["gelu"] = run(lambda p, i: y(F.gelu(i["x"])), {}, {"x": points})
    cases["gelu-tanh"] = run(lambda p, i: y(F.gelu(i["x"], approximate="tanh")), {}, {"x": points})
    cases["relu"] = run(lambda p, i: y(F.relu(i["x"])), {}, {"x": draw(2, 5)})
    cases["tanh"] = run(lambda p, i: y(torch.tanh(i["x"])), {}, {"x": points})
    cases["sigmoid"] = run(lambda p, i: y(torch.sigmoid(i["x"])), {}, {"x": points})
    cases["softmax"] = run(lambda p, i: y(F.softmax(i["x"], -1)), {}, {"x": draw(2, 3, 4, scale=2.0)})
    cases["softmax-axis1"] = run(lambda p, i: y(F.softmax(i["x"], 1)), {}, {"x": draw(2, 3, 4, scale=2.0)})
    cases["log-softmax"] = run(lambda p, i: y(F.log_softmax(i["x"], -1)), {}, {"x": draw(2, 3, 4, scale=2.0)})
    cases["log-softmax-extreme"] = run(
        lambda p, i: y(F.log_softmax(i["x"], -1)),
        {},
        {"x": torch.tensor([[800.0, -800.0, 0.0], [1e-3, 0.0, -1e3]], dtype=F64)},
    )

    E, H = 3, 2
    cell = {"weight_ih": draw(4 * H, E), "weight_hh": draw(4 * H, H), "bias_ih": draw(4 * H), "bias_hh": draw(4 * H)}

    def lstm_cell(p, i):
        module = torch.nn.LSTMCell(E, H).to(F64)
        h, c = torch.func.functional_call(module, p, (i["x"], (i["h"], i["c"])))
        return {"h1": h, "c1": c}

    cases["lstm-cell"] = run(lstm_cell, cell, {"x": draw(3, E), "h": draw(3, H), "c": draw(3, H)})
    lengths = torch.tensor([5, 3, 1])
    for bidirectional in (False, True):
        module = torch.nn.LSTM(E, H, batch_first=True, bidirectional=bidirectional).to(F64)
        names = [k for k, _ in module.named_parameters()]
        parameters = {k: draw(*p.shape, scale=0.7) for k, p in module.named_parameters()}
        assert names == list(parameters)

        def lstm(p, i):
            class Packed(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.lstm = module

                def forward(self, x):
                    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
                    out, (h, c) = self.lstm(packed)
                    return pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])[0], h, c

            out, h, c = torch.func.functional_call(Packed(), {f"lstm.{k}": v for k, v in p.items()}, (i["x"],))
            return {"y": out, "h": h, "c": c}

        cases["lstm" + ("-bidirectional" if bidirectional else "")] = run(
            lstm,
            parameters,
            {"x": draw(3, 5, E), "lengths": lengths},
            {"hiddenSize": H, "bidirectional": bidirectional},
        )
    return cases


def bert():
    generator = torch.Generator().manual_seed(11)
    config = BertConfig(
        hidden_size=8,
        num_attention_heads=2,
        num_hidden_layers=2,
        intermediate_size=16,
        vocab_size=20,
        max_position_embeddings=12,
        type_vocab_size=2,
        hidden_act="gelu",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=0,
        attn_implementation="eager",
    )
    model = BertModel(config).to(F64).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
            p.copy_(
                torch.tensor(
                    [
                        round(x, 4)
                        for x in (centre + random_tensor(generator, tuple(p.shape), 0.35).reshape(-1)).tolist()
                    ],
                    dtype=F64,
                ).reshape(p.shape)
            )
    ids = torch.tensor([[2, 7, 11, 19, 3, 0], [2, 5, 5, 3, 0, 0], [2, 13, 8, 1, 9, 3]])
    mask = torch.tensor([[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]])
    types = torch.tensor([[0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1]])
    out = model(ids, attention_mask=mask, token_type_ids=types, output_hidden_states=True, output_attentions=True)
    r_last, r_pooled = random_tensor(generator, tuple(out.last_hidden_state.shape)), random_tensor(
        generator, tuple(out.pooler_output.shape)
    )
    names, parameters = zip(*model.named_parameters())

    def differentiate(cotangent):
        loss = (cotangent * out.last_hidden_state).sum() + (r_pooled * out.pooler_output).sum()
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True)
        return {"loss": loss.item(), "gradients": {k: numbers(g) for k, g in zip(names, gradients)}}

    keys = (
        "hidden_size",
        "num_attention_heads",
        "num_hidden_layers",
        "intermediate_size",
        "vocab_size",
        "max_position_embeddings",
        "type_vocab_size",
        "hidden_act",
        "layer_norm_eps",
        "pad_token_id",
    )
    whole = {
        "config": {k: getattr(config, k) for k in keys},
        "inputs": {"inputIds": ids.tolist(), "attentionMask": mask.tolist(), "tokenTypeIds": types.tolist()},
        "cotangents": {"lastHiddenState": numbers(r_last), "pooled": numbers(r_pooled)},
        "parameters": {k: numbers(p) for k, p in zip(names, parameters)},
        "outputs": {
            "lastHiddenState": numbers(out.last_hidden_state),
            "pooled": numbers(out.pooler_output),
            "hiddenStates": [numbers(h) for h in out.hidden_states],
            "attentionProbs": [numbers(a) for a in out.attentions],
        },
        **differentiate(r_last),
    }
    return whole, differentiate(r_last * mask[:, :, None])


def make():
    whole, masked = bert()
    meta = {
        "witness": f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, float64",
        "script": "test/python/make_nn.py",
    }
    return {"_meta": meta, "layers": layers(), "bert": whole, "bertMasked": masked}


if __name__ == "__main__":
    main(NAME, make)
