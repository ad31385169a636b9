/** @file N-gram features as a tokenizer: their numbers are its ids, and each comes with its value. */
import { FileError } from '../errors/failures.js';
import type { NamedFiles } from '../files/named-files.js';
import { decodedText, parseJson } from '../files/stored-text.js';
import { piecesOf } from './load-pieces.js';
import { NgramFeatures } from './ngram-features.js';
import { NGRAMS, NGRAMS_FORMAT, NGRAMS_WITH_SHARES, NGRAMS_WITHOUT_SHARES } from './ngrams-format.js';
import { checkedNgrams, ngramsVersion } from './ngrams-json.js';
import { batchEncoder, type EncodedRow, type Tokenizer } from './tokenizer.js';
import { tokenizerDigest } from './tokenizer-digest.js';

export type NgramTokenizer = Tokenizer & { readonly features: NgramFeatures };

/** @param hash Of features of pieces, SHA-256 of what their tokenizer is made from. */
export function ngramRows(features: NgramFeatures, hash?: string): NgramTokenizer {
  const encodeRow: Tokenizer['encodeRow'] = (text, pair, options): EncodedRow => {
    const { ids, values, isTruncated } = features.row(text, pair, options);
    return { ids: Array.from(ids), typeIds: new Array(ids.length).fill(0), values: values.slice(), isTruncated };
  };
  const { texts, blocks, tokenizer } = features.parts;
  const hasShares = blocks.some(({ text }) => text === 'both');
  const version = tokenizer ? NGRAMS_FORMAT.version : hasShares ? NGRAMS_WITH_SHARES : NGRAMS_WITHOUT_SHARES;
  const file = { format: NGRAMS_FORMAT.name, version, texts, ...(tokenizer && { tokenizer: hash }), blocks };
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
 * The n-gram features in the bytes of `ngrams.json`.
 * @param files What lies beside it.
 * @throws FileError for a file that is truncated, too large, of a newer version, or no such file; of n-grams of pieces for
 *   another tokenizer beside it, and as `loadTokenizer` does.
 */
export async function ngramsOf(bytes: Uint8Array, files: NamedFiles): Promise<NgramTokenizer> {
  const where = files.place(NGRAMS);
  const json = parseJson(decodedText(bytes, where), where);
  const version = ngramsVersion(json, where);
  if (version > NGRAMS_FORMAT.version) {
    throw new FileError({
      where,
      wanted: `version ${NGRAMS_FORMAT.version} or older`,
      got: `version ${version}`,
      fix: 'use a newer retort',
    });
  }
  const { texts, blocks, tokenizer: hash } = checkedNgrams(json, where);
  if (hash === undefined) return ngramRows(new NgramFeatures({ texts, blocks }));
  const tokenizer = await piecesOf(files);
  const digest = await tokenizerDigest(tokenizer);
  if (digest === undefined || digest === hash) {
    return ngramRows(new NgramFeatures({ texts, blocks, tokenizer }), hash);
  }
  throw new FileError({
    where: files.where,
    wanted: `the tokenizer whose pieces ${NGRAMS} counts`,
    got: 'another (its SHA-256 differs)',
    fix: 'keep the files of a model together',
  });
}
