/** @file A model that knows nothing yet, and few rows to learn from. */
import type { Dataset } from '../../data/dataset.js';
import type { Warning } from './warning.js';

/** Below this, models of language without pre-training learn little: Tang et al. 2019 (arXiv:1903.12136) augment. */
const FEW_ROWS = 5000;

/** Of texts; what learns from images starts at random everywhere. Rows for the teacher alone count too. */
export function randomStartWarnings({ train }: { readonly train: Dataset }, startsAtRandom: boolean): Warning[] {
  if (train.text === undefined || !startsAtRandom || train.size >= FEW_ROWS) return [];
  return [
    {
      name: 'random-start',
      text: `the model starts without any training, on ${train.size} rows of ${train.name}`,
      fix: 'start from a pre-trained encoder, or give the teacher more texts to label (--transfer)',
    },
  ];
}
