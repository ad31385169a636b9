import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../files/processes.js';
import { expectSameAfterKill, type Whole, wholeRun } from './killed-run.js';

const root = temporaryFolder();
let whole: Whole;
beforeAll(async () => {
  whole = await wholeRun(root);
});

describe('a run that is killed, or met by a full disk', () => {
  test('a run that nothing disturbs leaves two best models, the last one, a log and metrics', () => {
    const names = [...new Set(Object.keys(whole.contents).map((path) => path.split('/')[1]))];
    expect(names.filter((name) => name?.startsWith('epoch='))).toHaveLength(2);
    expect(names).toEqual(expect.arrayContaining(['last.ckpt', 'log.jsonl', 'metrics.json']));
    expect(names).toHaveLength(5);
    expect(whole.calls).toBeGreaterThan(50);
  });

  test.each([
    'SIGKILL during write log.jsonl 9',
    'SIGKILL before rename resume 7',
    'SIGKILL after rename .resume.retort-old 7',
    'SIGKILL after rename resume 7',
    'SIGKILL before rename metrics.json 1',
    'SIGKILL before rm resume 1',
    'ENOSPC before write trainer.json 3',
    'ENOSPC before write log.jsonl 9',
  ])('ends with the same bytes: %s', async (point) => {
    await expectSameAfterKill(point, root, whole);
  });
});
