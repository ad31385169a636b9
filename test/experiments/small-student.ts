/** @file A student of one layer and the rows that it learns from, small enough for a test. */
import { textDataset } from '../../src/data/text-dataset.js';
import type { Model } from '../../src/models/model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { smallBert } from '../data/small-bert.js';
import { words, wordTable } from '../data/words.js';

export const startOf = (model: Model) => ({
  model,
  weights: (seed: number) => initialiseParameters(model.parameters, seed),
  start: 'new',
});
export const student = startOf(smallBert(1));
export const train = textDataset(wordTable('train', 32), words, { model: student.model });
export const data = {
  train,
  evaluation: textDataset(wordTable('dev', 16, { seed: 2 }), words, { model: student.model }),
};
