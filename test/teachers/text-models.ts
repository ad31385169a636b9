/** @file Small models of text with their tokenizer, and texts, for teachers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { type TextColumns, textTable } from '../../src/data/text-table.js';
import { bert } from '../../src/models/bert.js';
import type { SavedModel } from '../../src/models/model.js';
import { modelHash } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import type { Tokenizer } from '../../src/tokenizers/tokenizer.js';
import { smallBert, TEXTS, VOCABULARY } from '../inference/text-student.js';

export { TEXTS };

/** A lower-casing tokenizer. */
export async function tokenizerIn(folder: string, vocabulary = VOCABULARY): Promise<Tokenizer> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vocab.txt'), vocabulary);
  return loadTokenizer(folder);
}

export function savedBert(seed = 1, labelNames: readonly string[] = ['no', 'maybe', 'yes']): SavedModel {
  const { model } = smallBert();
  const weights = initialiseParameters(model.parameters, seed);
  return { path: `bert-${seed}`, model, weights, labelNames, contentHash: modelHash({ model, weights }) };
}

/** What a student reads: another model, whose tokenizer has only single characters and says everything else is unknown. */
export const STUDENT = bert({
  vocab_size: 32,
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  intermediate_size: 4,
  max_position_embeddings: 64,
  num_labels: 3,
});

export const STUDENT_VOCABULARY = `${['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'a', 'of'].join('\n')}\n`;

/** Texts as that student reads them. */
export function textData(
  texts: readonly string[],
  tokenizer: Tokenizer,
  columns: Omit<Partial<TextColumns>, 'texts'> = {},
): Dataset {
  const labelNames = columns.labelNames ?? ['no', 'maybe', 'yes'];
  return textDataset(textTable('train', { ...columns, texts, labelNames }), tokenizer, {
    model: STUDENT,
    maxLength: 64,
  });
}

export function expectNear(found: ArrayLike<number>, wanted: readonly number[], digits: number): void {
  expect(found.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, digits);
}
