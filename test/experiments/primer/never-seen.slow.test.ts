import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runNeverSeen } from '../../../src/experiments/primer/never-seen.js';
import { runModule, temporaryFolder } from '../../files/processes.js';
import { fakeMnist } from './fake-mnist.js';

const root = temporaryFolder();
const dataDir = fakeMnist(join(root, 'data'), 1500, 300);

test('runNeverSeen, killed with two workers under way, then resumed in one process, comes to the same', async () => {
  const options = { dataDir, seeds: 2, workers: 1 };
  const { seconds: _whole, ...whole } = await runNeverSeen({ ...options, outputDir: join(root, 'whole') });
  const dir = join(root, 'killed');
  const child = runModule(
    `import { runNeverSeen } from 'DIST/experiments/primer/never-seen.js';
     const [outputDir, dataDir] = process.argv.slice(-2);
     const onEvent = ({ event }) => { if (event?.type === 'run-end' && event.finished === 3) console.log('three'); };
     await runNeverSeen({ outputDir, dataDir, seeds: 2, workers: 2, onEvent });`,
    [dir, dataDir],
  );
  await child.saying('three');
  child.kill();
  await child.ended;
  const started: string[] = [];
  const { seconds: _resumed, ...resumed } = await runNeverSeen({
    ...options,
    outputDir: dir,
    resume: true,
    onEvent: (each) => {
      if (each.type === 'experiment' && each.event.type === 'run-start') started.push(each.event.arm);
    },
  });
  expect(started.length).toBeLessThanOrEqual(9);
  expect(resumed).toEqual(whole);
});
