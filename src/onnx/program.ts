import type { Dtype } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';

export type ValueInfo = { readonly name: string; readonly dtype: Dtype; readonly shape: Shape };

/** A graph ready to run: the bytes of an ONNX model and what goes in and out, by name. */
export type OnnxProgram = {
  readonly bytes: Uint8Array;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
};
