/** @file Experiments in Redis and the files that they need, checked where text becomes objects. */
import { z } from 'zod';
import { workPlanSchema } from './work-plan.schema.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/u);
const blob = z.strictObject({ sha256, bytes: z.int().min(0) });

export const queuedExperimentSchema = z.strictObject({
  kind: z.literal('distill'),
  /** For people: the data, and the folder of the outcome. */
  name: z.string(),
  /** ISO 8601. */
  since: z.string(),
  state: z.enum(['open', 'cancelled']),
  /** As a worker has it below a folder of its own. */
  plan: workPlanSchema,
  /** The list of its files, as JSON. */
  inputs: blob,
});

type Parsed = z.infer<typeof queuedExperimentSchema>;

export type QueuedExperiment = Omit<Parsed, 'plan'> & { readonly plan: import('./work-plan.schema.js').WorkPlan };
