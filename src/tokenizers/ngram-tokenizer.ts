/** @file N-gram features as a tokenizer: their numbers are its ids, and each comes with its value. */
import { join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { storedValue } from '../files/stored-json.js';
import { NgramFeatures } from './ngram-features.js';
import { NGRAMS, NGRAMS_FORMAT, NGRAMS_WITHOUT_SHARES } from './ngrams-format.js';
import { parseJson, readText } from './read-text.js';
import { batchEncoder, type EncodedRow, type Tokenizer } from './tokenizer.js';

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
  const { parts } = features;
  const hasShares = parts.blocks.some(({ text }) => text === 'both');
  const version = hasShares ? NGRAMS_FORMAT.version : NGRAMS_WITHOUT_SHARES;
  const file = { format: NGRAMS_FORMAT.name, version, ...parts };
  return {
    features,
    vocabularySize: features.size,
    padId: 0,
    modelMaxLength: undefined,
    readsWhole: true,
    files: new Map([[NGRAMS, JSON.stringify(file)]]),
    firstFrom: (least) => (least < features.size ? { token: features.nameOf(least), id: least } : undefined),
    encodeRow,
    encode: batchEncoder(encodeRow, 0),
  };
}

/** @throws FileError for a file that is missing, truncated, too large, of a newer version, or no such file. */
export async function loadNgrams(folder: string): Promise<NgramTokenizer> {
  const path = join(folder, NGRAMS);
  return ngramsFromJson(await readText(path, MAX_BYTES), path);
}

/** @param where what the text is from, for messages @throws as `loadNgrams` does. */
export async function ngramsFromJson(text: string, where: string): Promise<NgramTokenizer> {
  const json = parseJson(text, where);
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
  const { texts, blocks } = storedValue(ngramsSchema.safeParse(json), where, WANTED, FIX);
  return ngramTokenizer(new NgramFeatures({ texts, blocks }));
}

const WANTED = 'n-gram features as retort writes them';
const FIX = 'copy the file again, or train the model again';
