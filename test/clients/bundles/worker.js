import { serveInference } from 'retort-ml/inference';
import * as runtime from 'onnxruntime-web/wasm';

runtime.env.wasm.wasmPaths = '/ort/';
runtime.env.wasm.numThreads = 1;
serveInference({ runtime });
