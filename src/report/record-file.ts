/** @file Where the record of an experiment or of a training run lies. */

import { basename, dirname, join } from 'node:path';
import { CERTIFICATE_FILE, readCertificate } from '../certificates/certificate.js';
import type { Certificate } from '../certificates/certificate.schema.js';
import { FileError, OptionError } from '../errors/failures.js';
import { readExperimentRecord } from '../experiments/experiment-record.js';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { RECORD, RESULTS } from '../experiments/formats.js';
import { isFile, isFolder } from '../files/path-entry.js';
import { LAST, METRICS_FILE } from '../training/run/run-files.js';

/**
 * The record that a path means: the file itself, or the one in a folder.
 * @throws FileError for a folder with neither kind of record.
 */
export async function recordFile(path: string): Promise<string> {
  if (!(await isFolder(path))) return path;
  for (const name of [RECORD, METRICS_FILE]) {
    if (await isFile(join(path, name))) return join(path, name);
  }
  throw new FileError({
    where: path,
    wanted: `the folder of an experiment or of a finished run, with ${RECORD} or ${METRICS_FILE}`,
    got: 'one with neither',
    fix: 'check the path; finish an interrupted run with --resume',
  });
}

/**
 * The certificate of the student that a record says to ship, where `retort cascade` wrote one beside its checkpoint.
 * @throws FileError for a certificate that was changed.
 */
export async function shippedCertificate(path: string, { ship }: ExperimentRecord): Promise<Certificate | undefined> {
  if (ship === undefined) return undefined;
  const file = join(dirname(path), ship.path, LAST, CERTIFICATE_FILE);
  return (await isFile(file)) ? readCertificate(file) : undefined;
}

/** The results of an experiment that has begun and has no record yet; undefined for any other path. */
export async function unfinishedResults(path: string): Promise<string | undefined> {
  const file = basename(path) === RESULTS ? path : join(path, RESULTS);
  const isUnfinished = (await isFile(file)) && !(await isFile(join(dirname(file), RECORD)));
  return isUnfinished ? file : undefined;
}

/**
 * The record of the experiment that a path means, and where it is.
 * @throws FileError for what is no such record; OptionError for a single training run, which has nothing to report on.
 */
export async function findExperimentRecord(
  path: string,
): Promise<{ readonly path: string; readonly record: ExperimentRecord }> {
  const file = await recordFile(path);
  if (basename(file) === METRICS_FILE) {
    throw new OptionError({
      where: path,
      wanted: 'an experiment, with arms to compare',
      got: 'a single training run',
      fix: 'compare it with others: retort compare RUN RUN …',
    });
  }
  return { path: file, record: await readExperimentRecord(file) };
}
