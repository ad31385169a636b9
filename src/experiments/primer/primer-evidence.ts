/** @file What the report shows besides accuracies: who confuses what, what the teacher says at several temperatures. */
import type { Dataset } from '../../data/dataset.js';
import type { Mnist } from '../../data/mnist.js';
import { loadModel } from '../../models/saved-model.js';
import { openEvaluator, type Predictions } from '../../training/evaluate.js';
import type { Evidence, Example } from '../experiment-record.schema.js';

const SIDE = 28;
const DIGITS = 10;
const TEMPERATURES = [1, 2, 5, 20];
const SOFTENED_DIGITS = 4;
const ONLY_RIGHT_EXAMPLES = 8;
/** Four decimals are more than a chart shows. */
const ROUNDING = 1e4;

export type EvidenceOptions = {
  readonly test: Dataset;
  readonly split: Mnist['test'];
  readonly teacher: string;
  /** The folder of a run, by arm. */
  readonly runs: Readonly<Record<string, string>>;
  readonly seed: number;
  /** The pair whose answers are compared row by row. */
  readonly arm: string;
  readonly over: string;
};

/** Answers of the teacher and of some arms' models of one seed on the test images. */
export async function primerEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { test, split, teacher, runs, seed, arm, over } = options;
  const labels = Array.from(split.labels);
  const answers = new Map<string, Predictions>();
  for (const [by, path] of [['teacher', teacher] as const, ...Object.entries(runs)]) {
    answers.set(by, await predictionsOf(path, test));
  }
  const exampleOf = (row: number): Example => ({
    id: String(row),
    label: labels[row] ?? 0,
    image: {
      width: SIDE,
      height: SIDE,
      pixels: Buffer.from(split.images.subarray(row * SIDE * SIDE, (row + 1) * SIDE * SIDE)).toString('base64'),
    },
  });
  const of = (by: string) => answers.get(by) as Predictions;
  const isRight = (by: string) => (row: number) => of(by).classes[row] === labels[row];
  const rows = labels.map((_, row) => row);
  const onlyArm = rows.filter((row) => isRight(arm)(row) && !isRight(over)(row));
  const onlyOther = rows.filter((row) => isRight(over)(row) && !isRight(arm)(row));
  return {
    classes: [...test.labelNames],
    confusion: [...answers].map(([by, { classes }]) => ({
      by,
      ...(by !== 'teacher' && { seed }),
      counts: confusion(labels, classes),
    })),
    softened: leastSure(of('teacher'), labels).map((row) => ({
      by: 'teacher',
      example: exampleOf(row),
      at: TEMPERATURES.map((temperature) => ({
        temperature,
        probabilities: softened(of('teacher').logits.subarray(row * DIGITS, (row + 1) * DIGITS), temperature),
      })),
    })),
    onlyRight: [
      {
        arm,
        over,
        seed,
        onlyArm: onlyArm.length,
        onlyOther: onlyOther.length,
        rows: rows.length,
        examples: onlyArm.slice(0, ONLY_RIGHT_EXAMPLES).map((row) => ({
          example: exampleOf(row),
          answers: ['teacher', arm, over].map((by) => ({
            by,
            label: of(by).classes[row] as number,
            probabilities: softened(of(by).logits.subarray(row * DIGITS, (row + 1) * DIGITS), 1),
          })),
        })),
      },
    ],
  };
}

async function predictionsOf(path: string, data: Dataset): Promise<Predictions> {
  const { model, weights } = await loadModel(path);
  const evaluator = await openEvaluator({ model, data, threads: 1 });
  try {
    return await evaluator.predict(weights);
  } finally {
    await evaluator.release();
  }
}

function confusion(labels: readonly number[], classes: Int32Array): number[][] {
  const counts = Array.from({ length: DIGITS }, () => new Array<number>(DIGITS).fill(0));
  for (const [row, label] of labels.entries()) {
    const line = counts[label] as number[];
    const said = classes[row] as number;
    line[said] = (line[said] ?? 0) + 1;
  }
  return counts;
}

/** Of the teacher's right answers those nearest to 60 %, one a digit: there a temperature has something to show. */
function leastSure({ probabilities, classes }: Predictions, labels: readonly number[]): number[] {
  const byDigit = new Map<number, { row: number; distance: number }>();
  for (const [row, label] of labels.entries()) {
    if (classes[row] !== label) continue;
    const distance = Math.abs((probabilities[row * DIGITS + label] as number) - 0.6);
    if (distance < (byDigit.get(label)?.distance ?? Number.POSITIVE_INFINITY)) byDigit.set(label, { row, distance });
  }
  return [...byDigit.values()]
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SOFTENED_DIGITS)
    .map(({ row }) => row);
}

/** softmax(z / T) */
function softened(logits: Float32Array, temperature: number): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => Math.round((power / total) * ROUNDING) / ROUNDING);
}
