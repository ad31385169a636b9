/** @file What one run of one arm gives: its score, and what the report shows of it. */
import type { Json } from '../options/json.js';
import type { EpochRecord } from '../training/run/run-record.js';
import type { KeptAnswers } from './kept-answers.js';

/** One point of a training curve: an epoch of a training run's record. */
export type CurvePoint = Omit<EpochRecord, 'seconds'>;

/** As records keep it: the name is that of a check, perhaps of another version. */
export type StoredWarning = { readonly name: string; readonly text: string; readonly fix: string };

/** Which rows of a split were answered right, a bit a row: row i is bit i mod 8 of byte ⌊i / 8⌋, in base64. */
export type RightRows = { readonly rows: number; readonly bits: string };

/** What a model scores on some rows, and what was kept of its answers. */
export type ScoredRows = {
  /** The metric of the experiment: an accuracy or F1 is a share, 0 … 1, a correlation may be negative. */
  readonly score: number;
  /** All that was measured, by name; the loss is left out. */
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  /** Of the labelled rows: what a verdict about rows like these, McNemar's test and Wilson's interval need of an accuracy. */
  readonly right?: RightRows | undefined;
  /** It gives every row the same answer: it has learnt nothing, whatever its score. Absent: not so, or not known. */
  readonly oneAnswer?: true | undefined;
  /** What the bootstrap needs of another metric. */
  readonly answers?: KeptAnswers | undefined;
};

/** What stands in it by itself is of the validation split. */
export type ArmResult = ScoredRows & {
  /** The same of the test split, where there is one. */
  readonly test?: ScoredRows | undefined;
  /** Trained numbers in the model. */
  readonly parameters: number;
  /** Rows that it learnt from, and optimiser steps. */
  readonly train?: { readonly rows: number; readonly steps: number } | undefined;
  /** What the checks of the run found. */
  readonly warnings?: readonly StoredWarning[] | undefined;
  readonly curve?: readonly CurvePoint[] | undefined;
  /** Anything else that a caller wants back. */
  readonly details?: Json | undefined;
};

/** What a run says of students that have collapsed, for its result. @param said classes, or scores, one a row */
export function oneAnswer(said: ArrayLike<number>): Pick<ArmResult, 'oneAnswer'> {
  const first = said[0];
  const isOne = said.length > 1 && Array.prototype.every.call(said, (value: number) => value === first);
  return isOne ? { oneAnswer: true } : {};
}

/** Packs one truth value a row. */
export function packRightRows(right: ArrayLike<boolean | number>): RightRows {
  const bytes = new Uint8Array(Math.ceil(right.length / 8));
  for (let row = 0; row < right.length; row++) {
    if (right[row]) bytes[row >> 3] = (bytes[row >> 3] as number) | (1 << (row & 7));
  }
  return { rows: right.length, bits: Buffer.from(bytes).toString('base64') };
}

/** 1 for a row that was answered right, else 0. */
export function unpackRightRows({ rows, bits }: RightRows): Uint8Array {
  const bytes = Buffer.from(bits, 'base64');
  return Uint8Array.from({ length: rows }, (_, row) => ((bytes[row >> 3] ?? 0) >> (row & 7)) & 1);
}
