import { SPLIT_SETTINGS } from '../../data/task-settings.js';
import { COMPUTE_SETTINGS } from '../../options/run-settings.js';
import type { OptionTable } from '../options.js';

/** Flags of the commands that run a model on texts or digits: it is trained already. */
export const trainedModelOptions = {
  model: {
    kind: 'operand',
    placeholder: 'model',
    required: true,
    help: 'an export, a checkpoint, a run that has one, a Hugging Face folder, or a name on its hub',
  },
  maxLength: {
    ...SPLIT_SETTINGS.maxLength,
    help: 'tokens that are read of a text',
    defaultSays: 'what the model reads, at most 512',
  },
  ...COMPUTE_SETTINGS,
  threads: {
    ...COMPUTE_SETTINGS.threads,
    help: 'CPU threads',
    defaultSays: 'the physical cores; 1 for a model of digits',
  },
} as const satisfies OptionTable;
