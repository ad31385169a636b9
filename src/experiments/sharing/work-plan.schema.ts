/** @file What is to be done of a shared experiment, checked where bytes become objects. */
import { z } from 'zod';
import type { Json } from '../../options/json.js';

export const WORK_FORMAT = { name: 'retort-work', version: 1 } as const;

const count = z.int().min(0);
const json = z.record(z.string(), z.json());

export const workVersionSchema = z.looseObject({ format: z.literal(WORK_FORMAT.name), version: z.int().min(1) });

export const workPlanSchema = z.strictObject({
  format: z.literal(WORK_FORMAT.name),
  version: z.int().min(1).max(WORK_FORMAT.version),
  /** What every worker must have. */
  retort: z.string(),
  threads: z.int().min(1),
  processor: z.string(),
  /** Names, in the order in which they run. */
  arms: z.array(z.string()).min(1),
  seeds: z.array(count).min(1),
  /** Units that had a result before the experiment was shared. */
  finished: z.array(z.string()),
  /** Of n processes that do each n-th run, this one. */
  shard: z.strictObject({ index: count, count: z.int().min(1) }).optional(),
  /** All that decides the numbers. */
  settings: json,
  /** Options of `retort distill`, and the folder that their paths start from, as seen from the plan's output folder. */
  options: json,
  from: z.string(),
  /** For the record. */
  command: z.string().optional(),
  config: z.string().optional(),
});

type Plan = z.infer<typeof workPlanSchema>;

export type WorkPlan = Omit<Plan, 'settings' | 'options'> &
  Readonly<Record<'settings' | 'options', { readonly [name: string]: Json }>>;
