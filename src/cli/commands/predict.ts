import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';
import { digitComputeOptions } from './mnist-options.js';

export const predictUsage = {
  name: 'predict',
  summary: 'answer for new inputs with a trained model',
  options: {
    model: {
      kind: 'operand',
      placeholder: 'model',
      required: true,
      help: 'a checkpoint folder, or a run that has one',
    },
    inputs: {
      kind: 'operand',
      placeholder: 'file',
      many: true,
      help: 'IDX files of images, raw or gzipped; - reads one from stdin',
    },
    ...digitComputeOptions,
    ...messageOptions,
  },
  examples: [
    {
      does: 'one line per image: its class and the probability',
      line: 'retort predict ./outputs/mnist/last.ckpt ./data/mnist/t10k-images-idx3-ubyte',
    },
  ],
} as const satisfies CommandUsage;

export const predictCommand = defineCommand({
  ...predictUsage,
  run: async (options, io) => {
    const { predictDigits } = await import('./digit-prediction.js');
    return predictDigits(options, io);
  },
});
