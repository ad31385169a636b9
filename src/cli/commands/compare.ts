import { JUDGED_METRICS } from '../../metrics/table.js';
import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';

export const compareUsage = {
  name: 'compare',
  config: 'compare',
  summary: 'is one run better than another? Pairs of seeds, an interval, a verdict in words',
  description:
    'Compares the first arm with each of the others on the seeds that both have. Training runs whose options differ in ' +
    'the seed alone are one arm; an arm of an experiment is written EXPERIMENT#ARM. An experiment by itself gives its ' +
    'own comparisons, several are compared arm by arm.',
  options: {
    runs: { kind: 'operand', placeholder: 'run', required: true, many: true, help: 'folders of runs or experiments' },
    metric: {
      kind: 'choice',
      choices: JUDGED_METRICS,
      group: 'Verdict',
      help: 'what is compared',
      defaultSays: 'the metric of the first experiment, or of the first run',
    },
    smallestEffect: {
      kind: 'number',
      above: 0,
      max: 100,
      group: 'Verdict',
      help: 'points under which a gain is not worth having',
      defaultSays: '0.5',
    },
    dataDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Verdict',
      help: 'MNIST: runs that kept predictions.txt are then compared row by row',
    },
    ...messageOptions,
  },
  examples: [
    {
      does: 'three seeds with a teacher, three without',
      line: 'retort compare kd-1 kd-2 kd-3 plain-1 plain-2 plain-3',
    },
    { does: 'arms of two experiments', line: 'retort compare outputs/new#retort outputs/old#retort' },
  ],
} as const satisfies CommandUsage;

export const compareCommand = defineCommand({
  ...compareUsage,
  run: async ({ runs, metric, smallestEffect, dataDir }) => {
    const { compareRuns } = await import('../../report/compare.js');
    const { text, ...compared } = await compareRuns(runs, {
      ...(metric !== undefined && { metric }),
      ...(smallestEffect !== undefined && { smallestEffect }),
      ...(dataDir !== undefined && { labels: await testLabels(dataDir) }),
    });
    return { text, json: JSON.parse(JSON.stringify(compared)) };
  },
});

async function testLabels(dataDir: string): Promise<Uint8Array> {
  const { loadMnist } = await import('../../data/mnist.js');
  return (await loadMnist(dataDir, { maxTrainSamples: 1 })).test.labels;
}
