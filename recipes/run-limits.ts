/** @file How much of the machine a recipe takes and how long its runs are: flags that several have. */

/** For `parseArgs`. */
export const LIMITS = {
  threads: { type: 'string' },
  /** Fewer steps, to see that everything runs. Give other places for what comes out, too. */
  'max-steps': { type: 'string' },
} as const;

export type Limits = {
  /** Of ONNX Runtime. */
  readonly threads?: number;
  readonly maxSteps?: number;
};

export function limitsOf(values: { readonly threads?: string; readonly 'max-steps'?: string }): Limits {
  const { threads, 'max-steps': maxSteps } = values;
  return {
    ...(threads !== undefined && { threads: Number(threads) }),
    ...(maxSteps !== undefined && { maxSteps: Number(maxSteps) }),
  };
}
