/**
 * @file What an outside teacher's answers have cost, and whether the next one still fits into what they may; what questions are
 * going to take: cost and time by prices and limits, and room in the log.
 */
import { money } from '../../errors/number-text.js';
import { usualSignals } from '../../teachers/answers.js';
import type { LabellingPlan } from '../../teachers/teacher.js';
import { EndpointError } from './asking-turns.js';
import type { OutsideQuestion, Tokens } from './outside.js';
import type { Used } from './outside-log.js';
import type { OutsideOptions } from './outside-options.js';

type Terms = Pick<OutsideOptions, 'model' | 'prices' | 'maxCost'>;

export class Spending {
  readonly #terms: Terms;
  #input = 0;
  #output = 0;
  /** As replies have stated, and the tokens of the others. */
  #stated = 0;
  readonly #priced = { input: 0, output: 0 };
  /** Held back for requests under way: what they may cost at most. */
  #reserved = 0;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  /** Of all replies. */
  get tokens(): Tokens {
    return { input: this.#input, output: this.#output };
  }

  /** What all replies have cost. */
  get spent(): number {
    return this.#stated + this.cost(this.#priced);
  }

  /** Counts what earlier replies have taken. */
  add({ input, output, cost, unpriced }: Used): void {
    this.#input += input;
    this.#output += output;
    this.#stated += cost;
    this.#priced.input += unpriced.input;
    this.#priced.output += unpriced.output;
  }

  count(usage: Usage): void {
    this.#input += usage.input;
    this.#output += usage.output;
    const { input, output, cost = 0 } = usage;
    if (cost > 0) {
      this.#stated += cost;
      return;
    }
    this.#priced.input += input;
    this.#priced.output += output;
  }

  /** As the replies say, else of so many tokens; 0 without either. */
  cost({ input, output, cost = 0 }: Usage): number {
    const { prices = { input: 0, output: 0 } } = this.#terms;
    return cost > 0 ? cost : (input * prices.input + output * prices.output) / 1e6;
  }

  /**
   * Holds back what a request may cost at most; waits for others under way where only their bounds stand against it.
   * @param most tokens of the request, at most.
   * @param standing for the message.
   * @throws EndpointError if it could pass the limit.
   */
  async reserve(most: Tokens, standing: () => { readonly done: number; readonly rows: number }): Promise<number> {
    const { model, maxCost = Infinity } = this.#terms;
    const atMost = this.cost(most);
    const spent = () => this.spent;
    while (this.#underWay > 0 && spent() + this.#reserved + atMost > maxCost) {
      await new Promise<void>((done) => this.#waiting.push(done));
    }
    if (spent() + atMost > maxCost) {
      throw overBudget({ model, maxCost, spent: spent(), next: atMost, ...standing() });
    }
    this.#reserved += atMost;
    this.#underWay += 1;
    return atMost;
  }

  /** Ends a request. @param reserved What was held back for it. */
  settle(reserved: number): void {
    this.#underWay -= 1;
    // Sums of fractions do not come back to 0 by themselves.
    this.#reserved = this.#underWay === 0 ? 0 : this.#reserved - reserved;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }
}

/** Of a request that could pass the limit. */
export function overBudget({
  model,
  maxCost,
  spent,
  next,
  done,
  rows,
}: {
  readonly model: string;
  readonly maxCost: number;
  readonly spent: number;
  /** What it can cost at most. */
  readonly next: number;
  readonly done: number;
  readonly rows: number;
}): EndpointError {
  return new EndpointError({
    where: `teacher ${model}`,
    wanted: `a cost of at most ${maxCost}`,
    got: `${money(spent)} after ${done} of ${rows} rows, and up to ${money(next)} for the next`,
    fix: 'raise maxCost and run it again: finished replies are kept',
  });
}

/** Tokens, and what they cost where the replies say so. */
type Usage = Tokens & { readonly cost?: number | undefined };

export type OutsideTerms = {
  /** Of a million tokens. */
  readonly prices?: { readonly input: number; readonly output: number } | undefined;
  readonly requestsPerMinute?: number | undefined;
  /** Draws of a label, where those are asked for; else 1. */
  readonly draws: number;
  /** The most tokens of an answer. */
  readonly outputTokens: number;
  readonly classes: number;
};

/** Tokens beside the contents of messages, at most. */
const MOST_TOKENS_PER_MESSAGE = 32;

/** Of a question: no token has less than a byte. */
export function mostInputTokens({ bytes, messages }: Pick<OutsideQuestion, 'bytes' | 'messages'>): number {
  return bytes + MOST_TOKENS_PER_MESSAGE * messages;
}

/** Of English text; other languages and odd words take more. */
const BYTES_PER_TOKEN = 4;
/** Roles and marks around the contents of a message. */
const TOKENS_PER_MESSAGE = 4;
/** A line of the log besides the text: hash, usage, and twenty tokens with their log-probabilities. */
const LOG_LINE_BYTES = 900;

/** Bytes of what is asked, and of the row's own text; messages of a question. */
export type OpenQuestion = { readonly bytes: number; readonly textBytes: number; readonly messages: number };

/**
 * @param spent what answers so far have cost, where there are any: their mean is better than a count of bytes.
 */
export function outsidePlan(
  rows: number,
  open: readonly OpenQuestion[],
  terms: OutsideTerms,
  spent?: { readonly rows: number; readonly cost: number },
): LabellingPlan {
  const { prices, requestsPerMinute, draws, outputTokens, classes } = terms;
  const input = open.reduce(
    (sum, { bytes, messages }) => sum + Math.ceil(bytes / BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE * messages,
    0,
  );
  const output = open.length * draws * outputTokens;
  const byPrices = prices && (input * prices.input + output * prices.output) / 1e6;
  const cost =
    prices !== undefined && spent !== undefined && spent.rows > 0 ? (spent.cost / spent.rows) * open.length : byPrices;
  return {
    rows,
    unanswered: open.length,
    ...(open.length === 0
      ? { seconds: 0 }
      : requestsPerMinute !== undefined && { seconds: (open.length * 60) / requestsPerMinute }),
    bytes: open.reduce((sum, { textBytes }) => sum + textBytes + LOG_LINE_BYTES, 0),
    ...(cost !== undefined && { cost }),
    signals: usualSignals({ classes }, true),
  };
}
