/** @file The sign of life of a process's locks, given by a thread of its own: training blocks the main one. */
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A lock file begins with these bytes; the digits count its beats. */
export const NO_BEAT = '{"beat":"000000000"';
const DIGITS = { at: NO_BEAT.indexOf('0'), count: 9 };

const BEAT_MS = 5000;

/**
 * Text, so that it runs alike from `src/`, `dist/` and a bundle. The file is opened anew for each beat, and written only
 * if it is still the same lock: one that took its place is another file, and stays as it is.
 */
const BEATING = `
const { closeSync, openSync, readFileSync, writeSync } = require('node:fs');
require('node:worker_threads').parentPort.on('message', ({ path, id, beatMs }) => {
  let beats = 0;
  const timer = setInterval(() => {
    let fd;
    try {
      fd = openSync(path, 'r+');
      if (readFileSync(fd, 'latin1').includes(id)) {
        beats += 1;
        writeSync(fd, String(beats).padStart(${DIGITS.count}, '0'), ${DIGITS.at}, 'latin1');
      } else clearInterval(timer);
    } catch (error) {
      if (error.code === 'ENOENT') clearInterval(timer);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }, beatMs);
});
`;

let thread: Worker | undefined;

/** Renews a lock file until it is gone or another's. The thread does not keep the process alive. */
export function startBeating(path: string, id: string, beatMs: number = BEAT_MS): void {
  thread ??= startThread();
  thread.postMessage({ path: resolve(path), id, beatMs });
}

function startThread(): Worker {
  // Without the flags of this process: loaders and preloads have no business there.
  const started = new Worker(BEATING, { eval: true, execArgv: [] });
  started.unref();
  // Without beats a lock may be taken over, which its owner sees before it writes: no reason to end the process here.
  started.on('error', () => {
    thread = undefined;
  });
  return started;
}
