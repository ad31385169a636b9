/**
 * @file Teacher assistants on MNIST: teacher 784-16-10 (12,730 weights) on 60,000 images, student 784-4-10 (3,190) on the
 * first 800, and between them assistants of 10 and 7 hidden units on the same 800. On each seed: the student alone, taught
 * by the teacher, and taught over every choice of assistants, by the article's loss at each hop. All students of a seed
 * start from the same weights and see the same batches. Resumes by arm and seed; appends to `results/takd-mnist.json`.
 *
 *   npm run recipe -- takd-mnist [--seeds 20] [--out results/takd-mnist.json] [--data .bench/mnist] [--work .bench/takd-mnist]
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMnist, MNIST_NORMALISATION, mnistDataset } from '../src/entries/data.js';
import { mean, packRightRows, type RightRows, sampleSd } from '../src/entries/experiments.js';
import { assistantPaths, type Method, supervised, takd } from '../src/entries/methods.js';
import { loadModel, mlp } from '../src/entries/models.js';
import { adam } from '../src/entries/optim.js';
import { modelTeacher } from '../src/entries/teachers.js';
import { openEvaluator, runPhases, runTraining } from '../src/entries/training.js';
import { keptJson } from './kept-json.js';
import { pairedGain } from './paired-gain.js';
import { writeFileAtomic } from './write-file.js';

type ArmRun = {
  readonly seed: number;
  readonly arm: string;
  /** Percent of the 10,000 test images after the last epoch; of the assistants of the arm too. */
  readonly accuracy: number;
  readonly assistants: readonly number[];
  /** Of the test images. */
  readonly right?: RightRows;
};
type Over = ReturnType<typeof pairedGain>;
type Gains = Readonly<
  Record<string, { readonly mean: number; readonly sd: number; readonly overAlone: Over; readonly overDirect: Over }>
>;
export type TakdResults = {
  readonly settings: object;
  readonly teacher: number;
  readonly runs: ArmRun[];
  gains: Gains;
};

const FIRST_SEED = 42;
const SETTINGS = {
  learningRate: 5e-3,
  batchSize: 64,
  teacher: { hidden: 16, trainImages: 60_000, epochs: 3, seed: 42 },
  assistants: { hidden: [10, 7], trainImages: 800, epochs: 40 },
  student: { hidden: 4, trainImages: 800, epochs: 40 },
  hop: { alpha: 0.8, temperature: 20, preset: 'primer' },
  accuracy: 'percent of 10,000 test images after the last epoch',
} as const;

const percent = (accuracy: number | undefined): number => Number(((accuracy ?? Number.NaN) * 100).toFixed(2));
const sized = (hidden: number) => mlp({ hidden: [hidden], ...MNIST_NORMALISATION });

/** `alone`, `direct`, `takd a1`, `takd a2`, `takd a1+a2`. */
function armsOf(): ReadonlyMap<string, Method> {
  const paths = assistantPaths(SETTINGS.assistants.hidden.map((_, i) => `a${i + 1}`));
  const over = (path: string) => takd({ path, ...SETTINGS.hop });
  return new Map([
    ['alone', supervised()],
    ...paths.map((path): [string, Method] =>
      path.length === 0 ? ['direct', over('direct')] : [`takd ${path.join('+')}`, over(path.join('+'))],
    ),
  ]);
}

/** Paired differences in points, over the seeds that both arms have. */
export function gainsOf(runs: readonly ArmRun[], arms: Iterable<string>): Gains {
  const of = (arm: string) =>
    new Map(
      runs.filter((run) => run.arm === arm).map(({ seed, accuracy, right }) => [seed, { score: accuracy, right }]),
    );
  const over = (arm: string, other: string) => pairedGain(of(arm), of(other));
  return Object.fromEntries(
    [...arms].map((arm) => {
      const accuracies = Array.from(of(arm).values(), ({ score }) => score);
      const spread = { mean: mean(accuracies), sd: sampleSd(accuracies) };
      return [arm, { ...spread, overAlone: over(arm, 'alone'), overDirect: over(arm, 'direct') }];
    }),
  );
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '20' },
      out: { type: 'string', default: 'results/takd-mnist.json' },
      data: { type: 'string', default: '.bench/mnist' },
      work: { type: 'string', default: '.bench/takd-mnist' },
    },
  });
  const { teacher, assistants, student, learningRate, batchSize } = SETTINGS;
  const mnist = await loadMnist(values.data, {});
  const evaluation = mnistDataset(mnist.test);
  const common = { optimizer: adam({ learningRate }), batchSize, evalBatchSize: 1000, threads: 1, resume: true };
  const teacherDir = join(values.work, 'teacher');
  const { record } = await runTraining({
    ...common,
    model: sized(teacher.hidden),
    method: supervised(),
    data: { train: mnistDataset(mnist.train), evaluation },
    epochs: teacher.epochs,
    seed: teacher.seed,
    outputDir: teacherDir,
  });
  const given = modelTeacher(await loadModel(teacherDir), { threads: 1 });
  const none = { settings: SETTINGS, teacher: percent(record.metrics.accuracy), runs: [], gains: {} };
  const results = keptJson<TakdResults>(values.out, none);
  const arms = armsOf();
  const evaluator = await openEvaluator({ model: sized(student.hidden), data: evaluation, threads: 1 });
  for (let seed = FIRST_SEED; seed < FIRST_SEED + Number(values.seeds); seed++) {
    for (const [arm, method] of arms) {
      if (results.runs.some((run) => run.seed === seed && run.arm === arm)) continue;
      const outputDir = join(values.work, `${arm.replaceAll(' ', '-')}-${seed}`);
      const { record: taught, weights = {} } = await runPhases({
        ...common,
        model: sized(student.hidden),
        method,
        ...(method.needs.length > 0 && {
          teacher: given,
          assistants: assistants.hidden.map((hidden) => ({ model: sized(hidden) })),
        }),
        data: { train: mnistDataset(mnist.train, { maxSamples: student.trainImages }), evaluation },
        epochs: student.epochs,
        seed,
        outputDir,
      });
      const { classes } = await evaluator.predict(weights);
      const run: ArmRun = {
        seed,
        arm,
        right: packRightRows(Array.from(classes, (digit, row) => digit === mnist.test.labels[row])),
        accuracy: percent(taught.metrics.accuracy),
        assistants: (taught.phases ?? []).slice(0, -1).map(({ metrics }) => percent(metrics.accuracy)),
      };
      results.runs.push(run);
      results.gains = gainsOf(results.runs, arms.keys());
      await writeFileAtomic(values.out, `${JSON.stringify(results, null, 1)}\n`);
      rmSync(outputDir, { recursive: true });
      console.log(JSON.stringify(run));
    }
  }
  await evaluator.release();
  console.log(JSON.stringify(results.gains, null, 1));
}
