/** @file The file that n-gram features are kept in, checked where bytes become objects. */
import { z } from 'zod';
import { OVERLAPS } from './gram-overlap.js';
import { NGRAMS_FORMAT } from './ngrams-format.js';

const count = z
  .int()
  .min(0)
  .max(2 ** 31);
const n = z.int().min(1).max(100);

const block = z
  .strictObject({
    text: z.enum(['first', 'second', 'both']),
    kind: z.enum(['words', 'chars', 'pieces']),
    range: z.tuple([n, n]).refine(([least, most]) => least <= most, 'the least n is above the most'),
    grams: z.array(z.string()).optional(),
    df: z.array(count),
  })
  .refine(({ grams, df }) => grams === undefined || grams.length === df.length, 'not as many df as grams')
  .refine(
    ({ text, grams, df }) => text !== 'both' || (grams === undefined && df.length === OVERLAPS.length),
    `not ${OVERLAPS.length} shares of what two texts have in common`,
  )
  .refine(
    ({ grams = [] }) => grams.every((gram, i) => i === 0 || (grams[i - 1] as string) < gram),
    'n-grams that are not in the order of their code units, or there twice',
  );

/** Read first and alone, so that a file of a newer version is reported as that. */
export const ngramsVersionSchema = z.looseObject({
  format: z.literal(NGRAMS_FORMAT.name),
  version: z.int().min(1),
});

export const ngramsSchema = z
  .strictObject({
    format: z.literal(NGRAMS_FORMAT.name),
    version: z.int().min(1).max(NGRAMS_FORMAT.version),
    texts: count,
    /** Of n-grams of pieces, SHA-256 of the `tokenizer.json` that lies beside. */
    tokenizer: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex')
      .optional(),
    blocks: z
      .array(block)
      .min(1)
      .refine((blocks) => blocks.some(({ df }) => df.length > 0), 'no features'),
  })
  .refine(
    ({ tokenizer, blocks }) => blocks.some(({ kind }) => kind === 'pieces') === (tokenizer !== undefined),
    'n-grams of pieces without the SHA-256 of a tokenizer, or the SHA-256 without them',
  );
