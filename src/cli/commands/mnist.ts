import { type CommandUsage, defineCommand } from '../command.js';
import { mnistOptions } from './mnist-options.js';

export const mnistUsage = {
  name: 'mnist',
  summary: 'train a digit classifier, as a teacher or on its own',
  description:
    'Trains 784 inputs -> a hidden layer with ReLU -> the classes with Adam on MNIST and scores the test set after ' +
    'each epoch. --save_top_k therefore selects on test data; report and teach with last.ckpt.',
  options: mnistOptions,
  examples: [
    {
      does: 'the teacher: 60,000 images, 3 epochs',
      line: 'retort mnist --fc1_size 16 --num_train_epochs 3 --save_last --output_dir ./outputs/mnist/',
    },
    {
      does: 'a small model on the first 800 images',
      line:
        'retort mnist --fc1_size 4 --num_train_epochs 40 --max_train_samples 800 --save_top_k 0 --save_last ' +
        '--output_dir ./outputs/mnist_800/',
    },
    { does: 'go on after Ctrl-C', line: 'retort mnist --save_last --output_dir ./outputs/mnist/ --resume' },
  ],
} as const satisfies CommandUsage;

export const mnistCommand = defineCommand({
  ...mnistUsage,
  run: async (options, io) => {
    const { trainOnMnist } = await import('./digit-training.js');
    return trainOnMnist(options, io);
  },
});
