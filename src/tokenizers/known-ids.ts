/** @file Whether a model has word embeddings for all ids that a tokenizer gives. */
import { FileError } from '../errors/failures.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * @param known How many ids the model has word embeddings for; undefined where nothing is known of it.
 * @throws FileError naming both numbers and the first token beyond.
 */
export function expectKnownIds(
  tokenizer: Pick<Tokenizer, 'vocabularySize' | 'firstFrom'>,
  known: number | undefined,
  where: string,
): void {
  const beyond = known === undefined ? undefined : tokenizer.firstFrom(known);
  if (beyond === undefined) return;
  throw new FileError({
    where,
    wanted: `a tokenizer of at most ${known} ids, as the model has word embeddings for`,
    got: `one of ${tokenizer.vocabularySize}: the id of ${JSON.stringify(beyond.token)} is ${beyond.id}`,
    fix: "use the model's own tokenizer",
  });
}
