/**
 * @file The article's three models over seeds 42 … 61, at its own settings: teacher 784-16-10 on 60,000 images for 3
 * epochs, 784-4-10 on the first 800 images for 40, and the same with the teacher's help (alpha 0.8, T 20, KL as
 * PyTorch's default divides it). Adam 5e-3, batch 64. Resumes by seed; appends to `results/mnist-retort.json`.
 * `test/python/compare_ks.py` holds the list against PyTorch's.
 *
 *   npm run recipe -- mnist-article [--seeds 20] [--out results/mnist-retort.json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMnist, mnistDataset } from '../src/entries/data.js';
import { hinton, supervised } from '../src/entries/methods.js';
import { loadModel, mlp } from '../src/entries/models.js';
import { adam } from '../src/entries/optim.js';
import { modelTeacher } from '../src/entries/teachers.js';
import { type RunOptions, runTraining } from '../src/entries/training.js';
import { keptJson } from './kept-json.js';
import { writeFileAtomic } from './write-file.js';

type SeedRun = { readonly seed: number; readonly teacher: number; readonly small: number; readonly smallKd: number };
type Results = { readonly settings: object; readonly runs: SeedRun[] };

const FIRST_SEED = 42;
const SETTINGS = {
  learningRate: 5e-3,
  batchSize: 64,
  teacher: { hidden: 16, trainImages: 60_000, epochs: 3 },
  small: { hidden: 4, trainImages: 800, epochs: 40 },
  kd: { alpha: 0.8, temperature: 20, preset: 'primer' },
  accuracy: 'percent of 10,000 test images after the last epoch',
} as const;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '20' },
      out: { type: 'string', default: 'results/mnist-retort.json' },
    },
  });
  const { teacher, small, kd } = SETTINGS;
  const results = keptJson<Results>(values.out, { settings: SETTINGS, runs: [] });
  const folder = mkdtempSync(join(tmpdir(), 'retort-article-'));
  try {
    const mnist = await loadMnist(join(folder, 'data'), {});
    const evaluation = mnistDataset(mnist.test);
    const accuracyOf = async (
      outputDir: string,
      seed: number,
      options: Pick<RunOptions, 'model' | 'method' | 'epochs'> & Partial<RunOptions>,
      images: number,
    ) => {
      const { record } = await runTraining({
        data: { train: mnistDataset(mnist.train, { maxSamples: images }), evaluation },
        optimizer: adam({ learningRate: SETTINGS.learningRate }),
        batchSize: SETTINGS.batchSize,
        evalBatchSize: 1000,
        seed,
        threads: 1,
        outputDir,
        ...options,
      });
      return Number(((record.metrics.accuracy ?? Number.NaN) * 100).toFixed(2));
    };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + Number(values.seeds); seed++) {
      if (results.runs.some((run) => run.seed === seed)) continue;
      const at = (name: string) => join(folder, `${seed}-${name}`);
      const large = { model: mlp({ hidden: [teacher.hidden] }), method: supervised({}), epochs: teacher.epochs };
      const little = { model: mlp({ hidden: [small.hidden] }), epochs: small.epochs };
      const teacherAccuracy = await accuracyOf(at('teacher'), seed, large, teacher.trainImages);
      const alone = await accuracyOf(at('small'), seed, { ...little, method: supervised({}) }, small.trainImages);
      const taught = {
        ...little,
        method: hinton(kd),
        teacher: modelTeacher(await loadModel(at('teacher')), { threads: 1 }),
      };
      const helped = await accuracyOf(at('kd'), seed, taught, small.trainImages);
      const run: SeedRun = { seed, teacher: teacherAccuracy, small: alone, smallKd: helped };
      results.runs.push(run);
      await writeFileAtomic(values.out, `${JSON.stringify(results, null, 1)}\n`);
      console.log(JSON.stringify(run));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
