/** @file A whole training run: from model, method and data to an output folder with models, log and metrics. */
import { join } from 'node:path';
import { expectSame } from '../../files/fingerprint.js';
import { claimOutputFolder, type OutputFolder } from '../../files/output-folder.js';
import { loadModel } from '../../models/saved-model.js';
import { hasFile, hasRunState, loadRunState, loadRunTensors, removeRunState } from './checkpoint.js';
import { fitInto } from './fitted-run.js';
import { type SavedRun, trainInto } from './live-run.js';
import { type PreparedRun, prepareRun } from './prepare-run.js';
import { LOG, METRICS_FILE, RESUME } from './run-files.js';
import type { RunOptions, RunResult } from './run-options.js';
import { expectSameRun, type RunRecord, readRunRecord } from './run-record.js';

/**
 * Trains, evaluates after each epoch, and writes into `outputDir`: `metrics.json`, `log.jsonl`, the models that are to
 * be kept, and while it runs its state in `resume/`. With `fit` a convex solver takes the place of the training; it takes
 * seconds, and has no state.
 * @throws OptionError, SignalError, and CheckError of a strict run, before any work starts; OutputError for a folder in use or not empty, or a full disk;
 *   InterruptedError, DivergedError with the state kept; CheckpointError for a state that cannot be taken up.
 */
export async function runTraining(options: RunOptions): Promise<RunResult> {
  return await runPrepared(prepareRun(options));
}

/** As `runTraining`, for a run whose options have been checked. */
export async function runPrepared(run: PreparedRun): Promise<RunResult> {
  const { outputDir, resume = false, fit } = run.options;
  const { folder, isFinished } = await claim(run.options);
  try {
    if (isFinished) return await finishedBefore(run);
    if (fit !== undefined) return await fitInto(run);
    const saved = resume && (await hasRunState(join(outputDir, RESUME))) ? await stateToResume(run) : undefined;
    return await trainInto(run, saved);
  } finally {
    folder.release();
  }
}

/**
 * Takes the output folder. With `resume`, what a run killed before its first save has left is cleared away: there is
 * no state to go on from, so the run starts.
 */
async function claim(options: RunOptions): Promise<{ folder: OutputFolder; isFinished: boolean }> {
  const { outputDir, resume = false, overwrite = false, signal } = options;
  const folder = await claimOutputFolder(outputDir, { resume, overwrite, signal });
  if (!resume) return { folder, isFinished: false };
  try {
    const isFinished = await hasFile(join(outputDir, METRICS_FILE));
    if (isFinished || (await hasRunState(join(outputDir, RESUME)))) return { folder, isFinished };
    const wasBegun = await hasFile(join(outputDir, LOG));
    folder.release();
    return { folder: await claimOutputFolder(outputDir, { overwrite: wasBegun, signal }), isFinished };
  } catch (error) {
    folder.release();
    throw error;
  }
}

async function finishedBefore({ options, fingerprint }: PreparedRun): Promise<RunResult> {
  const { outputDir } = options;
  const record = await readRunRecord(join(outputDir, METRICS_FILE));
  expectSameRun(outputDir, record, fingerprint());
  // Left by a kill in the last instant of the run.
  await removeRunState(join(outputDir, RESUME));
  return resultOf(record, options);
}

/** What a run that has finished left in its folder: whoever called may have removed the model since. */
export async function resultOf(
  record: RunRecord,
  { outputDir, onEvent }: Pick<RunOptions, 'outputDir' | 'onEvent'>,
): Promise<RunResult> {
  onEvent?.({
    type: 'notice',
    text: `the run in ${outputDir} has finished: nothing to resume; --overwrite starts it over`,
  });
  const lastPath = record.last === undefined ? undefined : join(outputDir, record.last);
  return {
    status: 'already-finished',
    record,
    ...(lastPath !== undefined &&
      (await hasRunState(lastPath)) && { lastPath, weights: (await loadModel(lastPath)).weights }),
    keptPaths: record.kept.map(({ name }) => join(outputDir, name)),
  };
}

async function stateToResume({ options, fingerprint }: PreparedRun): Promise<SavedRun> {
  const { outputDir } = options;
  const folder = join(outputDir, RESUME);
  const { hash, retort: _retort, ...state } = await loadRunState(folder);
  expectSame(outputDir, state.options, fingerprint());
  return { state, tensors: await loadRunTensors(folder, hash) };
}
