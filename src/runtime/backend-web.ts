/** @file ONNX Runtime's WebAssembly build, for training in browsers. */
import { OptionError } from '../errors/failures.js';
import type { Backend, Opened, SessionOptions } from './backend.js';
import { openNative } from './web-runtime.js';

/** It leaves the arrays that are given for outputs unwritten, and says nothing: a training would see a loss of 0. */
export const backend: Backend = { writesOutputs: false, open };

async function open(model: string | Uint8Array, options: SessionOptions): Promise<Opened> {
  const { device, threads } = options;
  if (typeof model !== 'string') return openNative(model, { device, threads });
  throw new OptionError({ where: 'model', wanted: 'its bytes, in a browser', got: `a path, ${model}` });
}
