import { z } from 'zod';

const MAX_DIMS = 8;

/** `teacher.json` of a cache of answers. */
export const descriptionSchema = z.object({
  teacher: z.string(),
  contentHash: z.string(),
  labelNames: z.array(z.string()),
  signals: z.record(
    z.string(),
    z.object({
      dtype: z.literal('float32'),
      shape: z
        .array(
          z
            .int()
            .min(1)
            .max(2 ** 24),
        )
        .max(MAX_DIMS),
    }),
  ),
});
