import { check } from './check.js';

/** Below this, models of language without pre-training learn little: Tang et al. 2019 (arXiv:1903.12136) augment. */
const FEW_ROWS = 5000;

export const randomStart = check('run', {
  says: 'an untrained model is trained on few rows',
  // Of texts; what learns from images starts at random everywhere. Rows for the teacher alone count too.
  find: ({ train, startsAtRandom }) => {
    if (train.text === undefined || !startsAtRandom || train.size >= FEW_ROWS) return undefined;
    return {
      text: `an untrained model is trained on ${train.size} rows of ${train.name}`,
      fix: 'start from a pre-trained encoder, or add a transfer set (--transfer)',
    };
  },
});
