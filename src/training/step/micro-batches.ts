/** @file How the rows of a step become batches: of one shape, or of texts padded to the longest of them. */
import { type Batch, type Dataset, NO_ROW, type Place } from '../../data/dataset.js';
import type { TextRows } from '../../data/text-rows.js';
import { OptionError } from '../../errors/failures.js';
import type { Model } from '../../models/model.js';
import { MAX_LENGTH, TOKENS_PER_RUN } from '../../tokenizers/token-limits.js';

/** How the texts of a run are cut into parts of a step. */
export type TextPlan = {
  /** Tokens of a part at most, padding included; a batch with more is run in parts whose gradients are added. */
  readonly tokensPerRun: number;
  /** The longest row. */
  readonly longest: number;
  /**
   * Of attention, whose memory grows with the square of the length: Σ length² of a part at most, unless it is one row.
   * Absent where no row is so long that it matters.
   */
  readonly squaresPerRun?: number;
  /** The row that a traced teacher reads in the place of each: both are padded to one length. */
  readonly seenRow?: ((row: number) => number) | undefined;
};

export type TextPlanOptions = {
  /** Default: 2048. */
  readonly tokensPerRun?: number | undefined;
  /** Whose memory is to be bounded. Default: one without attention. */
  readonly model?: Pick<Model, 'sort'> | undefined;
  readonly seenRow?: TextPlan['seenRow'];
};

/**
 * Up to this length, which is the usual longest one, the tokens of a part decide its rows: what attention keeps of them is
 * the smaller part of a step's memory then. Of longer texts a part holds as much of attention as of texts of this length.
 */
const LENGTH_WITHOUT_SQUARES = MAX_LENGTH;

/**
 * How the texts of a data set are run; undefined for rows that are not texts.
 * @throws OptionError for a number of tokens that is none.
 */
export function planTexts(
  { text }: { readonly text?: Pick<TextRows, 'lengths'> | undefined },
  { tokensPerRun = TOKENS_PER_RUN, model, seenRow }: TextPlanOptions = {},
): TextPlan | undefined {
  if (!(Number.isInteger(tokensPerRun) && tokensPerRun >= 1)) {
    throw new OptionError({ where: 'tokensPerRun', wanted: 'an integer ≥ 1', got: String(tokensPerRun) });
  }
  if (text === undefined) return undefined;
  const longest = text.lengths.reduce((most, length) => Math.max(most, length), 1);
  // Absent where it changes no part, so that options are compared as before.
  const isEncoder = model !== undefined && (model.sort ?? 'encoder') === 'encoder';
  const isSquare = isEncoder && longest > LENGTH_WITHOUT_SQUARES;
  return { tokensPerRun, longest, ...(isSquare && { squaresPerRun: tokensPerRun * LENGTH_WITHOUT_SQUARES }), seenRow };
}

/** Rows of one run of a batch whose texts are padded to this length. */
export function rowsPerRun({ tokensPerRun, squaresPerRun }: TextPlan, length: number, batchSize: number): number {
  const byTokens = Math.floor(tokensPerRun / length);
  const bySquares = squaresPerRun === undefined ? byTokens : Math.floor(squaresPerRun / length ** 2);
  return Math.max(1, Math.min(batchSize, byTokens, bySquares));
}

/** The most tokens of one run, as rows of the longest length. */
export function largestRun(plan: TextPlan, batchSize: number): { readonly B: number; readonly S: number } {
  const most = Math.min(batchSize * plan.longest, Math.max(plan.tokensPerRun, plan.longest));
  return { B: Math.ceil(most / plan.longest), S: plan.longest };
}

/** Whether a batch may take more than one run. */
export function isCutIntoRuns(plan: TextPlan, batchSize: number): boolean {
  return rowsPerRun(plan, plan.longest, batchSize) < batchSize;
}

/** Rows of a run, and how they are padded. */
export type MicroBatch = {
  readonly rows: Uint32Array;
  readonly paddedTo: number;
  /** Of texts: that of the longest row. */
  readonly length?: number;
  /** Rows that only fill a place: none of them weighs anything. */
  readonly isEmpty?: true;
};

/** What the runs of one step read. @param rows those of the step; `accumulation` batches of `batchSize` or fewer. */
export function microBatches(
  rows: Uint32Array,
  { text }: Pick<Dataset, 'text'>,
  plan: { readonly batchSize: number; readonly accumulation: number; readonly text?: TextPlan | undefined },
): MicroBatch[] {
  const { batchSize, accumulation } = plan;
  const cut: MicroBatch[] = [];
  for (let i = 0; i < accumulation; i++) {
    const own = rows.subarray(i * batchSize, (i + 1) * batchSize).filter((row) => row !== NO_ROW);
    if (text === undefined || plan.text === undefined) {
      // The last step of an epoch may have too few rows for all of its batches, yet its shape is fixed.
      if (own.length === 0) cut.push({ rows: rows.subarray(0, 1), paddedTo: batchSize, isEmpty: true });
      else cut.push({ rows: own, paddedTo: batchSize });
      continue;
    }
    const { seenRow = (row: number) => row } = plan.text;
    const ofRow = (row: number) => Math.max(text.lengths[row] as number, text.lengths[seenRow(row)] as number);
    const lengthOf = (some: Uint32Array) => some.reduce((most, row) => Math.max(most, ofRow(row)), 1);
    const size = rowsPerRun(plan.text, lengthOf(own), batchSize);
    for (let start = 0; start < own.length; start += size) {
      const part = own.subarray(start, start + size);
      cut.push({ rows: part, paddedTo: part.length, length: lengthOf(part) });
    }
  }
  return cut;
}

export function gatherBatch(data: Dataset, { rows, paddedTo, length, isEmpty }: MicroBatch, place?: Place): Batch {
  const batch = data.batch(rows, paddedTo, place, length);
  return isEmpty ? { ...batch, weights: new Float32Array(paddedTo) } : batch;
}

/** Share of the tokens that are padding, over batches in an order. */
export function paddingShare(
  order: Uint32Array,
  data: Pick<Dataset, 'text'>,
  plan: { readonly batchSize: number; readonly accumulation: number; readonly text?: TextPlan | undefined },
): number {
  const rowsPerStep = plan.batchSize * plan.accumulation;
  let real = 0;
  let all = 0;
  for (let start = 0; start < order.length; start += rowsPerStep) {
    const rows = order.subarray(start, start + rowsPerStep);
    for (const row of rows) real += data.text?.lengths[row] ?? 0;
    for (const { paddedTo, length = 0 } of microBatches(rows, data, plan)) all += paddedTo * length;
  }
  return all === 0 ? 0 : 1 - real / all;
}
