/**
 * @file Linear models of a convex loss by stochastic dual coordinate ascent: Hsieh et al., "A dual coordinate descent
 * method for large-scale linear SVM", ICML 2008; Shalev-Shwartz & Zhang, "Stochastic dual coordinate ascent methods for
 * regularized loss minimization", JMLR 2013. It minimises
 *
 *   P(W) = ½ ‖W‖² + C Σᵢ cᵢ ℓ(Wᵀ xᵢ, yᵢ)
 *
 * over W [F + 1, C outputs] by ascending its dual
 *
 *   D(u) = −½ ‖W(u)‖² − C Σᵢ cᵢ ℓ*(−uᵢ),   W(u) = C Σᵢ cᵢ xᵢ uᵢᵀ,
 *
 * one row at a time, all outputs of it at once. D(u) ≤ P(W) for any u and W, so P − D says how far from the optimum
 * both are at most. Every row has one more feature, of value 1, whose weights are the bias; as in LIBLINEAR they are
 * penalised like the others.
 */
import { InterruptedError, OptionError, ShapeError } from '../errors/failures.js';
import { turnOfTheEventLoop } from '../runtime/event-loop.js';
import { RandomStream } from '../tensor/random.js';
import type { SparseRows } from '../tensor/sparse-rows.js';
import { CONVEX_LOSSES, type ConvexLossName, type DualPoint } from './convex-loss.js';
import { type LinearKernel, openLinearKernel } from './linear-kernel.js';

/** N rows of F features and what a model of C outputs is to say of them. */
export type LinearProblem = {
  readonly rows: SparseRows;
  readonly loss: ConvexLossName;
  readonly outputs: number;
  /** [N, C]: one-hot labels (`squared-hinge`), probabilities (`logistic`) or numbers (`squared`). */
  readonly targets: Float32Array;
  /** [N]: how much each row's loss weighs, ≥ 0. Default: 1. */
  readonly costs?: Float32Array | undefined;
  /** The order of the rows in each epoch. */
  readonly seed: number;
  /** [N, C]: where the ascent begins, from `duals` of the same loss and targets; zeros for new rows. Default: zeros. */
  readonly duals?: Float32Array | undefined;
};

export type AscentOptions = {
  /** C of the formula, > 0: the larger, the weaker the L2 penalty. */
  readonly strength: number;
  /** The ascent ends when P − D ≤ tolerance · P. Default: 1e-3. */
  readonly tolerance?: number | undefined;
  /** Or after so many epochs. Default: 1,000. */
  readonly maxEpochs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called whenever the objectives were measured, which takes about as long as half an epoch and so is not done in each. */
  readonly onMeasured?: ((state: AscentState) => void) | undefined;
};

export type AscentState = {
  readonly epoch: number;
  /** P, in float64. */
  readonly primal: number;
  /** D, in float64. */
  readonly dual: number;
};

export type AscentResult = AscentState & {
  /** Whether P − D reached the tolerance. */
  readonly converged: boolean;
};

export const ascentDefaults = { tolerance: 1e-3, maxEpochs: 1000 } as const;

/** A linear model: scores = xᵀ W + b. */
export type LinearWeights = {
  /** W [F, C] */
  readonly weights: Float32Array;
  /** b [C] */
  readonly bias: Float32Array;
};

/** The weights and duals of a problem. An ascent begins where the one before ended, whatever its strength was. */
export class DualAscent {
  readonly #problem: LinearProblem;
  readonly #features: Features;
  readonly #kernel: LinearKernel;
  readonly #costs: Float32Array;
  /** ‖x‖² of each row. */
  readonly #squares: Float64Array;
  readonly #point: DualPoint & { at: number };
  readonly #next: Float64Array;
  #strength = 1;
  #epoch = 0;

  /** @throws OptionError or ShapeError for a problem that is not one, or more than 4 GiB. */
  constructor(problem: LinearProblem) {
    checkProblem(problem);
    const { rows, outputs, targets, costs, duals } = problem;
    const size = rows.starts.length - 1;
    this.#problem = problem;
    this.#features = withBias(rows);
    this.#kernel = openLinearKernel(this.#features.rows, outputs);
    this.#costs = costs ?? new Float32Array(size).fill(1);
    this.#squares = squaresOf(this.#features.rows);
    this.#next = new Float64Array(outputs);
    this.#point = {
      classes: outputs,
      scores: this.#kernel.scores,
      targets,
      duals: duals?.slice() ?? new Float32Array(size * outputs),
      scratch: new Float64Array(outputs),
      at: 0,
    };
    if (duals !== undefined) this.#addRows();
  }

  /**
   * Ascends until the relative gap is small enough. Between epochs other tasks of the process have their turn.
   * @throws InterruptedError when the signal says so; OptionError for options out of range.
   */
  async ascend(options: AscentOptions): Promise<AscentResult> {
    const { strength, tolerance = ascentDefaults.tolerance, maxEpochs = ascentDefaults.maxEpochs } = options;
    expectPositive('strength', strength);
    expectPositive('tolerance', tolerance);
    expectCount('maxEpochs', maxEpochs);
    this.#rescale(strength);
    let before: AscentState | undefined;
    let state = this.#state(0);
    while (state.epoch < maxEpochs && !isClose(state, tolerance)) {
      const epochs = Math.min(epochsToMeasure(before, state, tolerance), maxEpochs - state.epoch);
      for (let epoch = 1; epoch <= epochs; epoch++) {
        await turnOfTheEventLoop();
        if (options.signal?.aborted) throw interrupted(state.epoch + epoch);
        this.#oneEpoch();
      }
      before = state;
      state = this.#state(state.epoch + epochs);
      options.onMeasured?.(state);
    }
    return { ...state, converged: isClose(state, tolerance) };
  }

  /** u [N, C], for another problem to begin at. */
  duals(): Float32Array {
    return this.#point.duals.slice();
  }

  /** What the ascents came to. */
  weights(): LinearWeights {
    const { rows, outputs } = this.#problem;
    const { places, rows: kept } = this.#features;
    const { weights: W, stride } = this.#kernel;
    const weights = new Float32Array(rows.width * outputs);
    for (const [place, feature] of places.entries()) {
      weights.set(W.subarray(place * stride, place * stride + outputs), feature * outputs);
    }
    const biasAt = (kept.width - 1) * stride;
    return { weights, bias: W.slice(biasAt, biasAt + outputs) };
  }

  /** Makes W(u) of weights of zero. */
  #addRows(): void {
    const { outputs } = this.#problem;
    const { deltas, update } = this.#kernel;
    for (const [row, cost] of this.#costs.entries()) {
      for (let c = 0; c < outputs; c++) {
        deltas[c] = this.#strength * cost * (this.#point.duals[row * outputs + c] as number);
      }
      update(row);
    }
  }

  /** W(u) is in proportion to the strength. */
  #rescale(strength: number): void {
    const { weights } = this.#kernel;
    const factor = strength / this.#strength;
    if (factor !== 1) for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] as number) * factor;
    this.#strength = strength;
  }

  #oneEpoch(): void {
    const { outputs, loss, seed } = this.#problem;
    const { maximise } = CONVEX_LOSSES[loss];
    const { score, update, deltas } = this.#kernel;
    const point = this.#point;
    const { duals } = point;
    const next = this.#next;
    for (const row of new RandomStream(seed, 'dual-ascent', this.#epoch++).permutation(this.#costs.length)) {
      const scale = this.#strength * (this.#costs[row] as number);
      if (scale === 0) continue;
      score(row);
      point.at = row * outputs;
      maximise(point, scale * (this.#squares[row] as number), next);
      for (let c = 0; c < outputs; c++) {
        const at = point.at + c;
        const before = duals[at] as number;
        duals[at] = next[c] as number;
        deltas[c] = scale * ((duals[at] as number) - before);
      }
      update(row);
    }
  }

  #state(epoch: number): AscentState {
    const { outputs, loss } = this.#problem;
    const { value, conjugate } = CONVEX_LOSSES[loss];
    const point = this.#point;
    let losses = 0;
    let conjugates = 0;
    for (let row = 0; row < this.#costs.length; row++) {
      const scale = this.#strength * (this.#costs[row] as number);
      if (scale === 0) continue;
      this.#kernel.score(row);
      point.at = row * outputs;
      losses += scale * value(point);
      conjugates += scale * conjugate(point);
    }
    const { weights } = this.#kernel;
    let squares = 0;
    for (let i = 0; i < weights.length; i++) squares += (weights[i] as number) ** 2;
    return { epoch, primal: squares / 2 + losses, dual: -squares / 2 - conjugates };
  }
}

function isClose({ primal, dual }: AscentState, tolerance: number): boolean {
  return primal - dual <= tolerance * primal;
}

/** The epochs until most of the way to the tolerance is probably covered, if the gap falls as fast as it did. */
function epochsToMeasure(before: AscentState | undefined, now: AscentState, tolerance: number): number {
  if (before === undefined) return 1;
  const [gapBefore, gap] = [before, now].map(({ primal, dual }) => (primal - dual) / primal) as [number, number];
  const fall = Math.log(gapBefore / gap) / (now.epoch - before.epoch);
  const left = Math.log(gap / tolerance) / fall;
  return left > 0 ? Math.min(Math.max(1, Math.floor(MEASURED_AT * left)), now.epoch) : 1;
}

/** Of the way that is probably left. */
const MEASURED_AT = 0.8;

function interrupted(epoch: number): InterruptedError {
  return new InterruptedError({ where: 'linear fit', wanted: 'to converge', got: `an interruption in epoch ${epoch}` });
}

/** Rows of the features that are there, the frequent ones first, and one of value 1. */
type Features = {
  readonly rows: SparseRows;
  /** The feature of each place but the last, which is the bias. */
  readonly places: Uint32Array;
};

/** Weights of features that no row has stay zero; those of the frequent ones then lie close to each other. */
function withBias({ width, starts, ids, values }: SparseRows): Features {
  const size = starts.length - 1;
  const counts = new Uint32Array(width);
  for (const id of ids) counts[id] = (counts[id] as number) + 1;
  const places = Uint32Array.from(counts.keys())
    .filter((feature) => (counts[feature] as number) > 0)
    .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  const placeOf = new Uint32Array(width);
  for (const [place, feature] of places.entries()) placeOf[feature] = place;
  const own = { ids: new Uint32Array(ids.length + size), values: new Float32Array(ids.length + size) };
  let at = 0;
  for (let row = 0; row < size; row++) {
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      own.ids[at] = placeOf[ids[i] as number] as number;
      own.values[at++] = values[i] as number;
    }
    own.ids[at] = places.length;
    own.values[at++] = 1;
  }
  return { rows: { ...own, width: places.length + 1, starts: starts.map((start, row) => start + row) }, places };
}

function squaresOf({ starts, values }: SparseRows): Float64Array {
  const squares = new Float64Array(starts.length - 1);
  for (let row = 0; row < squares.length; row++) {
    let sum = 0;
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) sum += (values[i] as number) ** 2;
    squares[row] = sum;
  }
  return squares;
}

function expectPositive(where: string, value: number): void {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw new OptionError({ where, wanted: 'a number > 0', got: String(value) });
}

function expectCount(where: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new OptionError({ where, wanted: 'an integer ≥ 1', got: String(value) });
}

function checkProblem({ rows, outputs, loss, targets, costs, duals }: LinearProblem): void {
  const size = rows.starts.length - 1;
  expectCount('outputs', outputs);
  if (size < 1) throw new ShapeError({ where: 'rows', wanted: 'one row at least', got: 'none' });
  const value = rows.values.find((each) => !Number.isFinite(each));
  if (value !== undefined) throw new OptionError({ where: 'rows', wanted: 'finite numbers', got: String(value) });
  for (const [where, { length }] of Object.entries({ targets, ...(duals && { duals }) })) {
    const wanted = `${size * outputs} numbers for ${size} rows of ${outputs} outputs`;
    if (length !== size * outputs) throw new ShapeError({ where, wanted, got: `${length}` });
  }
  const { wanted, flaw } = CONVEX_LOSSES[loss].targets;
  for (let row = 0; row < size; row++) {
    const found = flaw(targets.subarray(row * outputs, (row + 1) * outputs));
    if (found === undefined) continue;
    throw new OptionError({
      where: 'targets',
      wanted: `${wanted}, as ${loss} needs them`,
      got: `${found} in row ${row}`,
    });
  }
  if (costs === undefined) return;
  if (costs.length !== size) {
    throw new ShapeError({ where: 'costs', wanted: `one per row, ${size}`, got: `${costs.length}` });
  }
  const bad = costs.findIndex((cost) => !(cost >= 0 && cost < Number.POSITIVE_INFINITY));
  if (bad < 0) return;
  throw new OptionError({ where: 'costs', wanted: 'numbers ≥ 0', got: `${costs[bad]} for row ${bad}` });
}
