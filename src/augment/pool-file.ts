/**
 * @file New texts in a file of JSON lines, written row by row: `{"id": "7/1", "from": "7", "text": "…"}`. Beside it,
 * `FILE.state.json` says what the rows depend on and whether the file is whole.
 */

import { closeSync, createReadStream, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises';
import type { TextTable } from '../data/text-table.js';
import { FileError, InterruptedError, OutputError } from '../errors/failures.js';
import { statIfThere, writeFileAtomic } from '../files/atomic-write.js';
import { errorCode, inputFailure, outputFailure } from '../files/file-failure.js';
import { begunByOlder, expectSame, type Fingerprint, fingerprint, firstDifference } from '../files/fingerprint.js';
import { acquireLock, expectStillLocked } from '../files/lock.js';
import { makeFolder } from '../files/make-folder.js';
import { packageVersion } from '../files/package-version.js';
import { jsonOf } from '../options/json.js';
import {
  AUGMENT_SEED,
  type Augmentation,
  type AugmentOptions,
  copiesOfRow,
  sourceTextOf,
  textsHash,
} from './augmentation.js';
import type { PoolState } from './pool-state.schema.js';
import { cutLastRow } from './pool-tail.js';

export type PoolOptions = AugmentOptions & {
  /** Go on with a file that an interrupted call has left. */
  readonly resume?: boolean;
  /** Replace a file that is there. */
  readonly overwrite?: boolean;
  readonly onProgress?: (progress: PoolProgress) => void;
  /** Aborted: stops after the row under way. */
  readonly signal?: AbortSignal;
};

export type PoolProgress = {
  /** Rows of the table that are done. */
  readonly rows: number;
  readonly totalRows: number;
  /** Rows that an earlier call had done. */
  readonly resumedAtRow: number;
  /** Texts that this call has written. */
  readonly texts: number;
  readonly seconds: number;
};

export type Pool = {
  /** `already-made`: the file was whole, and of the same texts, augmentation and seed; nothing was done. */
  readonly status: 'made' | 'already-made';
  readonly texts: number;
};

/** Of the state beside a pool. */
const VERSION = 2;
/** Between two looks at the clock and the signal. */
const TURN_MS = 50;
const PROGRESS_MS = 1000;
const NEWLINE = 0x0a;

/**
 * Writes the new texts of a table into a file. A call that was killed at any moment is gone on with by `resume`, to the
 * same bytes. A file that is whole and made of the same things is left as it is.
 * @throws OutputError for a file that is there and not to be replaced, in use by another process, or cannot be written;
 *   OptionError for resuming with other texts, options, seed, model or lexicon; InterruptedError once `signal` is aborted.
 */
export async function writePool(
  path: string,
  table: TextTable,
  augmentation: Augmentation,
  options: PoolOptions = {},
): Promise<Pool> {
  await makeFolder(dirname(path));
  const lock = await acquireLock(`${path}.lock`, { signal: options.signal });
  try {
    const made = madeOf(table, augmentation, options);
    const start = await startRow(path, table, made, options);
    if (start === undefined) return { status: 'already-made', texts: await wholeTexts(path) };
    await writeRows(path, table, augmentation, start, options);
    const whole = await countLines(path);
    await saveState(path, { made, whole });
    return { status: 'made', texts: whole.texts };
  } finally {
    lock.release();
  }
}

function madeOf(table: TextTable, { name, settings }: Augmentation, options: PoolOptions): Fingerprint {
  const { seed = AUGMENT_SEED, hasOriginals = false } = options;
  return fingerprint(options, {
    augmentation: name,
    ...settings,
    ...{ seed, hasOriginals: Number(hasOriginals), rows: table.size, texts: textsHash(table) },
  });
}

/** The row to begin with, the file being cut to what comes before it; undefined where nothing is left to do. */
async function startRow(
  path: string,
  table: TextTable,
  made: Fingerprint,
  { resume = false, overwrite = false }: PoolOptions,
): Promise<number | undefined> {
  const file = await statIfThere(path);
  const state = await readState(path);
  if (overwrite || (file === undefined && state === undefined)) {
    await rm(path, { force: true });
    await saveState(path, { made });
    return 0;
  }
  if (state === undefined)
    throw occupied(path, 'a file that is not a pool of texts', 'choose another file, or overwrite it');
  // A pool of 0.1.0 says nothing of what computed it.
  const isOlder = state.version < VERSION;
  const { numerics: _numerics, ...asThen } = made;
  const difference = firstDifference(state.made, isOlder ? asThen : made)?.option;
  if (state.whole !== undefined && difference === undefined && file?.size === state.whole.bytes) return undefined;
  if (!resume) {
    const got = difference === undefined ? 'an unfinished one' : `one with another ${difference}`;
    const fix =
      difference === undefined ? 'resume to continue it, or overwrite it' : 'overwrite it, or choose another file';
    throw occupied(path, got, fix);
  }
  if (isOlder) throw begunByOlder(path, state.retort);
  expectSame(path, state.made, made);
  const from = file === undefined ? undefined : cutLastRow(path);
  // A pool that was whole may have been cut since.
  if (state.whole !== undefined) await saveState(path, { made });
  return from === undefined ? 0 : rowOf(path, table, from);
}

function rowOf(path: string, { ids }: TextTable, from: string): number {
  const row = ids.indexOf(from);
  if (row >= 0) return row;
  const fix = 'make it again with overwrite';
  throw new FileError({
    where: path,
    wanted: 'texts made from rows of this table',
    got: `one from row '${from}'`,
    fix,
  });
}

function occupied(path: string, got: string, fix: string): OutputError {
  return new OutputError({ where: path, wanted: 'a new file or a finished pool of the same texts', got, fix });
}

async function writeRows(
  path: string,
  table: TextTable,
  augmentation: Augmentation,
  start: number,
  options: PoolOptions,
): Promise<void> {
  const { onProgress, signal } = options;
  const fd = openSync(path, 'a');
  try {
    const begun = performance.now();
    let [turnedAt, toldAt, texts] = [begun, begun, 0];
    const tell = (rows: number): void =>
      onProgress?.({
        rows,
        totalRows: table.size,
        resumedAtRow: start,
        texts,
        seconds: (performance.now() - begun) / 1000,
      });
    for (let row = start; row < table.size; row++) {
      const source = { id: table.ids[row] as string, ...sourceTextOf(table, row) };
      const rows = await copiesOfRow(source, augmentation, options);
      // All texts of a row at once: few writes, and a kill leaves one row to be made again.
      if (rows.length > 0) {
        expectStillLocked(path);
        writeAll(fd, Buffer.from(rows.map((made) => `${JSON.stringify(made)}\n`).join('')));
      }
      texts += rows.length;
      const now = performance.now();
      if (now - turnedAt < TURN_MS) continue;
      if (now - toldAt >= PROGRESS_MS) {
        tell(row + 1);
        toldAt = now;
      }
      await turnOfTheEventLoop();
      turnedAt = now;
      if (signal?.aborted === true) throw interrupted(path, row + 1, table.size);
    }
    fdatasyncSync(fd);
    tell(table.size);
  } catch (error) {
    throw errorCode(error) === undefined ? error : outputFailure(error, path);
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

function interrupted(path: string, rows: number, total: number): InterruptedError {
  return new InterruptedError({
    where: 'augmentation',
    wanted: `new texts for all ${total} rows`,
    got: `an interruption after row ${rows}`,
    fix: `the finished ones are in ${path}: run the same command with --resume to continue`,
  });
}

/** Lines and bytes of a file, read as a stream. */
async function countLines(path: string): Promise<NonNullable<PoolState['whole']>> {
  let [texts, bytes] = [0, 0];
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) texts += 1;
    }
  } catch (error) {
    throw inputFailure(error, path);
  }
  return { texts, bytes };
}

const statePath = (path: string): string => `${path}.state.json`;

async function saveState(path: string, state: Pick<PoolState, 'made' | 'whole'>): Promise<void> {
  const whole: PoolState = { format: 'retort-pool', version: VERSION, retort: packageVersion(), ...state };
  await writeFileAtomic(statePath(path), `${JSON.stringify(whole, null, 2)}\n`);
}

async function readState(path: string): Promise<PoolState | undefined> {
  let text: string;
  try {
    text = await readFile(statePath(path), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw inputFailure(error, statePath(path));
  }
  const { poolStateSchema } = await import('./pool-state.schema.js');
  try {
    return poolStateSchema.parse(jsonOf(text));
  } catch (error) {
    throw new FileError({
      where: statePath(path),
      wanted: 'the state of a pool of texts',
      got: 'something else',
      fix: 'delete it and the pool, or overwrite them',
      cause: error,
    });
  }
}

async function wholeTexts(path: string): Promise<number> {
  return (await readState(path))?.whole?.texts ?? 0;
}
