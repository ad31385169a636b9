import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { processorFamily } from '../../../src/experiments/sharing/processor-family.js';
import { planPath } from '../../../src/experiments/sharing/sharing.js';
import {
  expectSameMachine,
  expectSameSettings,
  readWorkPlan,
  startOfPaths,
  writeWorkPlan,
} from '../../../src/experiments/sharing/work-plan.js';
import { packageVersion } from '../../../src/files/package-version.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-plan-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const outputDir = join(scratch, 'project', 'outputs', 'reviews');
const planned = { arms: ['hinton'], seeds: [1, 2], finished: [], settings: { threads: 1, train: { hash: 'a' } } };

async function written() {
  await writeWorkPlan(
    outputDir,
    { options: { data: 'reviews.csv' }, cwd: join(scratch, 'project') },
    { ...planned, threads: 1 },
  );
  return readWorkPlan(outputDir);
}

describe('the plan of a shared experiment', () => {
  test('is read as it was written, and its paths start where the experiment was started, wherever that is seen', async () => {
    const plan = await written();
    expect(plan).toMatchObject({ ...planned, retort: packageVersion(), threads: 1, processor: processorFamily() });
    expect(plan.from).toBe(join('..', '..'));
    expect(startOfPaths(plan, outputDir)).toBe(join(scratch, 'project'));
    expect(() => startOfPaths({ from: 'elsewhere' }, outputDir)).toThrow(
      'wanted the folder that the experiment was started in',
    );
  });

  test.each([
    ['changed', (text: string) => text.replace('reviews.csv', 'others.csv'), 'got changed values'],
    ['truncated', (text: string) => text.slice(0, 40), 'wanted the plan of a shared experiment, got invalid JSON'],
    ['of a newer version', (text: string) => text.replace('"version": 1', '"version": 2'), 'use a newer retort'],
  ])('is refused where it is %s', async (_how, change, says) => {
    await written();
    const path = planPath(outputDir);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    await expect(readWorkPlan(outputDir)).rejects.toThrow(says);
  });

  test('a worker of another version, thread count or processor is refused', async () => {
    const plan = await written();
    const refused = (here: object) => () => expectSameMachine(plan, 'out', { anyProcessor: false, ...here });
    expect(refused({})).not.toThrow();
    expect(refused({ threads: 1 })).not.toThrow();
    expect(refused({ retort: '0.0.1' })).toThrow(
      `retort of a worker for out: wanted version ${packageVersion()}, which planned the experiment, got 0.0.1; install`,
    );
    expect(refused({ threads: 2 })).toThrow('threads of a worker for out: wanted 1, as planned, got 2');
    expect(refused({ processor: 'x64 avx2' })).toThrow(
      /processor of a worker for out: wanted .*, got x64 avx2; .*--any_processor/,
    );
    expect(refused({ processor: 'x64 avx2', anyProcessor: true })).not.toThrow();
  });

  test('a worker that reads other rows is refused, with what to do', async () => {
    const plan = await written();
    expect(() => expectSameSettings(plan, 'out', plan.settings)).not.toThrow();
    expect(() => expectSameSettings(plan, 'out', { threads: 1, train: { hash: 'b' } })).toThrow(
      'out: train.hash: wanted "a", as it was planned, got "b"',
    );
  });
});

describe('processorFamily', () => {
  // Lines of /proc/cpuinfo, as Linux writes them on x64 and on ARM.
  test.each([
    ['model name\t: Some Xeon\nflags\t\t: fpu sse2 avx2 avx512f fma\n', 'avx2 fma avx512f'],
    ['model name\t: A later Xeon\nflags\t\t: fma avx2 avx512f sse2\n', 'avx2 fma avx512f'],
    ['Features\t: fp asimd asimddp i8mm\nCPU part\t: 0xd40\n', 'asimddp i8mm'],
    ['flags\t\t: fpu sse2\n', ''],
  ])('names the instructions that kernels are chosen by', (cpuinfo, instructions) => {
    expect(processorFamily(cpuinfo)).toBe([process.arch, instructions].filter((part) => part !== '').join(' '));
  });
});
