/** @file What exported weights are stored and computed in. */

export type PrecisionEntry = {
  /** For the help page. */
  readonly help: string;
  /** Its name in a folder `onnx/`, where transformers.js looks for it. */
  readonly file: string;
  /** What transformers.js calls it. */
  readonly dtype: string;
};

export const PRECISIONS = {
  float32: { help: 'as trained', file: 'model.onnx', dtype: 'fp32' },
  float16: { help: 'half the size, computed in float32', file: 'model_fp16.onnx', dtype: 'fp16' },
  int8: { help: 'a quarter of the size', file: 'model_quantized.onnx', dtype: 'q8' },
} as const satisfies Readonly<Record<string, PrecisionEntry>>;

export type Precision = keyof typeof PRECISIONS;

export const PRECISION_NAMES = Object.keys(PRECISIONS) as readonly Precision[];

export const PRECISION_HELP = Object.entries(PRECISIONS)
  .map(([name, { help }]) => `${name}: ${help}`)
  .join('; ');
