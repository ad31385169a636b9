/**
 * @file The file of an experiment's finished runs, one line of JSON each, so that a killed experiment goes on where it
 * was: first a header with the settings, then a line for each arm and for each run.
 */
import { closeSync, fstatSync, fsyncSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FileError, OptionError, OutputError } from '../errors/failures.js';
import { statIfThere, syncFolder } from '../files/atomic-write.js';
import { outputFailure } from '../files/file-failure.js';
import { asJson, begunByOlder, type Fingerprint, firstDifference, fixOf } from '../files/fingerprint.js';
import { appendJsonLine, readJsonLines } from '../files/json-lines.js';
import { acquireLock } from '../files/lock.js';
import { packageVersion } from '../files/package-version.js';
import { sealed, unsealed } from '../files/sealed-json.js';
import { checkFormatVersion, storedValue } from '../files/stored-json.js';
import type { JudgedMetric } from '../metrics/table.js';
import type { ArmResult } from './arm-result.js';
import { type Arm, placeOf } from './arm-run.js';
import { RESULTS, RESULTS_FORMAT, SEALED_EXPERIMENT_VERSION } from './formats.js';
import type { RunMachine } from './results-file.schema.js';

export type FinishedRun = {
  readonly arm: string;
  readonly seed: number;
  readonly seconds: number;
  /** The most memory that its process had held until its end. */
  readonly peakRssBytes: number;
  readonly result: ArmResult;
  /** Of a shared experiment: who did it. */
  readonly by?: RunMachine | undefined;
};

export type ResultsFile = {
  /** Those that were in the file when it was opened. */
  readonly finished: readonly FinishedRun[];
  /** Appends a run and syncs it to the disk. */
  append(run: FinishedRun): void;
  close(): void;
};

export type Made = {
  /** What the runs have in common. */
  readonly made: Fingerprint;
  readonly arms: readonly Arm[];
  /** Seeds that were asked for: no setting, since more may be added. */
  readonly seeds?: readonly number[];
};

const WANTED = 'a value written by retort';

/**
 * Opens the results of an experiment, for this process alone. Arms and seeds may be added to a file; settings that it
 * was made with may not change.
 * @throws OutputError if the file has results and `resume` is not set, if another process uses it or if it cannot be
 *   written; OptionError naming the setting that is another now; FileError for a damaged file or one of a newer format.
 */
export async function openResultsFile(
  path: string,
  { made, arms: all, seeds: planned = [] }: Made,
  resume: boolean,
  signal?: AbortSignal,
): Promise<ResultsFile> {
  const lock = await acquireLock(`${path}.lock`, { signal });
  try {
    const before = await linesOf(path);
    if (before.length > 0 && !resume) {
      throw new OutputError({
        where: path,
        wanted: 'a new file for the results',
        got: 'one that holds results',
        fix: 'pass --resume to continue them, or choose another place',
      });
    }
    const { header, arms, finished } = await parseLines(path, before);
    refuseOthers(path, { header, arms }, { made, arms: all });
    if (header === undefined) {
      const { name: format, version } = RESULTS_FORMAT;
      appendSynced(path, { format, version, retort: packageVersion(), planned, ...made });
      await syncFolder(dirname(path));
    }
    for (const arm of all) if (!arms.has(arm.name)) appendSynced(path, { type: 'arm', arm });
    return { finished, append: (run) => appendSynced(path, { type: 'run', ...run }), close: lock.release };
  } catch (error) {
    lock.release();
    throw outputFailure(error, path);
  }
}

/** The runs that are in a file of results, which stays as it is; none where there is no file. @throws FileError */
export async function finishedRuns(path: string): Promise<readonly FinishedRun[]> {
  return (await parseLines(path, await linesOf(path))).finished;
}

export type Standing = {
  readonly name: string;
  readonly metric: JudgedMetric;
  /** Names, in the order in which they run. */
  readonly arms: readonly string[];
  /** Seeds that were asked for when it began; none where an older version wrote the file. */
  readonly planned: readonly number[];
  readonly finished: readonly FinishedRun[];
};

/** How far an experiment is, by its file of results, which stays as it is. @throws FileError, too for an empty file */
export async function standingOf(path: string): Promise<Standing> {
  const { header, arms, finished } = await parseLines(path, await linesOf(path));
  if (header === undefined) {
    const wanted = 'the results of an experiment that has begun';
    throw new FileError({ where: path, wanted, got: 'an empty file', fix: 'start the experiment again' });
  }
  const { name, metric, planned } = header;
  return { name, metric, planned, arms: [...arms.keys()], finished };
}

/**
 * Whether runs may be added to a file of results, which stays as it is: asked before what they need is paid for.
 * @throws OptionError, FileError as `openResultsFile` does.
 */
export async function expectSameResults(path: string, now: Made): Promise<void> {
  refuseOthers(path, await parseLines(path, await linesOf(path)), now);
}

async function linesOf(path: string): Promise<readonly unknown[]> {
  return (await statIfThere(path))?.isFile() ? readJsonLines(path) : [];
}

/**
 * The lines of a file of results, without their checksums.
 * @throws FileError naming a line that was changed since it was written.
 */
async function unsealedLines(path: string, lines: readonly unknown[]): Promise<readonly unknown[]> {
  const { resultsVersionSchema } = await import('./results-file.schema.js');
  const { data } = resultsVersionSchema.safeParse(lines[0]);
  const isSealed = (data?.version ?? 0) >= SEALED_EXPERIMENT_VERSION;
  return lines.map((line, i) => unsealed(line, `${path}:${i + 1}`, isSealed));
}

/**
 * The runs of an experiment whose results lie beside its record, `results.jsonl` or by the record's own name; none where
 * there are no results. Lines that are none of ours are left out: a record can do without them.
 * @throws FileError naming a line that was changed since it was written.
 */
export async function runsBeside(recordPath: string): Promise<readonly FinishedRun[]> {
  const { lineSchema } = await import('./results-file.schema.js');
  for (const path of [join(dirname(recordPath), RESULTS), recordPath.replace(/\.json$/, '.jsonl')]) {
    if (path === recordPath || !(await statIfThere(path))?.isFile()) continue;
    return (await unsealedLines(path, await readJsonLines(path))).flatMap((line) => {
      const { data } = lineSchema.safeParse(line);
      return data?.type === 'run' ? [data] : [];
    });
  }
  return [];
}

async function parseLines(path: string, lines: readonly unknown[]) {
  const { headerSchema, lineSchema, resultsVersionSchema } = await import('./results-file.schema.js');
  const arms = new Map<string, object>();
  const finished: FinishedRun[] = [];
  const [first] = lines;
  if (first === undefined) return { header: undefined, arms, finished };
  const { version } = storedValue(resultsVersionSchema.safeParse(first), `${path}:1`, 'a file of results');
  checkFormatVersion(version, RESULTS_FORMAT.version, path);
  const [stored, ...others] = await unsealedLines(path, lines);
  const header = storedValue(headerSchema.safeParse(stored), `${path}:1`, WANTED);
  for (const [i, other] of others.entries()) {
    const where = `${path}:${i + 2}`;
    const line = storedValue(lineSchema.safeParse(other), where, WANTED);
    if (line.type === 'arm') {
      arms.set(line.arm.name, line.arm);
      continue;
    }
    const { type: _type, ...run } = line;
    if (finished.some(({ arm, seed }) => arm === run.arm && seed === run.seed)) {
      const got = `${placeOf(run.arm, run.seed)} a second time`;
      throw new FileError({ where, wanted: 'each run once', got, fix: 'delete the line that is wrong' });
    }
    finished.push(run);
  }
  return { header, arms, finished };
}

function refuseOthers(
  path: string,
  { header, arms }: Pick<Awaited<ReturnType<typeof parseLines>>, 'header' | 'arms'>,
  now: Made,
): void {
  if (header === undefined) return;
  const { format: _format, version, retort, planned: _planned, ...made } = header;
  if (version < RESULTS_FORMAT.version) throw begunByOlder(path, retort);
  const known = now.arms.filter(({ name }) => arms.has(name));
  // Without descriptions: an arm that is said in other words is the same arm.
  const named = (one: (arm: Arm) => object | undefined) =>
    Object.fromEntries(known.map((arm) => [`arm ${arm.name}`, { ...one(arm), description: undefined }]));
  const found = firstDifference(
    asJson({ ...made, ...named(({ name }) => arms.get(name)) }),
    asJson({ ...now.made, ...named((arm) => arm) }),
  );
  if (found === undefined) return;
  throw new OptionError({
    where: found.option,
    wanted: `${shown(found.then)}, as in the results of ${path}`,
    got: shown(found.now),
    fix: fixOf(found) ?? 'use the original settings, or write to another place',
  });
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** What is said to be kept must outlive a power cut. */
function appendSynced(path: string, line: object): void {
  appendJsonLine(path, sealed(line));
  try {
    const file = openSync(path, 'a');
    try {
      if (fstatSync(file).isFile()) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw outputFailure(error, path);
  }
}
