import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';
import { digitComputeOptions, mnistOptions } from './mnist-options.js';

export const evaluateUsage = {
  name: 'evaluate',
  summary: 'score a trained model on labelled data',
  options: {
    model: {
      kind: 'operand',
      placeholder: 'model',
      required: true,
      help: 'a checkpoint folder, or a run that has one',
    },
    data: { kind: 'operand', placeholder: 'data', help: 'folder of the IDX files; the same as --data_dir' },
    dataDir: mnistOptions.dataDir,
    ...digitComputeOptions,
    ...messageOptions,
  },
  examples: [
    { does: 'accuracy on the test set', line: 'retort evaluate ./outputs/mnist/last.ckpt ./data/mnist' },
    { does: 'the same for a program', line: 'retort evaluate ./outputs/mnist/last.ckpt ./data/mnist --json' },
  ],
} as const satisfies CommandUsage;

export const evaluateCommand = defineCommand({
  ...evaluateUsage,
  run: async (options, io) => {
    const { evaluateDigits } = await import('./digit-evaluation.js');
    return evaluateDigits(options, io);
  },
});
