import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hinton } from '../../src/methods/hinton.js';
import { supervised } from '../../src/methods/supervised.js';
import { mlp } from '../../src/models/mlp.js';
import type { SavedModel } from '../../src/models/model.js';
import { loadModel } from '../../src/models/saved-model.js';
import { adam } from '../../src/optim/adam.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import type { TrainingEvent } from '../../src/training/run/events.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { temporaryFolder } from '../files/processes.js';
import { blobs, CLASSES, PIXELS } from './blobs.js';

const root = temporaryFolder();
const common = {
  optimizer: adam({ learningRate: 0.02 }),
  batchSize: 8,
  seed: 3,
  threads: 1,
} satisfies Partial<RunOptions>;
const evaluation = blobs('held out', 60);

async function trainedTeacher(): Promise<SavedModel> {
  const outputDir = join(root, 'teacher');
  const model = mlp({ inputs: PIXELS, hidden: [8], classes: CLASSES });
  const data = { train: blobs('train', 400), evaluation };
  await runTraining({ ...common, model, data, method: supervised(), epochs: 5, outputDir, overwrite: true });
  return loadModel(outputDir);
}

const distil = (name: string, teacher: SavedModel, more: Partial<RunOptions> = {}) =>
  runTraining({
    ...common,
    model: mlp({ inputs: PIXELS, hidden: [3], classes: CLASSES }),
    method: hinton({ alpha: 0.9, temperature: 4 }),
    teacher: modelTeacher(teacher, { threads: 1 }),
    data: { train: blobs('train', 60), evaluation },
    epochs: 4,
    outputDir: join(root, name),
    ...more,
  });

describe('runTraining with a teacher', () => {
  test('the student learns from answers fed and traced alike, and from the teacher alone', async () => {
    const teacher = await trainedTeacher();
    const fed = await distil('fed', teacher);
    const traced = await distil('traced', teacher, { teacherForm: 'traced' });
    expect(Object.keys(fed.record.epochs[0]?.losses ?? {})).toHaveLength(2);
    fed.record.epochs.forEach(({ loss }, i) => {
      // 32 steps of float32 rounding between the two.
      expect(traced.record.epochs[i]?.loss).toBeCloseTo(loss, 4);
    });
    const unlabelled = await distil('unlabelled', teacher, {
      method: hinton({ alpha: 1, temperature: 4 }),
      data: { train: blobs('train', 60, { isLabelled: false }), evaluation },
      epochs: 20,
    });
    // Chance is 1/3.
    expect(unlabelled.record.metrics.accuracy).toBeGreaterThan(0.6);
  });

  test('resuming with another teacher names it', async () => {
    const teacher = await trainedTeacher();
    await distil('twice', teacher);
    const model = mlp({ inputs: PIXELS, hidden: [8], classes: CLASSES });
    const other = { ...teacher, model, contentHash: 'f'.repeat(64) };
    await expect(distil('twice', other, { resume: true })).rejects.toThrow('another teacher.contentHash');
  });

  test('a teacher that knows nothing is reported', async () => {
    const teacher = await trainedTeacher();
    const zero = Object.entries(teacher.weights).map(([name, value]) => [
      name,
      { ...value, data: value.data.map(() => 0) },
    ]);
    const warnings: TrainingEvent[] = [];
    await distil(
      'zero',
      { ...teacher, weights: Object.fromEntries(zero) },
      { onEvent: (event) => event.type === 'warning' && warnings.push(event) },
    );
    expect(warnings[0]).toMatchObject({ name: 'teacher-at-chance', fix: expect.stringContaining('right checkpoint') });
  });
});
