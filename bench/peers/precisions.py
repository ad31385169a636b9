"""The forms of an exported BERT in Python's ONNX Runtime, what `quantize_dynamic` makes of it, and PyTorch: the peer that
bench/int8.bench.ts alternates rounds with.

    python bench/peers/precisions.py --folder FOLDER [--threads 1]

FOLDER holds float32.onnx and other .onnx files, rows.json ({"ids": [[…] …]}, rows of one length) and a Hugging Face folder
`hf`. After {"ready": true, …, "forms": {name: bytes}} a request {"form", "batch", "calls"} is answered with {"times"} in ms.
"""

import argparse
import json
import os
import time

import modes
from line_protocol import serve


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", required=True)
    modes.add_arguments(parser)
    args = parser.parse_args()
    modes.begin(args)

    import numpy as np
    import onnxruntime
    import torch
    import transformers
    from onnxruntime.quantization import QuantType, quantize_dynamic

    transformers.logging.set_verbosity_error()
    path = lambda name: os.path.join(args.folder, name)  # noqa: E731
    made = path("quantize_dynamic.onnx")
    quantize_dynamic(path("float32.onnx"), made, weight_type=QuantType.QInt8)
    with open(path("rows.json")) as file:
        ids = np.array(json.load(file)["ids"], dtype=np.int64)
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    sessions = {
        name.removesuffix(".onnx"): onnxruntime.InferenceSession(path(name), options, providers=["CPUExecutionProvider"])
        for name in sorted(os.listdir(args.folder))
        if name.endswith(".onnx")
    }
    model = transformers.AutoModelForSequenceClassification.from_pretrained(path("hf")).eval()

    def call(form, rows):
        feeds = {name: values[rows] for name, values in inputs.items()}
        if form != "pytorch":
            return lambda: sessions[form].run(["logits"], feeds)
        tensors = {name: torch.from_numpy(values) for name, values in feeds.items()}
        return lambda: model(**tensors)

    def answer(request):
        times = []
        with torch.inference_mode():
            for i in range(request["calls"]):
                first = (i * request["batch"]) % (len(ids) - request["batch"] + 1)
                run = call(request["form"], slice(first, first + request["batch"]))
                start = time.perf_counter()
                run()
                times.append(1000 * (time.perf_counter() - start))
        return {"times": times}

    forms = {**{name: os.path.getsize(path(f"{name}.onnx")) for name in sessions}, "pytorch": None}
    serve({**modes.environment(args), "onnxruntime": onnxruntime.__version__, "forms": forms}, answer)


if __name__ == "__main__":
    main()
