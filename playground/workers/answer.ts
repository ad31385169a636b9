/** @file Answers by a model in ONNX for `openServed`. */
import { serveInference } from '../../src/inference/worker-web.js';

serveInference();
