/**
 * @file How sure a student is of an answer, in one number that a threshold is set on: its largest probability, or what a ranker
 * makes of several signals. A certificate holds for any score that was fixed before its calibration rows were seen, so that a
 * score is plain JSON which the certificate names.
 */
import { OptionError, ShapeError } from '../errors/failures.js';
import { argmax } from '../tensor/logits.js';
import { type KnownClass, rowView, SIGNALS, type SignalName, type StudentOutputs } from './signals.js';

/** log-odds that an answer is right = bias + Σ weight · signal. */
export type Ranker = {
  /** A signal that says nothing of a row, the distance to a class that it has not met, takes its mean. */
  readonly signals: readonly { readonly name: SignalName; readonly weight: number; readonly mean: number }[];
  readonly bias: number;
  /** [C], for the signals `distance` and `label`; null for a class that no validation row was answered with. */
  readonly knownClasses: readonly (KnownClass | null)[];
};

export type AnswerScore = {
  /** What logits are divided by: 1 where it is folded into the model already. */
  readonly temperature: number;
  /** Without one the score is the largest probability. */
  readonly ranker?: Ranker | undefined;
  /** Classes that are always left to the teacher: `rareLabels`. */
  readonly deferred?: readonly number[] | undefined;
};

/** What an application asks of a row: the class, and whether to trust it. */
export type ScoredAnswers = {
  /** [N]: the class of the largest logit. */
  readonly answers: Int32Array;
  /** [N], from 0 to 1; -Infinity where the teacher is to answer. */
  readonly scores: Float64Array;
};

/**
 * Answers and their scores, of N rows.
 * @throws ShapeError for logits of other students that are not as many, or where they are missing; OptionError for a score that
 * is of another model, or a temperature that is none.
 */
export function scoreAnswers(score: AnswerScore, outputs: StudentOutputs): ScoredAnswers {
  const { logits, classes } = outputs;
  expectOutputs(
    outputs,
    score.ranker?.signals.map(({ name }) => name),
  );
  const { temperature, ranker, deferred = [] } = score;
  expectTemperature(temperature);
  const known = ranker?.knownClasses.length ?? classes;
  const unknown = deferred.find((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (known !== classes || unknown !== undefined) {
    const got = unknown === undefined ? `one of ${known}` : `label ${unknown} deferred`;
    throw new OptionError({ where: 'score', wanted: `a score of a student of ${classes} classes`, got });
  }
  const rows = logits.length / classes;
  const [answers, scores] = [new Int32Array(rows), new Float64Array(rows)];
  const isDeferred = new Set(deferred);
  for (let row = 0; row < rows; row++) {
    answers[row] = argmax(logits, row, classes);
    if (isDeferred.has(answers[row] as number)) {
      scores[row] = -Infinity;
      continue;
    }
    const view = rowView(outputs, row, temperature, ranker?.knownClasses);
    if (ranker === undefined) {
      scores[row] = Math.exp(view.logProbs[view.answer] as number);
      continue;
    }
    let logOdds = ranker.bias;
    for (const { name, weight, mean } of ranker.signals) {
      const signal = SIGNALS[name].read(view);
      logOdds += weight * (Number.isNaN(signal) ? mean : signal);
    }
    scores[row] = 1 / (1 + Math.exp(-logOdds));
  }
  return { answers, scores };
}

export function expectTemperature(temperature: number): void {
  if (temperature > 0 && temperature < Infinity) return;
  throw new OptionError({ where: 'temperature', wanted: 'a number > 0', got: String(temperature) });
}

/** @param needed The signals that are to be read. */
export function expectOutputs(
  { logits, classes, others = [] }: StudentOutputs,
  needed: readonly SignalName[] = [],
): void {
  if (!(Number.isInteger(classes) && classes >= 2)) {
    throw new OptionError({ where: 'classes', wanted: 'an integer ≥ 2', got: String(classes) });
  }
  if (logits.length % classes !== 0) {
    const wanted = `[N, ${classes}]: a multiple of ${classes} numbers`;
    throw new ShapeError({ where: 'logits', wanted, got: String(logits.length) });
  }
  const odd = others.find(({ length }) => length !== logits.length);
  if (odd !== undefined) {
    const wanted = `as many as the student's, ${logits.length}`;
    throw new ShapeError({ where: 'logits of other students', wanted, got: String(odd.length) });
  }
  if (others.length > 0 || !needed.includes('spread')) return;
  throw new ShapeError({
    where: 'logits of other students',
    wanted: 'those of one at least, for its spread',
    got: 'none',
  });
}
