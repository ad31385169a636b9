/** @file What questions to an endpoint are going to take: cost and time by prices and limits, and room in the log. */
import type { LabellingPlan } from './teacher.js';

export type EndpointTerms = {
  /** Of a million tokens. */
  readonly prices?: { readonly input: number; readonly output: number };
  readonly requestsPerMinute?: number;
  /** Draws of a label, where those are asked for; else 1. */
  readonly draws: number;
  /** The most tokens of an answer. */
  readonly outputTokens: number;
  readonly classes: number;
};

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
export function endpointPlan(
  rows: number,
  open: readonly OpenQuestion[],
  terms: EndpointTerms,
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
    signals: {
      logits: { dtype: 'float32', shape: [classes] },
      remainder: { dtype: 'float32', shape: [classes] },
    },
  };
}
