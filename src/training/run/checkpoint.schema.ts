/** @file The JSON of a run's state and record, checked where bytes become objects. */
import { z } from 'zod';
import { CHECK_NAMES } from '../checks/table.js';
import { RUN_FORMAT, STATE_FORMAT } from './run-files.js';

const count = z.int().min(0);
/** JSON has no NaN or infinity; they are written as null. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const byName = z.record(z.string(), measured);
const json = z.json();
const sums = z
  .strictObject({
    steps: count,
    loss: z.number(),
    losses: z.record(z.string(), z.number()),
    termSteps: z.record(z.string(), count).optional(),
  })
  .transform(({ termSteps, ...rest }) => ({ ...rest, ...(termSteps && { termSteps }) }));

const epoch = z.strictObject({
  epoch: count,
  step: count,
  loss: measured,
  losses: byName,
  metrics: byName,
  seconds: z.number().min(0),
});

const kept = z.strictObject({ name: z.string().regex(/^epoch=[^/\\]*\.ckpt$/), epoch: count, value: measured });

const warning = z.strictObject({ name: z.enum(CHECK_NAMES), text: z.string(), fix: z.string() });

export const savedVersionSchema = z.looseObject({ version: z.int().min(1), retort: z.string().default('unknown') });

export const stateSchema = z.strictObject({
  format: z.literal(STATE_FORMAT.name),
  version: z.literal(STATE_FORMAT.version),
  retort: z.string(),
  step: count,
  cursor: z.strictObject({ epoch: count, position: count }),
  epochLosses: sums,
  lineLosses: sums,
  epochs: z.array(epoch),
  kept: z.array(kept),
  patience: z.strictObject({ best: z.number().nullable(), waited: count }),
  stoppedEarly: z.boolean(),
  checks: z.strictObject({
    warnings: z.array(warning),
    terms: z.strictObject({ measured: count, distillation: z.number(), labels: z.number() }),
  }),
  seconds: z.number().min(0),
  logBytes: count,
  options: z.record(z.string(), json),
  optimizer: z.strictObject({ sha256: z.string() }),
});

const data = z.strictObject({ name: z.string(), rows: count });
const phase = z.strictObject({
  name: z.string(),
  folder: z.string().regex(/^phase-\d+-[a-z0-9-]+$/),
  steps: count,
  seconds: z.number().min(0),
  parameters: count,
  metrics: byName,
});

export const runRecordSchema = z.strictObject({
  format: z.literal(RUN_FORMAT.name),
  version: z.int().min(1).max(RUN_FORMAT.version),
  retort: z.string(),
  node: z.string(),
  onnxruntime: z.string(),
  command: z.string().optional(),
  config: z.string().optional(),
  seed: z.int(),
  parameters: count,
  data: z.strictObject({ train: data, evaluation: data.optional() }),
  options: z.record(z.string(), json),
  steps: count,
  seconds: z.number().min(0),
  stoppedEarly: z.boolean(),
  metrics: byName,
  epochs: z.array(epoch),
  test: z.strictObject({ name: z.string(), rows: count, epoch: count.optional(), metrics: byName }).optional(),
  fit: z
    .strictObject({
      loss: z.string(),
      strength: z.number(),
      C: z.number(),
      innerLoss: z.number().nullable(),
      temperature: z.number(),
      epochs: count,
      gap: measured,
    })
    .optional(),
  // Records of 0.1 have none.
  warnings: z.array(warning).default([]),
  kept: z.array(kept),
  last: z
    .string()
    .regex(/^[^/\\]+$/)
    .optional(),
  phases: z.array(phase).optional(),
});
