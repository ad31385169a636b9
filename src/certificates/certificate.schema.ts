/** @file The JSON of a certificate, checked where bytes become objects. */
import { z } from 'zod';
import { isQuestion, type Question } from '../options/question.js';
import { CERTIFICATE_FORMAT } from './certificate-format.js';
import { SIGNAL_NAMES } from './signals.js';

const count = z.int().min(0);
const share = z.number().min(0).max(1);
/** Of a bound. */
const inner = z.number().gt(0).lt(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');

/** Read first and alone, so that a file of a newer version is reported as that and not as full of errors. */
export const certificateVersionSchema = z.looseObject({
  format: z.literal(CERTIFICATE_FORMAT.name),
  version: z.int().min(1),
});

/** How sure the student is: the probability of its label, or what a ranker makes of that and more. */
const score = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('max-probability') }),
  z.strictObject({
    kind: z.literal('ranker'),
    signals: z.array(z.strictObject({ name: z.enum(SIGNAL_NAMES), weight: z.number(), mean: z.number() })),
    bias: z.number(),
    knownClasses: z.array(z.strictObject({ logOdds: z.number(), centroid: z.array(z.number()).nullable() }).nullable()),
  }),
]);

export const certificateSchema = z.strictObject({
  format: z.literal(CERTIFICATE_FORMAT.name),
  version: z.literal(CERTIFICATE_FORMAT.version),
  /** The retort that wrote it. */
  retort: z.string().max(100),
  date: z.iso.datetime(),
  /** The student's file, from the folder of the certificate, and the SHA-256 of its bytes. */
  artefact: z.strictObject({ file: z.string(), sha256 }),
  precision: z.string(),
  /** `tokenizerHash`; null of a file that does not say it. */
  tokenizer: sha256.nullable(),
  /** What its logits were divided by when it was exported; 1 where nothing was. */
  temperature: z.number().positive(),
  score,
  question: z.custom<Question>(isQuestion, 'no question'),
  /** `questionHash` of it. */
  questionHash: sha256,
  /** What a label is right by: the labels of the rows, or what a model chose, by the name that its replies gave. */
  truth: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('labels') }),
    z.strictObject({ kind: z.literal('teacher'), model: z.string() }),
  ]),
  /** Of the requests that the student keeps, and of all of them, those that may be wrong at most. */
  risk: z.strictObject({ kept: inner.optional(), all: inner.optional() }),
  /** How often the statement may be false, over all certificates of all rounds; and what this one spends of it. */
  delta: inner,
  spent: inner,
  /** Students that were certified on these rows, and the number of the certificate in a series on fresh rows; null: it is the only one. */
  students: z.int().min(1),
  round: z.int().min(1).nullable(),
  /** The student keeps a request whose score is at least this. */
  threshold: z.number(),
  /** Its answers with these labels go to the teacher, whatever their score. */
  deferredLabels: z.array(z.string()),
  sample: z.strictObject({
    /** Rows with a label or a teacher's choice: what the statement is about. */
    rows: count,
    kept: count,
    /** Of those kept. */
    wrong: count,
    /** Rows without a choice, which it says nothing of. */
    refusals: count,
    /** How many rows were asked for each reason; `labels` for rows that nobody had to ask about. */
    asked: z.record(z.string(), count),
    /** Rows that were left out, by why. */
    leftOut: z.record(z.string(), count),
    /** Whether rows that student and teacher learnt from were looked for among them; else somebody said that none is. */
    isChecked: z.boolean(),
  }),
  /** Of all thresholds that were tested, strict to loose, what the sample has at or above them. */
  curve: z.array(z.strictObject({ threshold: z.number(), kept: count, wrong: count })).optional(),
  /** The share of requests that it keeps, with a two-sided interval at 1 - spent. */
  coverage: z.strictObject({ share, low: share, high: share }),
});

export type Certificate = z.infer<typeof certificateSchema>;
