/**
 * @file What a teacher reveals of a row, as a target: the rungs of a ladder from logits over all classes down to one
 * label. Each gives log-probabilities [C] that sum to 1, and where only some classes were named, which ones were not.
 */

/** What an answer was made of, best first. */
export const RUNGS = ['logits', 'probabilities', 'logprobs', 'samples', 'label'] as const;
export type Rung = (typeof RUNGS)[number];

export type Target = {
  /** [C]: logits of the teacher, or log-probabilities. */
  readonly logits: readonly number[];
  /** [C], 1 for the classes that the teacher did not name: of them only the sum of the probabilities is known. */
  readonly remainder?: readonly number[];
};

/** Log-probabilities below this are not told apart: p log p is then below 2e-7. */
const LEAST = 1e-8;
/** The least of float32 that is not denormal: above it, small probabilities are exact, and hold at any temperature. */
export const LEAST_FLOAT = 2 ** -126;
/** What a step can make something of: its square is a number of float32, and so is a difference of two. */
export const LARGEST_TARGET = 2 ** 60;

/**
 * A row of probabilities, which should sum to 1 but for rounding.
 * @param least What is put in place of a 0, whose logarithm is no number.
 */
export function probabilityTarget(probabilities: readonly number[], least = LEAST): Target {
  const floored = probabilities.map((p) => Math.max(p, least));
  const total = floored.reduce((sum, p) => sum + p, 0);
  return { logits: floored.map((p) => Math.log(p / total)) };
}

/**
 * Probabilities that were rounded. What was rounded to 0 is what the others leave, together at most half a unit of the last
 * decimal.
 */
export function roundedTarget(probabilities: readonly number[], halfUnit: number): Target {
  const zeros = probabilities.filter((p) => p === 0).length;
  const left = 1 - probabilities.reduce((sum, p) => sum + p, 0);
  const share = Math.max(Math.min(left, halfUnit) / zeros, LEAST);
  return probabilityTarget(
    probabilities.map((p) => (p === 0 ? share : p)),
    0,
  );
}

/**
 * Log-probabilities of some classes; undefined for the others, which form a bucket with the rest of the mass.
 * @param outside Mass that went to no class at all: it is taken off before, so that the classes have a sum of 1.
 */
export function topKTarget(logProbs: readonly (number | undefined)[], outside = 0): Target {
  const others = logProbs.filter((value) => value === undefined).length;
  const named = logProbs.map((value) => (value === undefined ? 0 : Math.exp(value) / Math.max(1 - outside, LEAST)));
  if (others === 0) {
    const total = named.reduce((sum, p) => sum + p, 0);
    return probabilityTarget(
      named.map((p) => p / total),
      LEAST_FLOAT,
    );
  }
  const sum = named.reduce((total, p) => total + p, 0);
  const rest = Math.min(Math.max(1 - sum, LEAST), 1 - LEAST);
  const scale = (1 - rest) / Math.max(sum, LEAST);
  return {
    logits: logProbs.map((value, c) =>
      // Spread evenly, which is as good as any until a student says how it spreads its own.
      value === undefined ? Math.log(rest / others) : Math.log(Math.max((named[c] as number) * scale, LEAST)),
    ),
    remainder: logProbs.map((value) => (value === undefined ? 1 : 0)),
  };
}

/** Counts of sampled labels: p̂ = (count + a) / (n + a·C), a = 0.5 (Jeffreys' prior). */
export function sampleTarget(counts: readonly number[], prior = 0.5): Target {
  const total = counts.reduce((sum, count) => sum + count, 0) + prior * counts.length;
  return probabilityTarget(counts.map((count) => (count + prior) / total));
}

/** One label with ε of the mass spread over all C classes: (1 − ε) on it, and ε / C on each. */
export function labelTarget(label: number, classes: number, smoothing = 0.1): Target {
  return probabilityTarget(
    Array.from({ length: classes }, (_, c) => (c === label ? 1 - smoothing : 0) + smoothing / classes),
  );
}

/** Nothing: of the classes only the sum is known, so that a step spreads it as the student does, and learns nothing. */
export function holeTarget(classes: number): Required<Target> {
  const all = (value: number) => Array.from({ length: classes }, () => value);
  return { logits: all(-Math.log(classes)), remainder: all(1) };
}
