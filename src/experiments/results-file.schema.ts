/** @file The lines of a results file, checked where bytes become objects. */
import { z } from 'zod';
import { RESULTS_FORMAT } from './formats.js';

const count = z.int().min(0);
/** JSON has no NaN or infinity; they are written as null. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const byName = z.record(z.string(), measured);

/** Fields beyond these, as a training run's epochs have, are left out. */
export const curvePoint = z.object({ epoch: count, step: count, loss: measured, losses: byName, metrics: byName });

export const armResultSchema = z.strictObject({
  accuracy: z.number().min(0).max(1),
  parameters: count,
  right: z.strictObject({ rows: count, bits: z.base64() }).optional(),
  curve: z.array(curvePoint).optional(),
  details: z.json().optional(),
});

/** Read first and alone, so that a file of a newer version is reported as that and not as full of errors. */
export const versionSchema = z.looseObject({ format: z.literal(RESULTS_FORMAT.name), version: z.int().min(1) });

const settings = z.record(z.string(), z.json());

export const headerSchema = z.strictObject({
  format: z.literal(RESULTS_FORMAT.name),
  version: z.literal(RESULTS_FORMAT.version),
  retort: z.string(),
  name: z.string(),
  settings,
});

const armLine = z.strictObject({ type: z.literal('arm'), arm: settings.and(z.object({ name: z.string() })) });

const runLine = z.strictObject({
  type: z.literal('run'),
  arm: z.string(),
  seed: count,
  seconds: z.number().min(0),
  peakRssBytes: count,
  result: armResultSchema,
});

export const lineSchema = z.discriminatedUnion('type', [armLine, runLine]);
