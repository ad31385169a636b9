/** @file `tokenizerHash` for everywhere: by WebCrypto, and so in a promise. */
import { webDigest } from '../files/web-digest.js';
import { NGRAMS } from './ngrams-format.js';
import type { Tokenizer } from './tokenizer.js';

export function hashedText({ files }: Pick<Tokenizer, 'files'>): string {
  return (files.get(NGRAMS) ?? files.get('tokenizer.json') ?? '').replaceAll('\r\n', '\n');
}

/** SHA-256 in hex; undefined in a page that is not secure. */
export function tokenizerDigest(tokenizer: Pick<Tokenizer, 'files'>): Promise<string | undefined> {
  return webDigest(new TextEncoder().encode(hashedText(tokenizer)));
}
