/** @file Runs of methods of several stages: each phase is a run in a folder of its own, and the last one's model is kept. */
import { join } from 'node:path';
import { savedWithTexts } from '../../data/text-rows.js';
import { expectSame, type Fingerprint } from '../../files/fingerprint.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import type { Phase, PhasesSoFar } from '../../methods/method.js';
import { saveModel } from '../../models/saved-model.js';
import { defined } from '../../options/given.js';
import { servedMethod } from '../checks/served-methods.js';
import { hasFile } from '../run/checkpoint.js';
import type { TrainingEvent } from '../run/events.js';
import { prepareRun } from '../run/prepare-run.js';
import { resultOf, runTraining } from '../run/run.js';
import { LAST, METRICS_FILE } from '../run/run-files.js';
import type { RunResult } from '../run/run-options.js';
import { expectSameRun, type RunRecord, readRunRecord, writeRunRecord } from '../run/run-record.js';
import { lineageOf, rowsOf } from './phase-budgets.js';
import { checkPhases } from './phase-checks.js';
import { phasedFingerprint } from './phase-fingerprint.js';
import {
  assistantNames,
  givenTeacher,
  modelLeftBy,
  type PhasedRunOptions,
  type PhasePlace,
  phaseFolder,
  phaseOptions,
  weightsFor,
} from './phase-options.js';
import { heldOutScore, scoreOf } from './phase-scores.js';

/** A phase that has ended, and its record. */
type Ended = { readonly phase: Phase; readonly folder: string; readonly record: RunRecord };

/**
 * Trains by a method of one stage or of several. Each phase of several is a run of its own in `outputDir/phase-N-NAME/`;
 * killed at any moment and resumed, the phases that have ended are not run again, and the one that was under way ends in
 * the bytes that it would have had. At the end `outputDir` has the last phase's model and `metrics.json`, in which the
 * phases are listed. What chooses among epochs (`saveTopK`, `earlyStopping`, `restoreBest`) does so in the last phase.
 * @throws as `runTraining` does; OptionError for phases that cannot work, before any of them starts.
 */
export async function runPhases(given: PhasedRunOptions): Promise<RunResult> {
  const { teacher, outputDir, resume = false, overwrite = false, signal } = given;
  const method = typeof teacher === 'function' ? given.method : servedMethod(given.method, teacher);
  const options = { ...given, method };
  if (method.phases === undefined) return runTraining(await singleRun(options));
  const phases = await planAfter(options, []);
  await checkPhases(options, phases);
  const { fingerprint } = prepareRun(await optionsAt(options, { phases, index: 0 }));
  const folder = await claimOutputFolder(outputDir, { resume, overwrite, signal });
  try {
    const isFinished = await hasFile(join(outputDir, METRICS_FILE));
    return isFinished ? await finishedBefore(options, fingerprint()) : await trainPhases(options);
  } finally {
    folder.release();
  }
}

/** What `runPhases` throws for the stages of a method before it starts, without starting. */
export async function checkStages(options: PhasedRunOptions): Promise<void> {
  if (options.method.phases !== undefined) await checkPhases(options, await planAfter(options, []));
}

/** A method of one stage as a run. */
export async function singleRun(options: PhasedRunOptions) {
  const { weights: _weights, teacher: _teacher, data, assistants: _assistants, ...rest } = options;
  const { method, seed } = options;
  const train = rowsOf({ name: method.name, method }, data);
  const teacher = await givenTeacher(options, train);
  const weights = await weightsFor(options, seed);
  return { ...rest, weights, teacher, data: { train, evaluation: data.evaluation } };
}

/** The phases as they stand after some have ended. */
async function planAfter(options: PhasedRunOptions, ended: readonly Ended[]): Promise<readonly Phase[]> {
  const soFar: PhasesSoFar = {
    assistants: assistantNames(options),
    scores: new Map(ended.map(({ phase, record }) => [phase.name, scoreOf(options, record.metrics)])),
    teacherScore: () => heldOutScore(options),
  };
  return options.method.phases?.(soFar) ?? [];
}

function optionsAt(options: PhasedRunOptions, { phases, index }: PhasePlace) {
  return phaseOptions(options, { phases, index }, (earlier) => modelLeftBy(options, { phases, index: earlier }));
}

async function trainPhases(options: PhasedRunOptions): Promise<RunResult> {
  const ended: Ended[] = [];
  const watcher = watcherOf(options);
  let phases = await planAfter(options, ended);
  let result: RunResult | undefined;
  while (ended.length < phases.length) {
    const place = { phases, index: ended.length };
    const phase = phases[place.index] as Phase;
    const folder = phaseFolder(place);
    const isDone = await hasFile(join(options.outputDir, folder, METRICS_FILE));
    const run = { ...(await optionsAt(options, place)), onEvent: watcher.of(place, isDone) };
    result = await runTraining(run);
    const isLast = ended.length === phases.length - 1;
    // The last one's model is kept with the run's record: a kill between the two leaves it to be trained again.
    if (isLast && result.weights === undefined) {
      const { resume: _resume, ...anew } = run;
      result = await runTraining({ ...anew, overwrite: true, onEvent: watcher.of(place, false) });
    }
    ended.push({ phase, folder, record: result.record });
    phases = await planAfter(options, ended);
  }
  return finish(options, ended, result as RunResult, watcher.end);
}

/** Events with their phase; nothing of a phase that was finished before, and what is said twice once. */
function watcherOf({ onEvent = () => {} }: PhasedRunOptions) {
  const said = new Set<string>();
  let last: TrainingEvent | undefined;
  return {
    of:
      ({ phases, index }: PhasePlace, isDone: boolean) =>
      (event: TrainingEvent): void => {
        if (isDone) return;
        const phase = { name: phases[index]?.name ?? '', number: index + 1, of: phases.length };
        if (event.type === 'notice' || event.type === 'warning') {
          if (!said.has(event.text)) onEvent(event);
          said.add(event.text);
        } else if (event.type === 'end' && phase.number === phase.of) {
          // The run's end is told once its model is there.
          last = { ...event, phase };
        } else if (event.type === 'checkpoint' || event.type === 'terms') onEvent(event);
        else onEvent({ ...event, phase });
      },
    end: (path: string | undefined): void => {
      if (path !== undefined) onEvent({ type: 'checkpoint', path, kind: 'last' });
      if (last !== undefined) onEvent(last);
    },
  };
}

/** The last phase's model and record as those of the run. The record is the mark of its end, so it comes last. */
async function finish(
  options: PhasedRunOptions,
  ended: readonly Ended[],
  { record: last, weights = {}, keptPaths }: RunResult,
  onEnd: (path: string | undefined) => void,
): Promise<RunResult> {
  const { model, method, data, question, outputDir, command, seed, saveLast = true } = options;
  const lastPath = saveLast ? join(outputDir, LAST) : undefined;
  const described = { name: method.name, options: method.options };
  if (lastPath !== undefined) {
    const { labelNames, text } = data.train;
    const about = { ...(text && savedWithTexts(text)), ...defined({ question }) };
    await saveModel(lastPath, { model, weights, labelNames, method: described, ...about });
  }
  const own = lineageOf(ended.map(({ phase }) => phase));
  const { command: _command, last: _last, kept: _kept, ...common } = last;
  const record: RunRecord = {
    ...common,
    ...(command !== undefined && { command }),
    // A last phase with another draw has a seed of its own.
    seed,
    options: { ...(await phasedFingerprint(options)), phases: ended.map(({ record: each }) => each.options) },
    steps: own.reduce((sum, i) => sum + (ended[i]?.record.steps ?? 0), 0),
    seconds: ended.reduce((sum, { record: { seconds } }) => sum + seconds, 0),
    warnings: warningsOf(ended),
    kept: [],
    ...(saveLast && { last: LAST }),
    phases: ended.map(({ phase, folder, record: { steps, seconds, parameters, metrics } }) => ({
      name: phase.name,
      ...{ folder, steps, seconds, parameters, metrics },
    })),
  };
  await writeRunRecord(join(outputDir, METRICS_FILE), record);
  onEnd(lastPath);
  return { status: 'finished', record, weights, ...(lastPath !== undefined && { lastPath }), keptPaths };
}

/** Those of all phases, each once. */
function warningsOf(ended: readonly Ended[]): RunRecord['warnings'] {
  const all = ended.flatMap(({ record: { warnings } }) => warnings);
  return [...new Map(all.map((warning) => [warning.text, warning])).values()];
}

async function finishedBefore(options: PhasedRunOptions, first: Fingerprint): Promise<RunResult> {
  const { outputDir } = options;
  const record = await readRunRecord(join(outputDir, METRICS_FILE));
  const { phases, ...then } = record.options;
  expectSameRun(outputDir, { ...record, options: then }, await phasedFingerprint(options));
  expectSame(outputDir, { first: Array.isArray(phases) ? phases[0] : null }, { first });
  return resultOf(record, options);
}
