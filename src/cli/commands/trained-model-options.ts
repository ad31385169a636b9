import type { OptionTable } from '../options.js';
import { computeOptions } from '../shared-options.js';

/** Flags of the commands that run a model on texts or digits: it is trained already. */
export const trainedModelOptions = {
  model: {
    kind: 'operand',
    placeholder: 'model',
    required: true,
    help: 'an export, a checkpoint, a run that has one, a Hugging Face folder, or a name on its hub',
  },
  maxLength: {
    kind: 'integer',
    min: 3,
    max: 2 ** 20,
    group: 'Texts',
    help: 'tokens that are read of a text [default: what the model reads, at most 512]',
  },
  ...computeOptions,
  threads: { ...computeOptions.threads, help: 'CPU threads [default: the physical cores; 1 for a model of digits]' },
} as const satisfies OptionTable;
