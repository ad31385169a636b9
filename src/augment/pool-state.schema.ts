/** @file What is known of a pool of texts while it is made and after. */
import { z } from 'zod';

const settings = z.record(z.string(), z.union([z.string(), z.number()]));

export const poolStateSchema = z.strictObject({
  format: z.literal('retort-pool'),
  version: z.literal(1),
  retort: z.string().max(100),
  /** What its rows depend on. */
  made: settings,
  /** Once it is whole. */
  whole: z.strictObject({ texts: z.int().min(0), bytes: z.int().min(0) }).optional(),
});

export type PoolState = z.infer<typeof poolStateSchema>;
