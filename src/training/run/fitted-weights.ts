/** @file Weights that a convex solver finds, and what it is told of the rows. */
import { batchesInOrder } from '../../data/shuffle.js';
import { classesOf } from '../../models/forward.js';
import type { Weights } from '../../models/model.js';
import type { TeacherAnswers } from '../../teachers/teacher.js';
import { fitLinear, type LinearFit, STRENGTHS } from '../linear/fit-linear.js';
import type { CheckedRun, LearningOptions } from './checked-run.js';
import type { TrainingEvent } from './events.js';
import { fittedPart } from './fitted-part.js';
import type { FitSettings } from './run-options.js';

const ROWS_PER_PART = 1024;

/** Those of the penalty that are tried. */
function strengthsOf({ strength }: FitSettings): readonly number[] {
  return strength === undefined ? STRENGTHS : [strength];
}

/** Told of each strength that was tried. @throws as `fitLinear` does. */
export async function fitWeights(
  run: Pick<CheckedRun<LearningOptions>, 'options' | 'weights'>,
  answers: TeacherAnswers | undefined,
  onStrength: (event: Extract<TrainingEvent, { readonly type: 'strength' }>) => void,
): Promise<{ readonly fit: LinearFit; readonly weights: Weights }> {
  const { model, method, data, seed, signal, fit: settings = {} } = run.options;
  const part = fittedPart(run);
  const { rows, ...given } = await part.rows();
  const classes = classesOf(model);
  const strengths = strengthsOf(settings);
  let tried = 0;
  const targets = method.rowTargets?.({
    classes,
    ...given,
    teacherLogits: answers && logitsIn(answers, data.train.size, classes),
  });
  const fit = await fitLinear({
    ...{ rows, classes },
    ...(classes === 1 ? { scores: targets } : { labels: given.labels, softTargets: targets }),
    ...{ seed, signal, strengths },
    // Accuracy picks models that predict one class where there are few rows.
    metric: 'loss',
    onStrength: ({ strength, score: loss }) => {
      tried += 1;
      // The last part is the fit to all rows.
      onStrength({ type: 'strength', strength, loss, tried, of: strengths.length + 1 });
    },
  });
  return { fit, weights: part.weights(fit) };
}

/** [N, C]: a teacher's logits; NaN in rows of which it said nothing. What it left to classes that it did not name stays as it is spread. */
function logitsIn({ batch }: TeacherAnswers, size: number, classes: number): Float32Array {
  const logits = new Float32Array(size * classes);
  for (const rows of batchesInOrder(size, ROWS_PER_PART)) {
    const { logits: said, remainder } = batch(rows, rows.length);
    const from = (rows[0] as number) * classes;
    logits.set(said?.data as Float32Array, from); // float32, as every signal that is fed
    if (remainder === undefined) continue;
    for (const place of rows.keys()) {
      const isHole = remainder.data.subarray(place * classes, (place + 1) * classes).every((left) => Number(left) > 0);
      if (isHole) logits.fill(Number.NaN, from + place * classes, from + (place + 1) * classes);
    }
  }
  return logits;
}
