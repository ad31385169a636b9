/** @file What is known of a pool of texts while it is made and after. */
import { z } from 'zod';
import type { Fingerprint } from '../files/fingerprint.js';

export const poolStateSchema = z.strictObject({
  format: z.literal('retort-pool'),
  version: z.union([z.literal(1), z.literal(2)]),
  retort: z.string().max(100),
  /** What its rows depend on. */
  made: z.record(z.string(), z.json()),
  /** Once it is whole. */
  whole: z.strictObject({ texts: z.int().min(0), bytes: z.int().min(0) }).optional(),
});

export type PoolState = Omit<z.infer<typeof poolStateSchema>, 'made'> & { readonly made: Fingerprint };
