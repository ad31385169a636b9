/** @file Finished runs of a shared experiment that are computed again elsewhere, and compared byte for byte. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../../errors/failures.js';
import { firstDifference } from '../../files/fingerprint.js';
import { WEIGHTS } from '../../models/saved-model.js';
import { LAST } from '../../training/run/run-files.js';
import { type Arm, runFolder } from '../arm-run.js';
import { type ExperimentOptions, runOnce } from '../experiment.js';
import type { OpenedWork } from './open-work.js';

export type VerifiedRuns = { readonly runs: number; readonly verified: readonly string[] };

/**
 * Computes a share of the runs that are done again, at least one, chosen by their names, and compares what they gave: all
 * that a result has, and weights where both were kept.
 * @param there the output folder of the experiment
 * @param scratch the folder that the runs are computed in here
 * @throws FileError naming the run and the first value that differs.
 */
export async function verifyRuns<A extends Arm>(
  experiment: ExperimentOptions<A>,
  work: OpenedWork<A>,
  { percent, there, scratch }: { readonly percent: number; readonly there: string; readonly scratch: string },
): Promise<VerifiedRuns> {
  const { signal = new AbortController().signal } = experiment;
  const jobs = work.jobs.map((job) => ({ ...job, unit: work.unitOf(job.arm.name, job.seed) }));
  const standing = await work.source.standing(jobs.map(({ unit }) => unit));
  const done = jobs.filter(({ unit }) => standing.get(unit)?.state === 'done');
  if (done.length === 0) {
    throw new FileError({ where: there, wanted: 'finished runs to verify', got: 'none', fix: 'wait for the first' });
  }
  const hash = ({ unit }: { readonly unit: string }) => createHash('sha256').update(unit).digest('hex');
  const chosen = [...done]
    .sort((a, b) => (hash(a) < hash(b) ? -1 : 1))
    .slice(0, Math.max(1, Math.round((percent / 100) * done.length)));
  for (const { unit, ...job } of chosen) {
    const { result: kept } = await work.source.resultOf(unit);
    const { result } = await runOnce(experiment, work, job, { signal, progress: () => {} });
    const run = runFolder(job.arm.name, job.seed);
    const found = firstDifference(kept, result) ?? (await weightsDiffer(join(there, run), join(scratch, run)));
    if (found === undefined) continue;
    throw new FileError({
      where: `${unit} of ${there}`,
      wanted: `the same ${found.option} as when it was done`,
      got: `${JSON.stringify(found.then)} then, ${JSON.stringify(found.now)} now`,
      fix: 'the machines give other bits, or files were changed: use machines of one kind, and start over',
    });
  }
  return { runs: done.length, verified: chosen.map(({ unit }) => unit) };
}

/** Of models that both have kept. */
async function weightsDiffer(there: string, here: string) {
  const [then, now] = await Promise.all(
    [there, here].map(async (run) => {
      const bytes = await readFile(join(run, LAST, WEIGHTS)).catch(() => undefined);
      return bytes && createHash('sha256').update(bytes).digest('hex');
    }),
  );
  const isOther = then !== undefined && now !== undefined && then !== now;
  return isOther ? { option: `${LAST}/${WEIGHTS}`, then, now } : undefined;
}
