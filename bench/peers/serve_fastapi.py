"""FastAPI and ONNX Runtime as a Python team would serve a student: `python serve_fastapi.py STUDENT PORT`.

One process, one thread of ONNX Runtime, and batches of what waits (32 at most), which run in a thread of their own. Tokens
come from Hugging Face's `tokenizers`. Needs fastapi, uvicorn[standard], onnxruntime, tokenizers, numpy.
"""
import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import onnxruntime as ort
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from tokenizers import Tokenizer

MOST_ROWS = 32
MOST_TOKENS = 512
folder, port = Path(sys.argv[1]), int(sys.argv[2])
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
names = {value.name for value in session.get_inputs()}
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.enable_truncation(MOST_TOKENS)
labels = json.loads(session.get_modelmeta().custom_metadata_map["retort.labels"])
pool = ThreadPoolExecutor(1)


def predict(rows):
    width = max(len(row.ids) for row in rows)
    feeds = {name: np.zeros((len(rows), width), np.int64) for name in names}
    for i, row in enumerate(rows):
        n = len(row.ids)
        feeds["input_ids"][i, :n] = row.ids
        if "attention_mask" in feeds:
            feeds["attention_mask"][i, :n] = 1
    logits = session.run(["logits"], feeds)[0].astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


async def run(queue):
    loop = asyncio.get_running_loop()
    while True:
        batch = [await queue.get()]
        while len(batch) < MOST_ROWS and not queue.empty():
            batch.append(queue.get_nowait())
        rows = await loop.run_in_executor(pool, predict, [row for row, _ in batch])
        for (_, done), row in zip(batch, rows):
            if not done.cancelled():
                done.set_result(row)


@asynccontextmanager
async def lifespan(app):
    app.state.queue = asyncio.Queue()
    task = asyncio.create_task(run(app.state.queue))
    yield
    task.cancel()


app = FastAPI(lifespan=lifespan)


class Body(BaseModel):
    text: str


@app.post("/predict")
async def predict_one(body: Body):
    done = asyncio.get_running_loop().create_future()
    app.state.queue.put_nowait((tokenizer.encode(body.text), done))
    row = await done
    best = int(row.argmax())
    return {"label": labels[best], "score": float(row[best])}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
