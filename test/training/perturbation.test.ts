import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/data/dataset.js';
import type { PerturbationPlace } from '../../src/data/perturbation.js';
import { perturbedImages } from '../../src/data/perturbed-images.js';
import { InterruptedError } from '../../src/errors/failures.js';
import { hinton } from '../../src/methods/hinton.js';
import { supervised } from '../../src/methods/supervised.js';
import { mlp } from '../../src/models/mlp.js';
import type { SavedModel } from '../../src/models/model.js';
import { modelHash } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { sgd } from '../../src/optim/sgd.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import { shuffledTeacher } from '../../src/teachers/shuffled-teacher.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { temporaryFolder } from '../files/processes.js';
import { blobs, CLASSES, PIXELS } from './blobs.js';

const root = temporaryFolder();
let count = 0;
const newDir = (): string => join(root, `run-${count++}`);
const train = blobs('train', 60);
const perturbation = perturbedImages({ width: 4, height: 3, noise: 0.3, shift: 1 });
const model = mlp({ inputs: PIXELS, hidden: [5], classes: CLASSES });

const options = (outputDir: string, more: Partial<RunOptions> = {}): RunOptions => ({
  model,
  method: supervised(),
  data: { train },
  perturbation,
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 4,
  batchSize: 8,
  seed: 3,
  threads: 1,
  outputDir,
  ...more,
});

const bytes = (dir: string) => readFileSync(join(dir, 'last.ckpt', 'model.safetensors'));

function saved(): SavedModel {
  const weights = initialiseParameters(model.parameters, 9);
  return { path: 'teacher', model, weights, labelNames: ['a', 'b', 'c'], contentHash: modelHash({ model, weights }) };
}

/** The loss of each epoch of a student that is its own teacher and stands still. */
async function selfTaught(more: Partial<RunOptions>): Promise<number[]> {
  const { record } = await runTraining(
    options(newDir(), {
      method: hinton({ alpha: 1, temperature: 2 }),
      weights: saved().weights,
      optimizer: sgd({ learningRate: 0 }),
      epochs: 2,
      ...more,
    }),
  );
  return record.epochs.map(({ loss }) => loss);
}

describe('runTraining with a perturbation', () => {
  test('interrupted and resumed, it ends in the same bytes', async () => {
    const whole = newDir();
    await runTraining(options(whole));
    const plain = newDir();
    const { perturbation: _none, ...unperturbed } = options(plain);
    await runTraining(unperturbed);
    expect(bytes(plain).equals(bytes(whole))).toBe(false);

    const cut = newDir();
    const interruption = new AbortController();
    const stopped = runTraining(
      options(cut, {
        signal: interruption.signal,
        onEvent: (event) => {
          if (event.type === 'step' && event.step >= 11) interruption.abort();
        },
      }),
    );
    await expect(stopped).rejects.toThrow(InterruptedError);
    await runTraining(options(cut, { resume: true }));
    expect(bytes(cut).equals(bytes(whole))).toBe(true);
  });

  test('is among the options that a resumed run must have', async () => {
    const dir = newDir();
    await runTraining(options(dir));
    const other = perturbedImages({ width: 4, height: 3, noise: 0.2, shift: 1 });
    await expect(runTraining(options(dir, { perturbation: other, resume: true }))).rejects.toThrow(
      'resuming with another perturbation.options.noise: wanted 0.3, as at the start, got 0.2',
    );
  });

  test('the teacher sees the very inputs that the student sees', async () => {
    // KL of a distribution to itself is 0; on other noise the two would differ.
    const losses = await selfTaught({ teacher: modelTeacher(saved(), { threads: 1 }) });
    for (const loss of losses) expect(Math.abs(loss)).toBeLessThan(1e-6);
  });

  test('a shuffled teacher sees other rows, under the same perturbation', async () => {
    const teacher = modelTeacher(saved(), { threads: 1 });
    const shuffled = await shuffledTeacher(teacher, train, 5);
    for (const loss of await selfTaught({ teacher: shuffled })) expect(loss).toBeGreaterThan(1e-4);
    // The same image in every row: another row shows the same then, unless it were perturbed in another way.
    const same = {
      ...train,
      batch: (rows: ArrayLike<number>, to?: number) => train.batch(new Uint32Array(rows.length), to),
    };
    const onSame = await shuffledTeacher(teacher, same, 5);
    for (const loss of await selfTaught({ teacher: onSame, data: { train: same } })) {
      expect(Math.abs(loss)).toBeLessThan(1e-6);
    }
  });

  test('a shuffled teacher says the same fed and traced', async () => {
    const shuffled = await shuffledTeacher(modelTeacher(saved(), { threads: 1 }), train, 5);
    const { perturbation: _none, ...plain } = options('');
    const runs = await Promise.all(
      (['fed', 'traced'] as const).map((teacherForm) =>
        runTraining({
          ...plain,
          method: hinton({ alpha: 1 }),
          teacher: shuffled,
          teacherForm,
          outputDir: newDir(),
        }),
      ),
    );
    const [fed, traced] = runs.map(({ record }) => record.epochs.map(({ loss }) => loss));
    // 32 steps of float32 rounding between the two.
    fed?.forEach((loss, i) => {
      expect(traced?.[i]).toBeCloseTo(loss, 4);
    });
  });

  test('refuses answers that were computed before the perturbation', async () => {
    const teacher = modelTeacher(saved(), { threads: 1 });
    const fed = options(newDir(), { method: hinton(), teacher, teacherForm: 'fed' });
    await expect(runTraining(fed)).rejects.toThrow(
      "teacherForm 'fed': wanted unperturbed rows, whose outputs can be computed beforehand, got the perturbation 'images'",
    );
  });

  test('is told the seed, the step and which of its micro-batches it gets', async () => {
    const places: PerturbationPlace[] = [];
    const perturb = (batch: Batch, at: PerturbationPlace) => {
      places.push(at);
      return batch;
    };
    await runTraining(
      options(newDir(), {
        perturbation: { name: 'watcher', options: {}, dtypes: {}, perturb },
        batchSize: 15,
        gradientAccumulationSteps: 2,
        epochs: 1,
      }),
    );
    const wanted = [1, 2].flatMap((step) => [0, 1].map((part) => ({ seed: 3, step, part })));
    expect(places).toEqual(wanted);
  });
});
