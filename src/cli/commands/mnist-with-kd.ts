import { type CommandUsage, defineCommand } from '../command.js';
import { mnistWithKdOptions } from './mnist-options.js';

export const mnistWithKdUsage = {
  name: 'mnist-with-kd',
  summary: 'train a small digit classifier with the help of a teacher',
  description:
    'Like retort mnist, with the loss (1 - alpha) * NLL(labels) + alpha * T^2 * KL(teacher / T || student / T), where ' +
    'KL is averaged over rows and classes.',
  options: mnistWithKdOptions,
  examples: [
    {
      does: 'the student of the article, after the teacher of retort mnist --help',
      line:
        'retort mnist_with_kd --teacher_model ./outputs/mnist/last.ckpt --alpha_for_kd 0.8 --temperature_for_kd 20 ' +
        '--fc1_size 4 --num_train_epochs 40 --max_train_samples 800 --save_top_k 0 --save_last --output_dir ./outputs/mnist_800kd/',
    },
  ],
} as const satisfies CommandUsage;

export const mnistWithKdCommand = defineCommand({
  ...mnistWithKdUsage,
  run: async (options, io) => {
    const { distilOnMnist } = await import('./digit-distillation.js');
    return distilOnMnist(options, io);
  },
});
