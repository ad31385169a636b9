/**
 * @file The convex losses of a linear model, each with what dual ascent needs of it. z are the C scores of a row, y its
 * C targets, u its C duals, which are at the optimum −∂ℓ/∂z. ℓ*(−u) = max over z of −u·z − ℓ(z) is the conjugate.
 */

/** What a step on one row reads. Rows of `targets` and `duals` begin at `at`, those of `scores` at 0. */
export type DualPoint = {
  readonly classes: number;
  readonly scores: Float32Array;
  readonly targets: Float32Array;
  readonly duals: Float32Array;
  /** C numbers for what a step works out on the way. */
  readonly scratch: Float64Array;
  at: number;
};

/** What the C targets of a row have to be. */
export type TargetKind = {
  readonly wanted: string;
  /** What is wrong with a row, if anything is. */
  readonly flaw: (row: Float32Array) => string | undefined;
};

const ONE_HOT: TargetKind = {
  wanted: 'one 1 and zeros',
  flaw: (row) => {
    const other = row.find((y) => y !== 0 && y !== 1);
    if (other !== undefined) return String(other);
    const ones = row.reduce((sum, y) => sum + y, 0);
    return ones === 1 ? undefined : `${ones} of 1`;
  },
};

/** Of a sum of float32 probabilities. */
const ROUNDING = 1e-3;

const PROBABILITIES: TargetKind = {
  wanted: 'probabilities that add up to 1',
  flaw: (row) => {
    const other = row.find((y) => !(y >= 0 && y <= 1));
    if (other !== undefined) return String(other);
    const sum = row.reduce((total, y) => total + y, 0);
    return Math.abs(sum - 1) <= ROUNDING ? undefined : `a sum of ${sum}`;
  },
};

const NUMBERS: TargetKind = {
  wanted: 'finite numbers',
  flaw: (row) => row.find((y) => !Number.isFinite(y))?.toString(),
};

export type ConvexLoss = {
  readonly targets: TargetKind;
  /** ℓ(z) */
  readonly value: (point: DualPoint) => number;
  /** ℓ*(−u) */
  readonly conjugate: (point: DualPoint) => number;
  /**
   * Writes the duals v that maximise the dual objective in this row alone: −ℓ*(−v) − v·z − κ/2 ‖v − u‖², where κ is
   * C · cost · ‖x‖².
   */
  readonly maximise: (point: DualPoint, kappa: number, next: Float64Array) => void;
};

/**
 * Σ max(0, 1 − s z)² with s = 1 for the class of the row and −1 for the others: a support vector machine of L2 loss for
 * each class against the rest. Fan et al., "LIBLINEAR", 2008; the step is that of Hsieh et al., "A dual coordinate
 * descent method for large-scale linear SVM", 2008, algorithm 3.
 */
const squaredHinge: ConvexLoss = {
  targets: ONE_HOT,
  value: ({ classes, scores, targets, at }) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const z = scores[c] as number;
      const short = 1 - ((targets[at + c] as number) > 0 ? z : -z);
      if (short > 0) sum += short * short;
    }
    return sum;
  },
  conjugate: ({ classes, targets, duals, at }) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const u = duals[at + c] as number;
      sum += (u * u) / 4 - ((targets[at + c] as number) > 0 ? u : -u);
    }
    return sum;
  },
  maximise: ({ classes, scores, targets, duals, at }, kappa, next) => {
    for (let c = 0; c < classes; c++) {
      const side = (targets[at + c] as number) > 0 ? 1 : -1;
      const u = side * (duals[at + c] as number);
      const moved = u + (1 - side * (scores[c] as number) - u / 2) / (kappa + 0.5);
      next[c] = moved > 0 ? side * moved : 0;
    }
  },
};

/** Σ (z − y)²: ridge regression. */
const squared: ConvexLoss = {
  targets: NUMBERS,
  value: ({ classes, scores, targets, at }) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += ((scores[c] as number) - (targets[at + c] as number)) ** 2;
    return sum;
  },
  conjugate: ({ classes, targets, duals, at }) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const u = duals[at + c] as number;
      sum += (u * u) / 4 - u * (targets[at + c] as number);
    }
    return sum;
  },
  maximise: ({ classes, scores, targets, duals, at }, kappa, next) => {
    for (let c = 0; c < classes; c++) {
      const u = duals[at + c] as number;
      next[c] = u + ((targets[at + c] as number) - (scores[c] as number) - u / 2) / (kappa + 0.5);
    }
  },
};

/**
 * −Σ y log softmax(z), where y may be any probabilities: multinomial logistic regression, on soft targets too. u = y − p
 * with p among the probabilities, and ℓ*(−u) = Σ p log p (Shalev-Shwartz & Zhang, "Accelerated proximal stochastic dual
 * coordinate ascent", 2016, section 5).
 */
const logistic: ConvexLoss = {
  targets: PROBABILITIES,
  value: ({ classes, scores, targets, at }) => {
    let total = 0;
    let right = 0;
    const largest = largestOf(scores, classes);
    for (let c = 0; c < classes; c++) {
      const z = (scores[c] as number) - largest;
      total += Math.exp(z);
      right += (targets[at + c] as number) * z;
    }
    return Math.log(total) - right;
  },
  conjugate: ({ classes, targets, duals, at }) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const p = (targets[at + c] as number) - (duals[at + c] as number);
      if (p > 0) sum += p * Math.log(p);
    }
    return sum;
  },
  maximise: (point, kappa, next) => {
    const { classes, scores, targets, duals, at } = point;
    const largest = largestOf(scores, classes);
    let total = 0;
    for (let c = 0; c < classes; c++) {
      const power = Math.max(SMALLEST, Math.exp((scores[c] as number) - largest));
      next[c] = power;
      total += power;
    }
    // log p + κ p = z + κ p before − λ, and Σ p = 1. Without the logarithm κ would take p only this far.
    for (let c = 0; c < classes; c++) {
      const before = Math.max(0, (targets[at + c] as number) - (duals[at + c] as number));
      next[c] = (kappa * before + (next[c] as number) / total) / (1 + kappa);
    }
    for (let round = 0; round < MAX_ROUNDS; round++) if (newtonStep(point, kappa, next) < SMALL_STEP) break;
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += next[c] as number;
    for (let c = 0; c < classes; c++) next[c] = (targets[at + c] as number) - (next[c] as number) / sum;
  },
};

const SMALLEST = 1e-30;
const MAX_ROUNDS = 30;
/** Of a probability. Convergence is quadratic: the step after it would be about its square. */
const SMALL_STEP = 1e-3;

/**
 * One step of Newton's method for p and λ. Upwards it is taken in p and downwards in log p, where it does not overshoot,
 * since log is concave and exp convex.
 * @returns The largest change of a probability.
 */
function newtonStep(point: DualPoint, kappa: number, next: Float64Array): number {
  const { classes, scores, targets, duals, scratch, at } = point;
  let weights = 0;
  let weighted = -1;
  for (let c = 0; c < classes; c++) {
    const p = next[c] as number;
    const before = Math.max(0, (targets[at + c] as number) - (duals[at + c] as number));
    const rest = (scores[c] as number) + kappa * (before - p) - Math.log(p);
    const weight = p / (1 + kappa * p);
    scratch[c] = rest;
    weights += weight;
    weighted += weight * rest + p;
  }
  const lambda = weighted / weights;
  let largest = 0;
  for (let c = 0; c < classes; c++) {
    const p = next[c] as number;
    const step = ((scratch[c] as number) - lambda) / (1 + kappa * p);
    const moved = Math.max(SMALLEST, p * (step > 0 ? 1 + step : Math.exp(step)));
    largest = Math.max(largest, Math.abs(moved - p));
    next[c] = moved;
  }
  return largest;
}

function largestOf(scores: Float32Array, classes: number): number {
  let largest = scores[0] as number;
  for (let c = 1; c < classes; c++) if ((scores[c] as number) > largest) largest = scores[c] as number;
  return largest;
}

/** All losses, by name. */
export const CONVEX_LOSSES = { 'squared-hinge': squaredHinge, logistic, squared } as const satisfies Record<
  string,
  ConvexLoss
>;
export type ConvexLossName = keyof typeof CONVEX_LOSSES;
