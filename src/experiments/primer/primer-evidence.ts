/** @file What the primer's report shows besides accuracies. */
import type { Dataset } from '../../data/dataset.js';
import type { Mnist } from '../../data/mnist.js';
import { loadModel } from '../../models/saved-model.js';
import { type Predictions, withEvaluator } from '../../training/evaluation/evaluate.js';
import { BY_TEACHER, evidenceOf } from '../evidence.js';
import type { Evidence } from '../experiment-record.schema.js';

const SIDE = 28;

export type PrimerEvidenceOptions = {
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
export async function primerEvidence(options: PrimerEvidenceOptions): Promise<Evidence> {
  const { test, split, teacher, runs, seed, arm, over } = options;
  const answers = new Map<string, Predictions>();
  for (const [by, path] of [[BY_TEACHER, teacher] as const, ...Object.entries(runs)]) {
    answers.set(by, await predictionsBy(path, test));
  }
  return evidenceOf({
    answers,
    classes: test.labelNames,
    labels: split.labels,
    exampleOf: (row) => ({
      id: String(row),
      label: split.labels[row] ?? 0,
      image: {
        width: SIDE,
        height: SIDE,
        pixels: Buffer.from(split.images.subarray(row * SIDE * SIDE, (row + 1) * SIDE * SIDE)).toString('base64'),
      },
    }),
    seed,
    arm,
    over,
  });
}

async function predictionsBy(path: string, data: Dataset): Promise<Predictions> {
  const { model, weights } = await loadModel(path);
  return withEvaluator({ model, data, threads: 1 }, (evaluator) => evaluator.predict(weights));
}
