import { serveTraining } from 'retort-ml/browser';
import * as runtime from 'onnxruntime-web/wasm';

runtime.env.wasm.wasmPaths = '/ort/';
serveTraining();
