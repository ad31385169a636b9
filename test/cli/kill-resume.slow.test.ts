import { beforeAll, describe, test } from 'vitest';
import { workFolder } from './command-line.js';
import { expectSameAfter, KILLED, writeInputs } from './killed-commands.js';

/** In a run: before its first word, around its models, its state, its record, and what is cleared away after that. */
const OF_A_RUN = [
  'SIGKILL before write log.jsonl 1',
  'SIGINT after write log.jsonl 3',
  'SIGKILL after open log.jsonl 2',
  'SIGKILL during write log.jsonl 2',
  'SIGKILL during write model.safetensors 1',
  'SIGKILL before rename last.ckpt 1',
  'SIGKILL after rename last.ckpt 1',
  'SIGKILL before rename metrics.json 1',
  'SIGKILL before rm resume 1',
];
const POINTS = {
  mnist: ['SIGKILL after rename .ckpt 1', 'SIGKILL before rm .ckpt 1', ...OF_A_RUN],
  train: ['SIGKILL after rename .ckpt 1', 'SIGKILL before rm .ckpt 1', ...OF_A_RUN],
  pretrain: OF_A_RUN,
  augment: [
    'SIGKILL before rename .state.json 1',
    'SIGKILL after rename .state.json 1',
    'SIGKILL during write parted 20',
    'SIGKILL after write parted 40',
    'SIGKILL before rename .state.json 1',
  ],
  distill: [
    'SIGKILL before write results.jsonl 1',
    'SIGKILL after write results.jsonl 2',
    'SIGKILL during write log.jsonl 4',
    'SIGKILL before rename last.ckpt 1',
    'SIGKILL before rename metrics.json 1',
    'SIGKILL during write results.jsonl 1',
    'SIGKILL before rm last.ckpt 1',
    'SIGKILL before rename experiment.json 1',
    'SIGKILL before rename report.html 1',
  ],
};

const root = workFolder();
beforeAll(() => writeInputs(root));

describe.each(Object.entries(POINTS))('retort %s, killed at each point of its way', (name, points) => {
  test('goes on with --resume to the very bytes, records and log of a run that was left alone', () => {
    expectSameAfter(points, KILLED[name as keyof typeof KILLED], name, root);
  });
});
