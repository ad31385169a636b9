/** @file A linear model on sparse rows whose L2 penalty is chosen, and whose scores are calibrated, on rows it has not seen. */
import { OptionError, ShapeError } from '../../errors/failures.js';
import { fittedShrinkage, fittedTemperature } from '../../metrics/fitted-temperature.js';
import { gainOver } from '../../metrics/metric.js';
import { defaultMetrics, METRICS, type MetricName } from '../../metrics/table.js';
import type { ConvexLossName } from '../../optim/convex-loss.js';
import { DualAscent, type LinearWeights } from '../../optim/dual-ascent.js';
import { type SparseRows, selectSparseRows } from '../../tensor/sparse-rows.js';
import { type Fold, foldsOf } from './folds.js';
import { type LinearTargets, oneHot, type PreparedTargets, prepareTargets, targetsOfRows } from './linear-targets.js';

export type LinearFitOptions = LinearTargets & {
  /** N rows of F features. */
  readonly rows: SparseRows;
  /** Default: `logistic`, or for a regression `squared`. */
  readonly loss?: ConvexLossName | undefined;
  /** [N]: how much each row's loss weighs, ≥ 0. Default: 1. */
  readonly costs?: Float32Array | undefined;
  /** Decides which rows choose the strength, and the order of the rows in each epoch. */
  readonly seed: number;
  /** What the strength is chosen by. Default: accuracy, or for a regression Pearson's correlation. */
  readonly metric?: MetricName | undefined;
  /** C of `DualAscent` times the mean ‖x‖² of a row, ascending. Default: `STRENGTHS`. */
  readonly strengths?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with each strength that was tried. */
  readonly onStrength?: ((tried: TriedStrength) => void) | undefined;
};

export type TriedStrength = { readonly strength: number; readonly score: number };

/** logits = xᵀ W + b; their softmax are calibrated probabilities. */
export type LinearFit = LinearWeights & {
  readonly classes: number;
  readonly loss: ConvexLossName;
  /** The one chosen of the strengths, and C of `DualAscent` that it came to. */
  readonly strength: number;
  readonly C: number;
  readonly metric: MetricName;
  /** The metric on the rows that chose; undefined where nothing was chosen. */
  readonly innerScore: number | undefined;
  readonly tried: readonly TriedStrength[];
  /** What the scores were divided by; of a regression the shrinkage that this takes back. */
  readonly temperature: number;
  readonly seconds: number;
  /** Whether the duality gap of the last fit is small enough. */
  readonly converged: boolean;
  /** How far above the least loss it may be, as a share of it, and after how many epochs. */
  readonly gap: number;
  readonly epochs: number;
};

/** Each about three times the one before. */
export const STRENGTHS = [0.03, 0.1, 0.3, 1, 3, 10, 30, 100] as const;
/** In place of a choice where there is nothing to choose by. */
const MIDDLE_STRENGTH = 1;
/** Rows with a label that choose by it, where others have soft targets alone. */
const ENOUGH_LABELS = 50;
/** Strengths without a better score that end the search: weaker penalties take longer and overfit more. */
const PATIENCE = 2;
/** Relative duality gaps. The order of the strengths is seen long before the last digits of their weights. */
const TOLERANCES = { search: 1e-2, fit: 1e-3 } as const;

/**
 * Fits a linear model: `DualAscent` for each strength from the strictest on, on four fifths of the rows; the one with
 * the best metric on the other fifth, the strictest among equals, is fitted to all rows. Of fewer than 2,000 rows each fifth in turn is
 * predicted by a model of the others. Rows of equal features are never on both sides (`foldsOf`). Where soft targets come with
 * labels, 50 or more of the rows that choose, these measure and not the targets, which may be softer than the truth is. Logits are divided by the
 * temperature of the least cross-entropy on the rows that chose; predictions of a regression are taken from the mean
 * score as far as has the least squared error there, since a correlation does not see that they are shrunk.
 * @throws OptionError or ShapeError for targets or options that fit nothing; InterruptedError when the signal says so.
 */
export async function fitLinear(options: LinearFitOptions): Promise<LinearFit> {
  const begun = performance.now();
  const { classes, signal, seed } = options;
  const prepared = prepareTargets(options.rows.starts.length - 1, options);
  const problem = problemOf(options, prepared);
  const metric = options.metric ?? (defaultMetrics(classes)[0] as MetricName);
  const strengths = expectRising(options.strengths ?? STRENGTHS);
  const scale = 1 / meanSquare(problem.rows);
  const folds = foldsOf(problem.rows, prepared.labels, seed);
  const chosen = await choose({ problem, prepared, folds, strengths, scale, metric, options });
  const strength = chosen.best?.strength ?? options.strengths?.[0] ?? MIDDLE_STRENGTH;
  const ascent = new DualAscent({ ...problem, duals: chosen.best?.duals });
  const result = await ascent.ascend({ strength: strength * scale, tolerance: TOLERANCES.fit, signal });
  const fitted = ascent.weights();
  const temperature = chosen.best?.temperature ?? 1;
  return {
    weights: fitted.weights.map((weight) => weight / temperature),
    bias: fitted.bias.map((bias) => bias / temperature + problem.mean),
    classes,
    loss: problem.loss,
    strength,
    C: strength * scale,
    metric,
    innerScore: chosen.best?.score,
    tried: chosen.tried,
    temperature,
    seconds: (performance.now() - begun) / 1000,
    converged: result.converged,
    gap: (result.primal - result.dual) / result.primal,
    epochs: result.epoch,
  };
}

function expectRising(strengths: readonly number[]): readonly number[] {
  if (strengths.length > 0 && strengths.every((strength, i) => strength > (strengths[i - 1] ?? 0))) return strengths;
  const got = strengths.length === 0 ? 'none' : strengths.join(', ');
  throw new OptionError({ where: 'strengths', wanted: 'numbers > 0, rising', got });
}

type Problem = {
  readonly rows: SparseRows;
  readonly loss: ConvexLossName;
  readonly outputs: number;
  readonly targets: Float32Array;
  readonly costs: Float32Array | undefined;
  readonly seed: number;
  /** Of the scores of a regression, which was taken off them, since the bias is penalised. */
  readonly mean: number;
};

function problemOf({ rows, classes, loss, costs, seed }: LinearFitOptions, prepared: PreparedTargets): Problem {
  const size = rows.starts.length - 1;
  if (costs !== undefined && costs.length !== size) {
    throw new ShapeError({ where: 'costs', wanted: `one per row, ${size}`, got: `${costs.length}` });
  }
  const mean = classes === 1 ? prepared.targets.reduce((sum, y) => sum + y, 0) / prepared.targets.length : 0;
  return {
    rows: prepared.rows.length === size ? rows : selectSparseRows(rows, prepared.rows),
    loss: loss ?? (classes === 1 ? 'squared' : 'logistic'),
    outputs: classes,
    targets: mean === 0 ? prepared.targets : prepared.targets.map((y) => y - mean),
    costs: costs && Float32Array.from(prepared.rows, (row) => costs[row] as number),
    seed,
    mean,
  };
}

type Chosen = TriedStrength & {
  readonly temperature: number;
  /**
   * [N, C]: those that the folds came to, from which it is not far to those of all rows. Undefined with soft targets, where zeros
   * are near: u is what targets differ from predictions by.
   */
  readonly duals: Float32Array | undefined;
};

async function choose(given: {
  readonly problem: Problem;
  readonly prepared: PreparedTargets;
  readonly folds: readonly Fold[];
  readonly strengths: readonly number[];
  readonly scale: number;
  readonly metric: MetricName;
  readonly options: LinearFitOptions;
}): Promise<{ readonly best: Chosen | undefined; readonly tried: readonly TriedStrength[] }> {
  const { problem, prepared, folds, strengths, scale, metric, options } = given;
  const tried: TriedStrength[] = [];
  let best: Chosen | undefined;
  let waited = 0;
  const inner = folds.map(({ rest, part }) => ({
    rest,
    ascent: new DualAscent({ ...problem, ...selected(problem, rest) }),
    rows: selectSparseRows(problem.rows, part),
  }));
  const { places, ...gold } = judgedRows(problem, prepared, Uint32Array.from(folds.flatMap(({ part }) => [...part])));
  const { of, mode } = METRICS[metric];
  const isSoft = problem.outputs > 1 && problem.targets.some((share) => share > 0 && share < 1);
  for (const strength of folds.length === 0 ? [] : strengths) {
    const parts: Float32Array[] = [];
    for (const { ascent, rows } of inner) {
      await ascent.ascend({ strength: strength * scale, tolerance: TOLERANCES.search, signal: options.signal });
      parts.push(linearLogits(rows, ascent.weights()));
    }
    const raw = targetsOfRows(concatenated(parts), places, problem.outputs);
    const temperature =
      problem.outputs === 1
        ? fittedShrinkage(raw, gold.targets)
        : fittedTemperature(raw, gold.targets, problem.outputs);
    const score = of({ ...gold, logits: raw.map((logit) => logit / temperature) });
    tried.push({ strength, score });
    options.onStrength?.({ strength, score });
    const isBetter = best === undefined || isAbove(score, best.score, mode);
    if (isBetter) {
      const duals = isSoft ? undefined : meanDuals(problem, inner);
      best = { strength, score, temperature, duals };
    }
    waited = isBetter ? 0 : waited + 1;
    if (waited === PATIENCE) break;
  }
  return { best, tried };
}

/** The mean of each row's duals over the folds that it was fitted in; zeros for a row that was in none. */
function meanDuals(
  { targets, outputs }: Problem,
  inner: readonly { readonly rest: Uint32Array; readonly ascent: DualAscent }[],
): Float32Array {
  const mean = new Float32Array(targets.length);
  const fits = Math.max(1, inner.length - 1);
  for (const { rest, ascent } of inner) {
    const duals = ascent.duals();
    for (const [place, row] of rest.entries()) {
      for (let c = 0; c < outputs; c++) {
        const at = row * outputs + c;
        mean[at] = (mean[at] as number) + (duals[place * outputs + c] as number) / fits;
      }
    }
  }
  return mean;
}

/** Of the rows that choose, in their order, the places of those that are measured, and what they are measured by. */
function judgedRows({ targets, outputs: classes }: Problem, prepared: PreparedTargets, order: Uint32Array) {
  const all = Uint32Array.from(order.keys());
  const labelled = all.filter((place) => prepared.isLabelled[order[place] as number] === 1);
  const isByLabels = classes > 1 && (labelled.length === order.length || labelled.length >= ENOUGH_LABELS);
  const places = isByLabels ? labelled : all;
  const rows = Uint32Array.from(places, (place) => order[place] as number);
  const labels = Int32Array.from(rows, (row) => prepared.labels[row] as number);
  const own = isByLabels ? oneHot(labels, classes) : targetsOfRows(targets, rows, classes);
  return { places, classes, labels, targets: own, ...(prepared.scores && { scores: own }) };
}

/** A correlation with a constant is NaN, which is worse than any number. */
function isAbove(score: number, best: number, mode: 'max' | 'min'): boolean {
  if (Number.isNaN(best)) return !Number.isNaN(score);
  return gainOver(mode, score, best) > 0;
}

function selected({ rows, outputs, targets, costs }: Problem, some: Uint32Array) {
  return {
    rows: selectSparseRows(rows, some),
    targets: targetsOfRows(targets, some, outputs),
    costs: costs && Float32Array.from(some, (row) => costs[row] as number),
  };
}

/** xᵀ W + b of each row, [N, C]. */
export function linearLogits(rows: SparseRows, { weights, bias }: LinearWeights): Float32Array {
  const { starts, ids, values } = rows;
  const classes = bias.length;
  const logits = new Float32Array((starts.length - 1) * classes);
  const sums = new Float64Array(classes);
  for (let row = 0; row + 1 < starts.length; row++) {
    sums.set(bias);
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      const at = (ids[i] as number) * classes;
      const value = values[i] as number;
      for (let c = 0; c < classes; c++) sums[c] = (sums[c] as number) + value * (weights[at + c] as number);
    }
    logits.set(sums, row * classes);
  }
  return logits;
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The mean ‖x‖² of a row; 1 where all are empty. */
function meanSquare({ starts, values }: SparseRows): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum / (starts.length - 1) || 1;
}
