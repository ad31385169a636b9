/** @file Which experiment of a queue an output folder is, checked where bytes become objects. */
import { z } from 'zod';

export const queuePlaceSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/u),
  /** The server, without user and password. */
  queue: z.string(),
});

export type QueuePlace = z.infer<typeof queuePlaceSchema>;
