/** @file The tokenizer that lies beside an ONNX model, held against what the model says of it. */
import { FileError } from '../errors/failures.js';
import { type OnnxReferences, readOnnxReferences } from '../onnx/references.js';
import { expectKnownIds } from './known-ids.js';
import { loadTokenizer } from './load-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';
import { tokenizerHash } from './tokenizer-hash.js';

export type OnnxReader = {
  /** Its path or its bytes. */
  readonly model: string | Uint8Array;
  readonly metadata: ReadonlyMap<string, string>;
  /** Default: read where they are needed. */
  readonly references?: OnnxReferences;
  /** What the model calls its ids. */
  readonly ids?: string;
};

/**
 * @throws as `loadTokenizer` does; FileError for another tokenizer than the model was exported with, and for one with ids
 *   that the model has no word embeddings for, as far as it says or its graph shows how many there are.
 */
export async function loadOnnxTokenizer(folder: string, reader: OnnxReader): Promise<Tokenizer> {
  const { model, metadata, ids = 'input_ids' } = reader;
  const tokenizer = await loadTokenizer(folder);
  const hash = metadata.get('retort.tokenizer_sha256');
  if (hash !== undefined && hash !== tokenizerHash(tokenizer)) {
    throw new FileError({
      where: folder,
      wanted: 'the tokenizer that the model was exported with',
      got: 'another (its SHA-256 differs)',
      fix: 'keep the files of an export together',
    });
  }
  const said = metadata.get('retort.vocabulary_size');
  const shown = async () => (reader.references ?? (await readOnnxReferences(model))).tableRows.get(ids);
  expectKnownIds(tokenizer, said === undefined ? await shown() : Number(said), folder);
  return tokenizer;
}
