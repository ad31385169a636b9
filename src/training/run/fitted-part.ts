/** @file The part of a model that a convex solver finds: which rows it is fitted to, and where its weights belong. */
import { batchesInOrder } from '../../data/shuffle.js';
import { targetsOf } from '../../data/targets.js';
import { familyOf } from '../../models/families.js';
import { classesOf } from '../../models/forward.js';
import type { HeadName } from '../../models/heads.js';
import type { Weights } from '../../models/model.js';
import type { LinearWeights } from '../../optim/dual-ascent.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { tensor } from '../../tensor/tensor.js';
import { type FeatureRows, featureRows } from '../linear/dataset-rows.js';
import type { CheckedRun, LearningOptions } from './checked-run.js';
import { isFrozenBelow } from './convex-fit.js';

type FittedPart = {
  /** What the part reads of the training rows, as features, and what is right for each. */
  readonly rows: () => Promise<FeatureRows>;
  /** The model's weights with those that were found. */
  readonly weights: (found: LinearWeights) => Weights;
};

/** All weights of linear n-grams; of an encoder those of its last layer, whose features are what it reads. */
export function fittedPart({ options, weights }: Pick<CheckedRun<LearningOptions>, 'options' | 'weights'>): FittedPart {
  const { model, data } = options;
  const classes = classesOf(model);
  if (!isFrozenBelow(model)) {
    return {
      rows: () => Promise.resolve(featureRows(data.train, Number(model.config.vocab_size))),
      weights: ({ weights: found, bias }) => ({
        'embed.weight': tensor('float32', [found.length / classes, classes], found),
        'fc.bias': tensor('float32', [classes], bias),
      }),
    };
  }
  const name = familyOf(model.kind)?.classifierOf(model.config.head as HeadName) ?? 'classifier';
  return {
    rows: () => encodedRows(options, weights),
    weights: ({ weights: found, bias }) => {
      const width = found.length / classes;
      const rows = Float32Array.from(found, (_, i) => found[(i % width) * classes + Math.floor(i / width)] as number);
      return {
        ...weights,
        [`${name}.weight`]: tensor('float32', [classes, width], rows), // [H, C] -> [C, H]
        [`${name}.bias`]: tensor('float32', [classes], bias),
      };
    },
  };
}

/** What runs the encoder over the rows, as a teacher does. */
export function frozenEncoder({ model, threads, device }: LearningOptions, weights: Weights): Teacher {
  const saved = { path: 'the encoder', model, weights, labelNames: [], contentHash: '' };
  return modelTeacher(saved, { ...(threads !== undefined && { threads }), ...(device !== undefined && { device }) });
}

/** `pooledOutput` of each row, dense: all of its H numbers are features. */
async function encodedRows(options: LearningOptions, weights: Weights): Promise<FeatureRows> {
  const { train } = options.data;
  const answers = await frozenEncoder(options, weights).answer(train, ['pooledOutput']);
  const width = Number(answers.signals.pooledOutput?.shape[0]);
  const values = new Float32Array(train.size * width);
  for (const rows of batchesInOrder(train.size, ROWS_PER_PART)) {
    const first = rows[0] as number;
    values.set(answers.batch(rows, rows.length).pooledOutput?.data as Float32Array, first * width); // float32, as all signals
  }
  const ids = Uint32Array.from(values, (_, i) => i % width);
  const starts = Uint32Array.from({ length: train.size + 1 }, (_, row) => row * width);
  return { rows: { width, starts, ids, values }, ...targetsOf(train) };
}

const ROWS_PER_PART = 1024;
