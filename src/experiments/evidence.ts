/** @file What a report shows besides accuracies: who confuses what, what a teacher says at several temperatures. */

import { softmax } from '../tensor/logits.js';
import { NO_LABEL } from '../tensor/no-label.js';
import type { Predictions } from '../training/evaluation/evaluate.js';
import type { Evidence, EvidenceExample } from './experiment-record.schema.js';

type RowAnswers = Pick<Predictions, 'classes' | 'logits' | 'probabilities'>;

type EvidenceOptions = {
  /** Answers to the evaluation rows; the teacher's stand under `teacher` if it has some, an arm's are those of one seed. */
  readonly answers: ReadonlyMap<string, RowAnswers>;
  readonly exampleOf: (row: number) => EvidenceExample;
  readonly seed: number;
  /** The pair whose answers are compared row by row; one arm alone is compared with none. */
  readonly arm: string;
  readonly over?: string | undefined;
};

export const BY_TEACHER = 'teacher';
const TEMPERATURES = [1, 2, 5, 20];
const SOFTENED_EXAMPLES = 4;
const ONLY_RIGHT_EXAMPLES = 8;
/** Four decimals are more than a chart shows. */
const ROUNDING = 1e4;

type ClassEvidenceOptions = EvidenceOptions & {
  readonly classes: readonly string[];
  /** [N]; -100 where a row has none. */
  readonly labels: ArrayLike<number>;
  /** Whether the labels are not the teacher's own predictions. Default: true. */
  readonly isScored?: boolean;
};

/** The evidence in the answers of some arms' models, and of a teacher, to the same rows. */
export function evidenceOf(options: ClassEvidenceOptions): Evidence {
  const { answers, classes, labels, exampleOf, seed, arm, over, isScored = true } = options;
  const count = classes.length;
  const teacher = answers.get(BY_TEACHER);
  return {
    classes: [...classes],
    confusion: [...answers].flatMap(([by, { classes: said }]) =>
      by === BY_TEACHER && !isScored
        ? []
        : [
            {
              by,
              ...(by !== BY_TEACHER && { seed }),
              counts: confusion(labels, said, count),
            },
          ],
    ),
    softened: (teacher === undefined ? [] : leastSure(teacher, labels, count)).map((row) => ({
      by: BY_TEACHER,
      example: exampleOf(row),
      at: TEMPERATURES.map((temperature) => ({
        temperature,
        probabilities: softened(teacher as RowAnswers, row, count, temperature),
      })),
    })),
    onlyRight: over === undefined ? [] : [onlyRightWith(arm, over, options)],
  };
}

/** The rows that only one of two arms' models answers right, with some of the first's. */
function onlyRightWith(arm: string, over: string, options: ClassEvidenceOptions): Evidence['onlyRight'][number] {
  const { answers, classes, labels, exampleOf, seed } = options;
  const isRight = (by: string, row: number) => answers.get(by)?.classes[row] === labels[row];
  const rows = Array.from({ length: labels.length }, (_, row) => row).filter((row) => labels[row] !== NO_LABEL);
  const onlyArm = rows.filter((row) => isRight(arm, row) && !isRight(over, row));
  const onlyOther = rows.filter((row) => isRight(over, row) && !isRight(arm, row));
  return {
    arm,
    over,
    seed,
    onlyArm: onlyArm.length,
    onlyOther: onlyOther.length,
    rows: rows.length,
    examples: onlyArm.slice(0, ONLY_RIGHT_EXAMPLES).map((row) => ({
      example: exampleOf(row),
      answers: shownBy(arm, over, answers).map(([by, said]) => ({
        by,
        label: said.classes[row] as number,
        probabilities: softened(said, row, classes.length, 1),
      })),
    })),
  };
}

/** Whose answers stand below an example: the teacher's, if it has some, and those of one arm or two. */
function shownBy(arm: string, over: string | undefined, answers: EvidenceOptions['answers']): [string, RowAnswers][] {
  return [BY_TEACHER, arm, over ?? arm].flatMap((by, i, all) => {
    const said = answers.get(by);
    return said === undefined || all.indexOf(by) < i ? [] : [[by, said]];
  });
}

function confusion(labels: ArrayLike<number>, said: Int32Array, count: number): number[][] {
  const counts = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (const [row, prediction] of said.entries()) {
    const line = counts[labels[row] as number];
    if (line !== undefined) line[prediction] = (line[prediction] ?? 0) + 1;
  }
  return counts;
}

/** Of the teacher's right answers those nearest to 60 %, one a class: there a temperature has something to show. */
function leastSure({ probabilities, classes }: RowAnswers, labels: ArrayLike<number>, count: number): number[] {
  const byClass = new Map<number, { row: number; distance: number }>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (classes[row] !== label) continue;
    const distance = Math.abs((probabilities[row * count + label] as number) - 0.6);
    if (distance < (byClass.get(label)?.distance ?? Number.POSITIVE_INFINITY)) byClass.set(label, { row, distance });
  }
  return [...byClass.values()]
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SOFTENED_EXAMPLES)
    .map(({ row }) => row);
}

/** softmax(z / T) of a row, rounded. */
function softened({ logits }: RowAnswers, row: number, count: number, temperature: number): number[] {
  return softmax(logits.subarray(row * count, (row + 1) * count), temperature).map(
    (share) => Math.round(share * ROUNDING) / ROUNDING,
  );
}

/** More points are a smear. */
const MOST_POINTS = 400;
const FURTHEST_EXAMPLES = 8;
/** Four significant digits are more than a chart shows. */
const DIGITS = 4;

type ScoreEvidenceOptions = EvidenceOptions & {
  /** [N]; NaN where a row has none. */
  readonly scores: Float32Array;
};

/** Of a regression: answers against what was right, and the rows where teacher and student differ most. */
export function scoreEvidenceOf(options: ScoreEvidenceOptions): Evidence {
  const { answers, scores, exampleOf, seed, arm, over } = options;
  const scored = Array.from(scores.keys()).filter((row) => !Number.isNaN(scores[row]));
  const stride = Math.max(1, Math.ceil(scored.length / MOST_POINTS));
  const shown = scored.filter((_, i) => i % stride === 0);
  const said = (by: string, row: number) => rounded(answers.get(by)?.logits[row] ?? Number.NaN);
  const distance = (row: number) => Math.abs(said(BY_TEACHER, row) - said(arm, row));
  const furthest = answers.has(BY_TEACHER) ? scored.toSorted((a, b) => distance(b) - distance(a)) : [];
  return {
    classes: [],
    confusion: [],
    softened: [],
    onlyRight: [],
    scores: {
      answers: [...answers.keys()].map((by) => ({
        by,
        ...(by !== BY_TEACHER && { seed }),
        points: shown.map((row): [number, number] => [rounded(scores[row] as number), said(by, row)]),
      })),
      ...{ rows: scored.length, arm, seed },
      furthest: furthest.slice(0, FURTHEST_EXAMPLES).map((row) => ({
        example: exampleOf(row),
        answers: shownBy(arm, over, answers).map(([by]) => ({ by, score: said(by, row) })),
      })),
    },
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
