/** @file What a report shows of a regression besides scores: answers against what was right, and where models differ. */
import type { Predictions } from '../training/evaluation/evaluate.js';
import { BY_TEACHER } from './evidence.js';
import type { Evidence, EvidenceExample } from './experiment-record.schema.js';

export type ScoreEvidenceOptions = {
  /** Answers to the evaluation rows; the teacher's stand under `teacher`, an arm's are those of one seed. */
  readonly answers: ReadonlyMap<string, Predictions>;
  /** [N]; NaN where a row has none. */
  readonly scores: Float32Array;
  readonly exampleOf: (row: number) => EvidenceExample;
  readonly seed: number;
  /** The pair of arms that is compared. */
  readonly arm: string;
  readonly over: string;
};

/** More points are a smear. */
const MOST_POINTS = 400;
const FURTHEST_EXAMPLES = 8;
/** Four significant digits are more than a chart shows. */
const DIGITS = 4;

/** The evidence in the answers of a teacher and of some arms' models to the same rows. */
export function scoreEvidenceOf(options: ScoreEvidenceOptions): Evidence {
  const { answers, scores, exampleOf, seed, arm, over } = options;
  const scored = Array.from(scores.keys()).filter((row) => !Number.isNaN(scores[row]));
  const stride = Math.max(1, Math.ceil(scored.length / MOST_POINTS));
  const shown = scored.filter((_, i) => i % stride === 0);
  const said = (by: string, row: number) => rounded(answers.get(by)?.logits[row] ?? Number.NaN);
  const distance = (row: number) => Math.abs(said(BY_TEACHER, row) - said(arm, row));
  const furthest = scored.toSorted((a, b) => distance(b) - distance(a)).slice(0, FURTHEST_EXAMPLES);
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
      furthest: furthest.map((row) => ({
        example: exampleOf(row),
        answers: [BY_TEACHER, arm, over].map((by) => ({ by, score: said(by, row) })),
      })),
    },
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
