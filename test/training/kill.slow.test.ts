import { beforeAll, describe, test } from 'vitest';
import { temporaryFolder } from '../files/processes.js';
import { expectSameAfterKill, type Whole, wholeRun } from './killed-run.js';

const root = temporaryFolder();
/** The run changes the file system some hundred times; so many kills are spread over them. */
const KILLS = 24;
let whole: Whole;
beforeAll(async () => {
  whole = await wholeRun(root);
});

describe('a run killed before one of its calls that change the file system', () => {
  test.each(Array.from({ length: KILLS }, (_, kill) => kill))('ends with the same bytes (%i)', async (kill) => {
    const call = 1 + Math.floor((whole.calls * kill) / KILLS);
    await expectSameAfterKill(`SIGKILL before change * ${call}`, root, whole);
  });
});
