/** @file N-gram features as a tokenizer: their numbers are its ids, and each comes with its value. */
import { join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { NgramFeatures } from './ngram-features.js';
import { NGRAMS, NGRAMS_FORMAT } from './ngrams-format.js';
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
  const file = { format: NGRAMS_FORMAT.name, version: NGRAMS_FORMAT.version, ...parts };
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
  const { version } = checked(ngramsVersionSchema.safeParse(json), where);
  if (version > NGRAMS_FORMAT.version) {
    throw new FileError({
      where,
      wanted: `version ${NGRAMS_FORMAT.version} or older`,
      got: `version ${version}`,
      fix: 'use a newer retort',
    });
  }
  const { texts, blocks } = checked(ngramsSchema.safeParse(json), where);
  return ngramTokenizer(new NgramFeatures({ texts, blocks }));
}

/** What a schema's `safeParse` gives, as far as it is needed here. */
type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false;
      readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] };
    };

function checked<T>(result: Parsed<T>, path: string): T {
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = issue?.path.map(String).join('.') ?? '';
  throw new FileError({
    where: key === '' ? path : `${path}: ${key}`,
    wanted: 'n-gram features as retort writes them',
    got: issue?.message ?? 'something else',
    fix: 'copy the file again, or train the model again',
  });
}
