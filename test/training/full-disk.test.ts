import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors/failures.js';
import { supervised } from '../../src/methods/supervised.js';
import { mlp } from '../../src/models/mlp.js';
import { adam } from '../../src/optim/adam.js';
import type { TrainingEvent } from '../../src/training/run/events.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { blobs, CLASSES, PIXELS } from './blobs.js';

/** A disk of half a megabyte, in memory. */
const disk = mkdtempSync(join(tmpdir(), 'retort-disk-'));
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]).status === 0;
if (!isMounted) console.warn('SKIPPED: the tests of a full disk need the right to mount a tmpfs (root on Linux)');
afterAll(() => {
  if (isMounted) spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
});

const options = (outputDir: string, more: Partial<RunOptions> = {}): RunOptions => ({
  model: mlp({ inputs: PIXELS, hidden: [200], classes: CLASSES }),
  method: supervised(),
  data: { train: blobs('train', 90), evaluation: blobs('held out', 30) },
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 3,
  batchSize: 8,
  seed: 3,
  threads: 1,
  outputDir,
  stateSeconds: 0,
  ...more,
});

const ballast = join(disk, 'ballast');
function fillDisk(): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, (bavail - 1) * bsize)));
}

const bytesBelow = (folder: string) =>
  readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'hex')]);

describe.skipIf(!isMounted)('runTraining on a full disk', () => {
  test('stops with one message; the state saved before stays, and the run goes on from it later', async () => {
    const [dir, whole] = [join(disk, 'run'), mkdtempSync(join(tmpdir(), 'retort-'))];
    let saves = 0;
    const onEvent = (event: TrainingEvent) => {
      if (event.type !== 'checkpoint') return;
      saves += 1;
      if (saves === 3) fillDisk();
    };
    const failure = await runTraining(options(dir, { onEvent })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutputError);
    expect(String(failure)).toMatch(/wanted free space on the disk, got a full disk \(ENOSPC\)/);
    expect(String(failure)).not.toMatch(/\.tmp/);
    const kept = bytesBelow(join(dir, 'resume'));
    expect(kept.map(([name]) => name)).toEqual([
      'config.json',
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'trainer.json',
    ]);
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
    // Full still: nothing gets worse.
    await expect(runTraining(options(dir, { resume: true }))).rejects.toThrow(OutputError);
    expect(bytesBelow(join(dir, 'resume'))).toEqual(kept);

    rmSync(ballast);
    await runTraining(options(dir, { resume: true }));
    await runTraining(options(whole, { overwrite: true }));
    expect(bytesBelow(join(dir, 'last.ckpt'))).toEqual(bytesBelow(join(whole, 'last.ckpt')));
    rmSync(whole, { recursive: true });
  });

  test('a disk that is full from the start leaves nothing behind', async () => {
    const dir = join(disk, 'late');
    mkdirSync(dir);
    fillDisk();
    await expect(runTraining(options(dir))).rejects.toThrow(OutputError);
    rmSync(ballast);
    expect(readdirSync(dir).filter((name) => name.startsWith('.') || name.endsWith('.ckpt'))).toEqual([]);
  });
});
