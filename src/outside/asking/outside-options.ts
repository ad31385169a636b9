/** @file How an outside teacher is asked, whoever it is: options with their ranges, and the report of how it stands. */
import { OptionError } from '../../errors/failures.js';
import type { TurnOptions } from './asking-turns.js';
import type { Tokens, Why } from './outside.js';

export type OutsideOptions = TurnOptions & {
  /** As it is asked for, and named in messages. */
  readonly model: string;
  readonly labelNames: readonly string[];
  /** The file of its replies, JSON lines: appended to, never rewritten, and read first. */
  readonly log: string;
  /** Of a million tokens. */
  readonly prices?: Tokens;
  /** What all replies in the log may cost together, in the currency of `prices`. */
  readonly maxCost?: number;
  /** Asks about each row so many times, each with the labels in another order, and takes the mean. Default: 1. */
  readonly rotations?: number;
  /** Requests under way at once. Default: 4. */
  readonly concurrency?: number;
  /** Rows that are answered and judged before the rest is asked. Default: 20. */
  readonly smokeRows?: number;
  /** Told after those rows, with an estimate for all; false stops before the rest. */
  readonly onSmoke?: (report: EndpointReport) => boolean | Promise<boolean>;
  readonly onProgress?: (report: EndpointReport) => void;
  /** The share of rows that may be without a usable answer; a student learns nothing from those. Default: 0.05. */
  readonly maxMalformed?: number;
  /** Why rows are asked, kept with each reply. Default: all of them are. */
  readonly why?: Why;
  /** The model that its replies name, where that has changed (`renamedModel`): it is another teacher then. */
  readonly answeredBy?: string;
  readonly signal?: AbortSignal;
};

export type EndpointReport = {
  readonly rows: number;
  /** Rows that have their answer, or are given up as malformed. */
  readonly done: number;
  /** Rows whose answer was in the log. */
  readonly fromLog: number;
  readonly malformed: number;
  /** Rows that the model would not answer: holes, from which nothing is learnt. */
  readonly refused: number;
  readonly byProbabilities: number;
  readonly byLogprobs: number;
  readonly bySamples: number;
  readonly byLabel: number;
  /** Mean mass of tokens that begin no label, over rows with log-probabilities. */
  readonly outside: number;
  /** Mean share of the labels whose probability is known to 0.001, over the same rows. */
  readonly exact: number;
  /** Rows of them whose most likely label is not the one that the reply's text names. */
  readonly differing: number;
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  /** Replies that were not of the format, or broke off. */
  readonly broken: number;
  /** The model as its replies name it; absent where they do not. */
  readonly answeredBy?: string;
  /** Of all replies in the log. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of all replies in the log; absent without prices, where the replies do not say. */
  readonly cost?: number;
  /** What all rows will have cost, from the mean so far; absent as `cost` is. */
  readonly estimatedCost?: number;
};

/** @throws OptionError for options that do not fit. */
export function checkOutsideOptions(options: OutsideOptions): void {
  const {
    labelNames,
    prices,
    maxCost,
    concurrency = 4,
    smokeRows = 20,
    maxMalformed = 0.05,
    why,
    rotations = 1,
  } = options;
  const refuse = (where: string, wanted: string, got: unknown) => {
    throw new OptionError({ where, wanted, got: String(got) });
  };
  if (labelNames.length < 2 || new Set(labelNames).size < labelNames.length) {
    refuse('labelNames', 'at least two different names', labelNames.join(', ') || 'none');
  }
  const whole = (where: string, value: number, least: number) => {
    if (!Number.isInteger(value) || value < least) refuse(where, `an integer ≥ ${least}`, value);
  };
  if (!(Number.isInteger(rotations) && rotations >= 1 && rotations <= labelNames.length)) {
    refuse('rotations', `an integer from 1 to ${labelNames.length}, the number of labels`, rotations);
  }
  whole('concurrency', concurrency, 1);
  whole('smokeRows', smokeRows, 1);
  whole('retries', options.retries ?? 6, 0);
  for (const where of ['timeoutMs', 'backoffMs', 'requestsPerMinute'] as const) {
    const value = options[where] ?? 1;
    if (!(value > 0)) refuse(where, 'a number > 0', value);
  }
  if (!(maxMalformed >= 0 && maxMalformed <= 1)) refuse('maxMalformed', 'a number from 0 to 1', maxMalformed);
  if (why !== undefined && !(why.probability > 0 && why.probability <= 1)) {
    refuse('why.probability', 'a number > 0, at most 1', why.probability);
  }
  if (prices !== undefined && !(prices.input >= 0 && prices.output >= 0)) {
    refuse('prices', 'numbers ≥ 0 for input and output', JSON.stringify(prices));
  }
  if (maxCost === undefined) return;
  if (!(maxCost > 0)) refuse('maxCost', 'a number > 0', maxCost);
  if (prices === undefined) refuse('maxCost', 'prices, to compute the cost (prices: { input, output })', 'none');
}
