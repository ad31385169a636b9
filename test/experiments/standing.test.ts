import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runExperiment } from '../../src/experiments/experiment.js';
import { standingOf } from '../../src/experiments/results-file.js';
import { sealed } from '../../src/files/sealed-json.js';

const root = mkdtempSync(join(tmpdir(), 'retort-standing-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const arms = [{ name: 'kd' }, { name: 'no-teacher' }];
const run = (resultsFile: string, seeds: number[], more: { resume?: boolean; after?: number } = {}) => {
  const stop = new AbortController();
  let ran = 0;
  return runExperiment({
    ...{ name: 'digits', arms, seeds, resultsFile, resume: more.resume, signal: stop.signal },
    run: async () => ({ score: 0.5, parameters: 1 }),
    onEvent: ({ type }) => {
      if (type === 'run-end' && ++ran === more.after) stop.abort();
    },
  });
};

describe('standingOf', () => {
  test('of an interrupted experiment has the planned seeds and the finished runs; resuming may add seeds', async () => {
    const path = join(root, 'interrupted.jsonl');
    await expect(run(path, [1, 2, 3], { after: 3 })).rejects.toThrow('interrupted');
    const { finished, ...standing } = await standingOf(path);
    expect(standing).toEqual({
      ...{ name: 'digits', metric: 'accuracy', planned: [1, 2, 3] },
      arms: ['kd', 'no-teacher'],
    });
    expect(finished.map(({ arm, seed }) => `${arm} ${seed}`)).toEqual(['kd 1', 'no-teacher 1', 'kd 2']);
    const { seeds } = await run(path, [1, 2, 3, 4], { resume: true });
    expect(seeds).toEqual([1, 2, 3, 4]);
  });

  test('of a file that does not say what was planned knows none', async () => {
    const path = join(root, 'older.jsonl');
    await run(path, [1]);
    const [first = '', ...others] = readFileSync(path, 'utf8').split('\n');
    const { planned: _planned, sha256: _sha256, ...header } = JSON.parse(first);
    writeFileSync(path, [JSON.stringify(sealed(header)), ...others].join('\n'));
    expect((await standingOf(path)).planned).toEqual([]);
    await run(path, [1, 2], { resume: true });
  });
});
