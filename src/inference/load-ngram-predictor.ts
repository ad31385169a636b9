/** @file A model over n-grams of a folder of this machine, for which no engine is started. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { folderFiles } from '../files/folder-files.js';
import { expectUnchanged } from '../files/manifest.js';
import { readModel } from '../onnx/read.js';
import { readWeights } from '../onnx/stored-weights.js';
import { jsonOf } from '../options/json.js';
import { ngramsOf } from '../tokenizers/ngram-rows.js';
import { MAX_NGRAMS_BYTES, NGRAMS } from '../tokenizers/ngrams-format.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { BIAS, type NgramPredictor, ngramPredictor } from './ngram-predictor.js';

/**
 * `ngramPredictor` of a folder that `retort export --to onnx` wrote. Neither ONNX Runtime nor anything that trains is loaded.
 * @throws FileError for files that are missing, truncated or of another model, CheckpointError for such that were changed
 *   since they were written.
 */
export async function loadNgramPredictor(folder: string): Promise<NgramPredictor> {
  await expectUnchanged(folder);
  const path = join(folder, 'model.onnx');
  const { graph, metadata } = readModel(await bytesOf(path), path);
  const kind = metadata['retort.kind'];
  if (kind !== 'ngram') {
    throw new FileError({
      where: path,
      wanted: 'a model of kind ngram, exported by retort',
      got: kind === undefined ? 'one of another tool' : `a ${kind}`,
      fix: 'use load, which runs any model',
    });
  }
  const files = folderFiles(folder);
  const bytes = await files.read(NGRAMS, MAX_NGRAMS_BYTES);
  const tokenizer = bytes && (await ngramsOf(bytes, files));
  if (tokenizer === undefined || tokenizerHash(tokenizer) !== metadata['retort.tokenizer_sha256']) {
    throw new FileError({
      where: folder,
      wanted: 'the n-grams that the model was exported with',
      got: tokenizer === undefined ? 'none' : 'others (their SHA-256 differs)',
      fix: 'keep the files of an export together',
    });
  }
  const weights = readWeights(graph);
  const labels = jsonOf(metadata['retort.labels'] ?? '[]') as readonly string[]; // as the export writes them
  const classes = weights[BIAS]?.shape[0] ?? 0;
  const named =
    labels.length > 0 ? labels : classes === 1 ? ['score'] : Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
  return ngramPredictor({ features: tokenizer.features, weights, labels: named });
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw inputFailure(error, path);
  }
}
