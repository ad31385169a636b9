import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions, runOptions } from '../shared-options.js';
import { digitComputeOptions, mnistOptions } from './mnist-options.js';

export const primerUsage = {
  name: 'primer',
  summary: 'the whole idea in a few seconds: teacher, small model, small model with KD',
  options: {
    quick: { kind: 'switch', group: 'Training', help: 'one seed; the only form there is so far' },
    seed: runOptions.seed,
    dataDir: mnistOptions.dataDir,
    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Output',
      help: 'the three runs [default: a new folder outputs/primer-DATE]',
    },
    resume: runOptions.resume,
    overwrite: runOptions.overwrite,
    ...messageOptions,
    ...digitComputeOptions,
  },
  hasManyRuns: true,
  examples: [{ does: "the article's three models, its figures beside ours", line: 'retort primer --quick' }],
} as const satisfies CommandUsage;

export const primerCommand = defineCommand({
  ...primerUsage,
  run: async (options, io) => {
    const { runQuickPrimer } = await import('./quick-primer.js');
    return runQuickPrimer(options, io);
  },
});
