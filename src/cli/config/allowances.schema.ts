import { z } from 'zod';

export const allowancesSchema = z.object({
  allowed: z.array(
    z.object({
      /** The real path of the retort.yaml. */
      config: z.string(),
      /** Scheme, name and port of the endpoint. */
      host: z.string(),
      /** The environment variable with the key. */
      variable: z.string(),
    }),
  ),
});

export type Allowance = z.infer<typeof allowancesSchema>['allowed'][number];
