/**
 * @file Fitting a score on validation rows: a ranker of several signals, or the largest probability where the ranker does not
 * order unseen rows better. A head that tells right answers from wrong ones by what else is seen of them is as old as Platt's
 * (1999); the area that judges it is that of Geifman, Uziel & El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep
 * neural classifiers", arXiv:1805.08206.
 */
import { ShapeError } from '../errors/failures.js';
import { mean, sampleSd } from '../metrics/statistics.js';
import { argmax } from '../tensor/logits.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { RandomStream } from '../tensor/random.js';
import type { SparseRows } from '../tensor/sparse-rows.js';
import { fitLinear } from '../training/linear/fit-linear.js';
import { type AnswerScore, expectOutputs, expectTemperature, type Ranker, scoreAnswers } from './score.js';
import {
  centred,
  type KnownClass,
  readableSignals,
  rowView,
  SIGNALS,
  type SignalName,
  type StudentOutputs,
} from './signals.js';

export type ScoreOptions = {
  readonly outputs: StudentOutputs;
  /** [N]: what the answers should be, the teacher's choices or labels that stand for them; -100 is a row without. */
  readonly labels: Int32Array;
  /** Default: 1. */
  readonly temperature?: number | undefined;
  /** Default: all that can be read. */
  readonly signals?: readonly SignalName[] | undefined;
  /** Which rows are left out together. Default: 0. */
  readonly seed?: number | undefined;
};

export type ScoreChoice = {
  /** With the ranker where it is better on rows left out, else the largest probability. */
  readonly score: AnswerScore;
  readonly isRanker: boolean;
  /** Areas under the curve of risk by coverage on rows left out of the fit, the less the better; undefined where nothing was fitted. */
  readonly leftOut?: { readonly maxProbability: number; readonly ranker: number } | undefined;
  readonly rows: number;
  /** How many answers are wrong. */
  readonly wrong: number;
};

const FOLDS = 5;
/** Right and wrong answers, each: with fewer a ranker has more weights than it has to learn from. */
const ENOUGH = 20;

/**
 * Fits a ranker to validation rows and keeps it where it orders rows better that it was not fitted to: rows are divided into five
 * parts, each is scored by a ranker of the other four, and the area under their curve of risk by coverage decides.
 * Validation rows are rows that the student was not trained on; of those it was trained on nearly all answers are right. Calibration
 * rows are no validation rows: a score that has seen them voids the certificate.
 * @throws ShapeError for labels that are not one per row; OptionError or ShapeError as `scoreAnswers`.
 */
export async function chooseScore(options: ScoreOptions): Promise<ScoreChoice> {
  const { outputs, labels, temperature = 1, signals = readableSignals(outputs), seed = 0 } = options;
  expectOutputs(outputs, signals);
  expectTemperature(temperature);
  const size = outputs.logits.length / outputs.classes;
  if (labels.length !== size) {
    throw new ShapeError({ where: 'labels', wanted: `one per row, ${size}`, got: String(labels.length) });
  }
  const rows = Array.from(labels.keys()).filter((row) => labels[row] !== NO_LABEL);
  const isWrong = (row: number) => argmax(outputs.logits, row, outputs.classes) !== labels[row];
  const wrong = rows.filter(isWrong).length;
  const counts = { rows: rows.length, wrong };
  const plain: AnswerScore = { temperature };
  if (Math.min(wrong, rows.length - wrong) < ENOUGH) return { score: plain, isRanker: false, ...counts };
  const fit: Fit = { outputs, temperature, signals, seed, isWrong };
  const order = new RandomStream(seed, 'score-folds').permutation(rows.length);
  const foldOf = new Map(Array.from(order, (at, place) => [rows[at] as number, place % FOLDS]));
  const [before, after] = [new Float64Array(rows.length), new Float64Array(rows.length)];
  const own = new Map(rows.map((row, at) => [row, at]));
  for (let out = 0; out < FOLDS; out++) {
    const ranker = await fittedRanker(
      fit,
      rows.filter((row) => foldOf.get(row) !== out),
    );
    const part = rows.filter((row) => foldOf.get(row) === out);
    for (const [scores, score] of [
      [before, plain],
      [after, { temperature, ranker }],
    ] as const) {
      const found = scoreAnswers(score, selected(outputs, part)).scores;
      for (const [i, row] of part.entries()) scores[own.get(row) as number] = found[i] as number;
    }
  }
  const isWrongOf = rows.map(isWrong);
  const leftOut = {
    maxProbability: areaUnderRisk(before, isWrongOf),
    ranker: areaUnderRisk(after, isWrongOf),
  };
  const isRanker = leftOut.ranker < leftOut.maxProbability;
  const score = isRanker ? { temperature, ranker: await fittedRanker(fit, rows) } : plain;
  return { score, isRanker, leftOut, ...counts };
}

type Fit = {
  readonly outputs: StudentOutputs;
  readonly temperature: number;
  readonly signals: readonly SignalName[];
  readonly seed: number;
  readonly isWrong: (row: number) => boolean;
};

async function fittedRanker(fit: Fit, rows: readonly number[]): Promise<Ranker> {
  const { outputs, temperature, signals, seed, isWrong } = fit;
  const counted = countClasses(fit, rows);
  const knownClasses = counted.map((own) => own && knownOf(own, counted));
  const columns = signals.map(() => new Float64Array(rows.length)); // [D][N]
  for (const [at, row] of rows.entries()) {
    const view = rowView(outputs, row, temperature);
    // What a class is known for is that of its other rows, as it will be for a row that is not among these.
    const known = knownOf(counted[view.answer] as ClassCounts, counted, { ...view, isRight: !isWrong(row) });
    for (const [d, name] of signals.entries())
      (columns[d] as Float64Array)[at] = SIGNALS[name].read({ ...view, known });
  }
  const scaled = columns.map((column) => {
    const said = [...column].filter((value) => !Number.isNaN(value));
    const [centre, sd] = [said.length === 0 ? 0 : mean(said), sampleSd(said)];
    return { column, centre, sd: sd > 0 ? sd : 1 };
  });
  const labels = Int32Array.from(rows, (row) => (isWrong(row) ? 0 : 1));
  const dense = denseRows(scaled, rows.length);
  const { weights, bias } = await fitLinear({ rows: dense, labels, classes: 2, metric: 'loss', seed });
  let offset = (bias[1] as number) - (bias[0] as number);
  const kept = signals.map((name, d) => {
    const { centre, sd } = scaled[d] as Column;
    const weight = ((weights[2 * d + 1] as number) - (weights[2 * d] as number)) / sd;
    offset -= weight * centre;
    return { name, weight, mean: centre };
  });
  return { signals: kept, bias: offset, knownClasses };
}

type Column = { readonly column: Float64Array; readonly centre: number; readonly sd: number };

/** [N, D], of mean 0 and standard deviation 1; 0 where a signal says nothing. */
function denseRows(columns: readonly Column[], size: number): SparseRows {
  const D = columns.length;
  const ids = Uint32Array.from({ length: size * D }, (_, i) => i % D);
  const values = Float32Array.from(ids, (d, i) => {
    const { column, centre, sd } = columns[d] as Column;
    const value = column[Math.floor(i / D)] as number;
    return Number.isNaN(value) ? 0 : (value - centre) / sd;
  });
  return { width: D, starts: Uint32Array.from({ length: size + 1 }, (_, row) => row * D), ids, values };
}

type ClassCounts = { readonly sum: Float64Array; rows: number; right: number };

/** By the answered class: sums of the centred logits of right answers, and how many there are. */
function countClasses(
  { outputs, temperature, isWrong }: Fit,
  rows: readonly number[],
): readonly (ClassCounts | null)[] {
  const { classes } = outputs;
  const counts = Array.from(
    { length: classes },
    (): ClassCounts => ({ sum: new Float64Array(classes), rows: 0, right: 0 }),
  );
  for (const row of rows) {
    const { answer, logProbs } = rowView({ ...outputs, others: [] }, row, temperature);
    const own = counts[answer] as ClassCounts;
    own.rows += 1;
    if (isWrong(row)) continue;
    own.right += 1;
    for (const [c, value] of centred(logProbs).entries()) own.sum[c] = (own.sum[c] as number) + value;
  }
  return counts.map((own) => (own.rows === 0 ? null : own));
}

/** As if so many more rows of the class were as often right as all are: few rows say little of a class. */
const PRIOR_ROWS = 10;

/** Of the numbers of a centroid, of which a certificate names C². */
const DIGITS = 4;

/** @param without A row that does not count. */
function knownOf(
  own: ClassCounts,
  all: readonly (ClassCounts | null)[],
  without?: { readonly isRight: boolean; readonly logProbs: Float64Array },
): KnownClass {
  const total = (of: 'rows' | 'right') => all.reduce((sum, counts) => sum + (counts?.[of] ?? 0), 0);
  const share = total('right') / total('rows');
  const rows = own.rows - (without ? 1 : 0);
  const right = own.right - (without?.isRight ? 1 : 0);
  const odds = (right + PRIOR_ROWS * share) / (rows - right + PRIOR_ROWS * (1 - share));
  const left = without?.isRight ? centred(without.logProbs) : undefined;
  const centroid = Array.from(own.sum, (sum, c) => Number(((sum - (left?.[c] ?? 0)) / right).toFixed(DIGITS)));
  return { logOdds: Math.log(odds), centroid: right === 0 ? null : centroid };
}

function selected({ logits, classes, others = [] }: StudentOutputs, rows: readonly number[]): StudentOutputs {
  const of = (all: Float32Array) => {
    const own = new Float32Array(rows.length * classes);
    for (const [i, row] of rows.entries()) own.set(all.subarray(row * classes, (row + 1) * classes), i * classes);
    return own;
  };
  return { logits: of(logits), classes, others: others.map(of) };
}

/**
 * Mean over n = 1 … N of the share of wrong answers among the n rows of the highest scores. Rows of equal scores are in any
 * order: each of the m takes its share of their errors.
 */
export function areaUnderRisk(scores: ArrayLike<number>, isWrong: readonly boolean[]): number {
  const order = Array.from(isWrong.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  let [area, errors] = [0, 0];
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) to += 1;
    const own = order.slice(from, to).filter((row) => isWrong[row]).length;
    for (let n = from + 1; n <= to; n++) area += (errors + (own * (n - from)) / (to - from)) / n;
    errors += own;
  }
  return area / order.length;
}
