/** @file N-gram features as a tokenizer: their numbers are its ids, and each comes with its value. */
import { join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { storedValue } from '../files/stored-json.js';
import { loadPieces } from './load-pieces.js';
import { NgramFeatures } from './ngram-features.js';
import { NGRAMS, NGRAMS_FORMAT, NGRAMS_WITH_SHARES, NGRAMS_WITHOUT_SHARES } from './ngrams-format.js';
import { parseJson, readText } from './read-text.js';
import { batchEncoder, type EncodedRow, type Tokenizer } from './tokenizer.js';
import { tokenizerHash } from './tokenizer-hash.js';

/** N-grams of a million texts have less. */
const MAX_BYTES = 256 * 2 ** 20;

export type NgramTokenizer = Tokenizer & { readonly features: NgramFeatures };

/**
 * A tokenizer whose rows are n-gram features in ascending order: `ids` their numbers, `values` their TF-IDF. Padding is
 * feature 0 of value 0. `maxLength` counts words, not features.
 */
export function ngramTokenizer(features: NgramFeatures): NgramTokenizer {
  const encodeRow: Tokenizer['encodeRow'] = (text, pair, options): EncodedRow => {
    const { ids, values, isTruncated } = features.row(text, pair, options);
    return { ids: Array.from(ids), typeIds: new Array(ids.length).fill(0), values: values.slice(), isTruncated };
  };
  const { texts, blocks, tokenizer } = features.parts;
  const hasShares = blocks.some(({ text }) => text === 'both');
  const version = tokenizer ? NGRAMS_FORMAT.version : hasShares ? NGRAMS_WITH_SHARES : NGRAMS_WITHOUT_SHARES;
  const reads = tokenizer && { tokenizer: tokenizerHash(tokenizer) };
  const file = { format: NGRAMS_FORMAT.name, version, texts, ...reads, blocks };
  return {
    features,
    vocabularySize: features.size,
    padId: 0,
    modelMaxLength: undefined,
    readsWhole: true,
    files: new Map([[NGRAMS, JSON.stringify(file)], ...(tokenizer?.files ?? [])]),
    firstFrom: (least) => (least < features.size ? { token: features.nameOf(least), id: least } : undefined),
    encodeRow,
    encode: batchEncoder(encodeRow, 0),
  };
}

/**
 * @throws FileError for a file that is missing, truncated, too large, of a newer version, or no such file; of n-grams of
 *   pieces for another tokenizer beside it, and as `loadTokenizer` does.
 */
export async function loadNgrams(folder: string): Promise<NgramTokenizer> {
  const where = join(folder, NGRAMS);
  const json = parseJson(await readText(where, MAX_BYTES), where);
  const { ngramsSchema, ngramsVersionSchema } = await import('./ngrams-json.schema.js');
  const { version } = storedValue(ngramsVersionSchema.safeParse(json), where, WANTED, FIX);
  if (version > NGRAMS_FORMAT.version) {
    throw new FileError({
      where,
      wanted: `version ${NGRAMS_FORMAT.version} or older`,
      got: `version ${version}`,
      fix: 'use a newer retort',
    });
  }
  const { texts, blocks, tokenizer: hash } = storedValue(ngramsSchema.safeParse(json), where, WANTED, FIX);
  if (hash === undefined) return ngramTokenizer(new NgramFeatures({ texts, blocks }));
  const tokenizer = await loadPieces(folder);
  if (tokenizerHash(tokenizer) === hash) return ngramTokenizer(new NgramFeatures({ texts, blocks, tokenizer }));
  throw new FileError({
    where: folder,
    wanted: `the tokenizer whose pieces ${NGRAMS} counts`,
    got: 'another (its SHA-256 differs)',
    fix: 'keep the files of a model together',
  });
}

const WANTED = 'n-gram features as retort writes them';
const FIX = 'copy the file again, or train the model again';
