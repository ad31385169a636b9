/** @file The tokenizer that lies beside an ONNX model, held against what the model says of it. */
import { FileError } from '../errors/failures.js';
import type { OnnxReferences } from '../onnx/references.js';
import { expectKnownIds } from './known-ids.js';
import type { Tokenizer } from './tokenizer.js';
import { tokenizerDigest } from './tokenizer-digest.js';

export type OnnxReader = {
  readonly metadata: ReadonlyMap<string, string>;
  /** Read where they are needed. */
  readonly references: () => Promise<OnnxReferences>;
  /** What the model calls its ids. */
  readonly ids?: string;
};

/**
 * @param where The folder of both, for messages.
 * @throws FileError for another tokenizer than the model was exported with, and for one with ids that the model has no word
 *   embeddings for, as far as it says or its graph shows how many there are.
 */
export async function expectTokenizerOf(reader: OnnxReader, tokenizer: Tokenizer, where: string): Promise<void> {
  const { metadata, references, ids = 'input_ids' } = reader;
  const hash = metadata.get('retort.tokenizer_sha256');
  if (hash !== undefined) {
    const digest = await tokenizerDigest(tokenizer);
    if (digest !== undefined && digest !== hash) {
      throw new FileError({
        where,
        wanted: 'the tokenizer that the model was exported with',
        got: 'another (its SHA-256 differs)',
        fix: 'keep the files of an export together',
      });
    }
  }
  const said = metadata.get('retort.vocabulary_size');
  const shown = async () => (await references()).tableRows.get(ids);
  expectKnownIds(tokenizer, said === undefined ? await shown() : Number(said), where);
}
