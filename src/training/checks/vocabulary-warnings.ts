/** @file Whether a tokenizer fits the model that reads its ids, and the texts that it cuts into pieces. */
import type { Dataset } from '../../data/dataset.js';
import type { Model } from '../../models/model.js';
import { vocabularyOf } from '../../models/model-tokenizer.js';
import { expectKnownIds } from '../../tokenizers/known-ids.js';
import { sampledRows } from './sampled-rows.js';
import { shownPercent, type Warning } from './warning.js';

const MOST_UNKNOWN = 0.05;

/**
 * Of texts; nothing is said of other rows, or of a model without a vocabulary.
 * @throws FileError for a tokenizer with ids that the model has no word embeddings for.
 */
export function vocabularyWarnings(train: Dataset, model: Model): Warning[] {
  if (train.text === undefined) return [];
  const { name, text } = train;
  expectKnownIds(text.tokenizer, vocabularyOf(model), `the tokenizer of ${name}`);
  return unknownPieces(train);
}

function unknownPieces(train: Dataset): Warning[] {
  const unknownId = train.text?.tokenizer.unknownId;
  if (unknownId === undefined) return [];
  const unknown = BigInt(unknownId);
  let count = 0;
  let all = 0;
  for (const row of sampledRows(train.size)) {
    const { inputs } = train.batch([row]);
    for (const [name, ids] of Object.entries(inputs)) {
      if (!name.startsWith('input_ids')) continue;
      // Of two inputs the shorter one is padded.
      const mask = inputs[name.replace('input_ids', 'attention_mask')]?.data;
      for (const [i, id] of ids.data.entries()) {
        if (mask !== undefined && Number(mask[i]) === 0) continue;
        all += 1;
        if (id === unknown) count += 1;
      }
    }
  }
  if (count <= MOST_UNKNOWN * all) return [];
  return [
    {
      name: 'vocabulary',
      text: `${shownPercent(count / all)} of the tokens of ${train.name} are unknown to the tokenizer`,
      fix: 'use a model of this language and writing (case, accents), or a vocabulary of these texts',
    },
  ];
}
