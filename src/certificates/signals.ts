/**
 * @file What there is to see of an answer beside its probability: the signals of a ranker. Each is made of what a model gives in
 * production, its logits and those of other students that are asked too, and of nothing of the training set.
 */
import { argmax, logSoftmax } from '../tensor/logits.js';

/** What a student gives for N texts, C classes. */
export type StudentOutputs = {
  /** [N * C], before the temperature. */
  readonly logits: Float32Array;
  readonly classes: number;
  /** [N * C] each: of other students on the same texts, other seeds for example. Signal `spread` is of them. */
  readonly others?: readonly Float32Array[] | undefined;
};

/** One row, under the temperature. */
export type RowView = {
  /** log p, [C]. */
  readonly logProbs: Float64Array;
  /** The answered class. */
  readonly answer: number;
  /** log p of the others, [C] each. */
  readonly others: readonly Float64Array[];
  /** Of its class; undefined for one that no validation row was answered with. */
  readonly known?: KnownClass | undefined;
};

/** What validation rows say of the answers of one class. */
export type KnownClass = {
  /** log-odds that they are right. */
  readonly logOdds: number;
  /** Mean of the centred logits of those that are, [C]; null where none is. */
  readonly centroid: ArrayLike<number> | null;
};

type Signal = {
  /** Whether it is made of other students. */
  readonly ofOthers?: true;
  /** NaN: it says nothing of this row. */
  readonly read: (row: RowView) => number;
};

/** All signals, by name. p are the student's probabilities, ŷ is its answer. */
export const SIGNALS = {
  /** log p_ŷ / (1 − p_ŷ) */
  'max-probability': {
    read: ({ logProbs, answer }) => (logProbs[answer] as number) - logSumOf(logProbs, answer),
  },
  /** log p_ŷ − log of the second largest p */
  margin: {
    read: ({ logProbs, answer }) => (logProbs[answer] as number) - Math.max(...logProbs.filter((_, c) => c !== answer)),
  },
  /** −Σ p log p, in nats */
  entropy: { read: ({ logProbs }) => -logProbs.reduce((sum, logProb) => sum + Math.exp(logProb) * logProb, 0) },
  /** Between the centred logits and the centroid of right answers ŷ, root of the mean square */
  distance: {
    read: ({ logProbs, known }) => (known?.centroid ? distanceOf(centred(logProbs), known.centroid) : Number.NaN),
  },
  /** log-odds that answers ŷ are right */
  label: { read: ({ known }) => known?.logOdds ?? Number.NaN },
  /** −log of the mean probability that the other students give to ŷ */
  spread: {
    ofOthers: true,
    read: ({ answer, others }) => {
      const mean = others.reduce((sum, logProbs) => sum + Math.exp(logProbs[answer] as number), 0) / others.length;
      return -Math.log(Math.max(mean, SMALLEST));
    },
  },
} as const satisfies Readonly<Record<string, Signal>>;

export type SignalName = keyof typeof SIGNALS;
export const SIGNAL_NAMES = Object.keys(SIGNALS) as readonly SignalName[]; // of the table by construction

const SMALLEST = 1e-30;

/** Those that can be read where others are asked, or none are. */
export function readableSignals({ others = [] }: StudentOutputs): readonly SignalName[] {
  return SIGNAL_NAMES.filter((name) => others.length > 0 || !(SIGNALS[name] as Signal).ofOthers);
}

export function rowView(
  { logits, classes: C, others = [] }: StudentOutputs,
  row: number,
  temperature: number,
  knownClasses: readonly (KnownClass | null)[] = [],
): RowView {
  const logProbsOf = (all: Float32Array) =>
    logSoftmax(
      Float64Array.from(all.subarray(row * C, (row + 1) * C), (logit) => logit / temperature),
      C,
    );
  const answer = argmax(logits, row, C);
  return {
    logProbs: logProbsOf(logits),
    answer,
    others: others.map(logProbsOf),
    known: knownClasses[answer] ?? undefined,
  };
}

/** Less their mean: what is added to all logits of a row changes no probability. */
export function centred(logProbs: Float64Array): Float64Array {
  const mean = logProbs.reduce((sum, logProb) => sum + logProb, 0) / logProbs.length;
  return logProbs.map((logProb) => logProb - mean);
}

function distanceOf(own: Float64Array, centroid: ArrayLike<number>): number {
  const squares = own.reduce((sum, value, c) => sum + (value - (centroid[c] as number)) ** 2, 0);
  return Math.sqrt(squares / own.length);
}

/** log Σ exp of all but one. */
function logSumOf(logProbs: Float64Array, but: number): number {
  let [largest, sum] = [-Infinity, 0];
  for (const [c, logProb] of logProbs.entries()) if (c !== but) largest = Math.max(largest, logProb);
  for (const [c, logProb] of logProbs.entries()) if (c !== but) sum += Math.exp(logProb - largest);
  return largest + Math.log(sum);
}
