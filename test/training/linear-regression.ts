/** @file A step without a graph: y = w · x fitted by gradient descent, on a data set that is made up. */
import { type Batch, type Dataset, paddedRows, paddingWeights } from '../../src/data/dataset.js';
import { type Tensor, tensor } from '../../src/tensor/tensor.js';
import type { StepInput, StepResult, TrainingStep } from '../../src/training/step/step.js';

const FEATURES = 2;
/** Rows of the data set satisfy y = 3 x_0 − x_1. */
const TRUE = [3, -1] as const;

export function lineData(size: number): Dataset {
  const feature = (row: number, i: number) => Math.sin(1 + row * (i + 1.7));
  return {
    name: 'line',
    size,
    labelNames: [],
    batch: (rows, paddedTo = rows.length): Batch => {
      const padded = paddedRows(rows, paddedTo, size, 'line');
      const x = new Float32Array(paddedTo * FEATURES);
      const y = new Float32Array(paddedTo);
      padded.forEach((row, i) => {
        for (let f = 0; f < FEATURES; f++) x[i * FEATURES + f] = feature(row, f);
        y[i] = TRUE[0] * feature(row, 0) + TRUE[1] * feature(row, 1);
      });
      return {
        inputs: { x: tensor('float32', [paddedTo, FEATURES], x), y: tensor('float32', [paddedTo], y) },
        ids: Array.from(padded),
        weights: paddingWeights(rows.length, paddedTo),
      };
    },
  };
}

export type LineStep = TrainingStep & {
  /** Inputs of all steps so far. */
  readonly seen: StepInput[];
  /** Lengths of the runs so far. */
  readonly runs: number[];
};

export type LineOptions = {
  readonly stepsPerRun?: number;
  /** A step, from 1, whose loss is not finite. */
  readonly failsAt?: number;
  /** Called within each run, to pass time or to interrupt. */
  readonly during?: (steps: number) => void;
};

/** w ← w − learningRate · ∇ mean over weighted rows of (w · x − y)², in float32 as tensors are. */
export function lineStep({ stepsPerRun = 4, failsAt, during }: LineOptions = {}): LineStep {
  let w: Float32Array = new Float32Array(FEATURES);
  const seen: StepInput[] = [];
  const runs: number[] = [];
  const apply = ({ batches, learningRate }: StepInput): { loss: number; norm: number } => {
    const gradient = [0, 0];
    let loss = 0;
    let count = 0;
    for (const { inputs, weights } of batches) {
      const x = inputs.x?.data as Float32Array;
      const y = inputs.y?.data as Float32Array;
      for (const [row, weight] of weights.entries()) {
        const at = (f: number) => x[row * FEATURES + f] as number;
        const error = at(0) * (w[0] as number) + at(1) * (w[1] as number) - (y[row] as number);
        loss += weight * error * error;
        count += weight;
        for (let f = 0; f < FEATURES; f++) gradient[f] = (gradient[f] as number) + weight * 2 * error * at(f);
      }
    }
    w = w.map((value, f) => value - (learningRate * (gradient[f] as number)) / count);
    return { loss: loss / count, norm: Math.hypot(...gradient) / count };
  };
  const copy = (): Tensor<'float32'> => tensor('float32', [FEATURES], w.slice());
  return {
    seen,
    runs,
    stepsPerRun,
    async run(steps) {
      runs.push(steps.length);
      let isAlive = true;
      const results = steps.map((input): StepResult => {
        seen.push(input);
        isAlive &&= input.step !== failsAt;
        const { loss, norm } = isAlive ? apply(input) : { loss: Number.NaN, norm: Number.NaN };
        return { loss, losses: { square: loss }, gradientNorm: norm, isApplied: isAlive };
      });
      during?.(steps.length);
      return results;
    },
    parameters: () => ({ w: copy() }),
    state: () => ({ 'model.w': copy() }),
    load: (state) => {
      w = Float32Array.from(state['model.w']?.data as Float32Array);
    },
    release: async () => {},
  };
}
