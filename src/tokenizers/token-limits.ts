/** @file How much is read of a text, and computed at once, unless told otherwise. */

/** Tokens of a text, as BERT's fine-tuning has it: enough for sentences, and a quarter of what a paragraph of 512 costs. */
export const MAX_LENGTH = 128;
/** Where a trained model answers: as far as a BERT has positions for. */
export const LONGEST = 512;
/** More tokens than any text has. */
export const WHOLE_LENGTH = 2 ** 31 - 1;
/**
 * Tokens of a run, padding included. Beyond about so many, what a layer leaves for the backward pass no longer fits into
 * the caches of a CPU.
 */
export const TOKENS_PER_RUN = 2048;
