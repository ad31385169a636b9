/** @file The JSON of a model's calibration, checked where bytes become objects. */
import { z } from 'zod';
import { CALIBRATION_FORMAT } from './model-format.js';

const count = z.int().min(0);
const share = z.number().min(0).max(1);
const nats = z.number().min(0);

const measured = z.strictObject({
  rows: count,
  nll: nats,
  brier: z.number().min(0).max(2),
  ece: share,
  eceAsCounted: share,
  /** By rising confidence: what a reliability diagram shows. */
  bins: z
    .array(z.strictObject({ rows: count, confidence: share, accuracy: share, low: share, high: share }))
    .readonly(),
});

export const modelCalibration = z.strictObject({
  /** What exports divide the logits by; 1 where scaling makes things worse on rows left out of the fit. */
  temperature: z.number().positive(),
  fitted: z.number().positive(),
  isApplied: z.boolean(),
  /** Mean −log p of the label on rows left out of the fit, without scaling and with. */
  leftOut: z.strictObject({ before: nats, after: nats }),
  /** The validation rows. */
  data: z.strictObject({ name: z.string(), rows: count }),
  /** On these rows: at temperature 1, and at the fitted one. */
  before: measured,
  after: measured,
});

export const calibrationSchema = modelCalibration.extend({
  format: z.literal(CALIBRATION_FORMAT.name),
  version: z.literal(CALIBRATION_FORMAT.version),
  /** SHA-256 of the weights that it is of. */
  weights: z.string(),
});

export type ModelCalibration = z.infer<typeof modelCalibration>;
