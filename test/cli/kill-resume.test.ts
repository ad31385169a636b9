import { beforeAll, describe, test } from 'vitest';
import { workFolder } from './command-line.js';
import { expectSameAfter, KILLED, writeInputs } from './killed-commands.js';

/** Ctrl-C leaves a state however short the run is; the kill comes to what goes on from there. */
const POINTS = {
  mnist: ['SIGINT after rename .ckpt 2', 'SIGKILL during write log.jsonl 2'],
  train: ['SIGINT after rename .ckpt 1', 'SIGKILL before rename .ckpt 1'],
  pretrain: ['SIGINT after write log.jsonl 3', 'SIGKILL before rename metrics.json 1'],
  augment: ['SIGKILL during write parted 20'],
  distill: ['SIGKILL during write log.jsonl 15', 'SIGKILL after rename last.ckpt 1'],
};

const root = workFolder();
beforeAll(() => writeInputs(root));

describe.each(Object.entries(POINTS))('retort %s, interrupted and killed', (name, points) => {
  test('goes on with --resume to the very bytes, records and log of a run that was left alone', () => {
    expectSameAfter(points, KILLED[name as keyof typeof KILLED], name, root);
  });
});
