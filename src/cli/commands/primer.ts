import { OUTPUT_SETTINGS, RUN_SETTINGS } from '../../options/run-settings.js';
import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';
import { digitComputeOptions, mnistOptions } from './mnist-options.js';

export const primerUsage = {
  name: 'primer',
  summary: 'the whole idea: teacher, small model, small model with KD, and what many seeds say',
  description:
    "Trains the article's three models and shows its table in seconds. Then, on each of several seeds, seven ways to " +
    'train the small model, control arms among them, and says whether the teacher helped; three to five minutes.',
  options: {
    quick: { kind: 'switch', group: 'Training', help: "stop after the article's table" },
    seeds: {
      kind: 'integer',
      min: 1,
      max: 1000,
      default: 10,
      group: 'Training',
      help: 'on how many seeds to compare, from 42',
    },
    workers: { kind: 'integer', min: 1, max: 64, group: 'Training', help: 'runs at the same time', defaultSays: '2' },
    seed: RUN_SETTINGS.seed,
    dataDir: mnistOptions.dataDir,
    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Output',
      help: 'models, results and report',
      defaultSays: 'a new folder outputs/primer-DATE',
    },
    resume: OUTPUT_SETTINGS.resume,
    overwrite: OUTPUT_SETTINGS.overwrite,
    ...messageOptions,
    ...digitComputeOptions,
  },
  hasManyRuns: true,
  examples: [
    { does: "the article's three models, its figures beside ours", line: 'retort primer --quick' },
    { does: 'and whether the teacher helps, over ten seeds', line: 'retort primer' },
    { does: 'go on after an interruption', line: 'retort primer --output_dir outputs/primer --resume' },
  ],
} as const satisfies CommandUsage;

export const primerCommand = defineCommand({
  ...primerUsage,
  run: async (options, io) => {
    if (options.quick) {
      const { runQuickPrimer } = await import('./quick-primer.js');
      return runQuickPrimer(options, io);
    }
    const { runFullPrimer } = await import('./full-primer.js');
    return runFullPrimer(options, io);
  },
});
