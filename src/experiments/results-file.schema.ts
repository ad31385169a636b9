/** @file The lines of a results file, checked where bytes become objects. */
import { z } from 'zod';
import { DEFAULT_METRIC, JUDGED_METRICS } from '../metrics/table.js';
import { RESULTS_FORMAT } from './formats.js';

const count = z.int().min(0);
/** JSON has no NaN or infinity; they are written as null. */
export const measuredNumber = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const byName = z.record(z.string(), measuredNumber);

/** Fields beyond these, as a training run's epochs have, are left out. */
export const curvePoint = z.object({
  epoch: count,
  step: count,
  loss: measuredNumber,
  losses: byName,
  metrics: byName,
});

export const warning = z.strictObject({
  /** Of a check: names of later versions are read too. */
  name: z.string(),
  text: z.string(),
  fix: z.string(),
});

const scoredRows = z.strictObject({
  score: z.number().min(-1).max(1),
  metrics: byName.optional(),
  right: z.strictObject({ rows: count, bits: z.base64() }).optional(),
  oneAnswer: z.literal(true).optional(),
  answers: z.strictObject({ classes: z.int().min(1), gold: z.base64(), said: z.base64() }).optional(),
});

export const armResultSchema = scoredRows.extend({
  test: scoredRows.optional(),
  parameters: count,
  train: z.strictObject({ rows: count, steps: count }).optional(),
  warnings: z.array(warning).optional(),
  curve: z.array(curvePoint).optional(),
  details: z.json().optional(),
});

/** Version 1 knew accuracies alone. */
const storedResult = z.preprocess((value) => {
  if (typeof value !== 'object' || value === null || !('accuracy' in value)) return value;
  const { accuracy, ...rest } = value;
  return { score: accuracy, ...rest };
}, armResultSchema);

/** Read first and alone, so that a file of a newer version is reported as that and not as full of errors. */
export const resultsVersionSchema = z.looseObject({ format: z.literal(RESULTS_FORMAT.name), version: z.int().min(1) });

const settings = z.record(z.string(), z.json());

export const headerSchema = z.looseObject({
  format: z.literal(RESULTS_FORMAT.name),
  version: z.int().min(1).max(RESULTS_FORMAT.version),
  retort: z.string(),
  planned: z.array(count).default([]),
  name: z.string(),
  metric: z.enum(JUDGED_METRICS).default(DEFAULT_METRIC),
  settings,
});

const armLine = z.strictObject({ type: z.literal('arm'), arm: settings.and(z.object({ name: z.string() })) });

/** Who did a run of a shared experiment. */
export const runMachine = z.strictObject({
  host: z.string(),
  pid: count,
  retort: z.string(),
  node: z.string(),
  onnxruntime: z.string(),
  platform: z.string(),
  cpu: z.string(),
  /** The instructions that decide how sums are rounded. */
  processor: z.string(),
  threads: count,
});

export type RunMachine = z.infer<typeof runMachine>;

/** What a run says of itself beside its result. */
export const runAbout = z.strictObject({ seconds: z.number().min(0), peakRssBytes: count, by: runMachine });

const runLine = z.strictObject({
  type: z.literal('run'),
  arm: z.string(),
  seed: count,
  seconds: z.number().min(0),
  peakRssBytes: count,
  result: storedResult,
  by: runMachine.optional(),
});

export const lineSchema = z.discriminatedUnion('type', [armLine, runLine]);
