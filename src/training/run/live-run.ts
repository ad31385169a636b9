/** @file A run while it trains: its step, evaluation, state, log and events. */

import { join } from 'node:path';
import type { Weights } from '../../models/model.js';
import { loadModel, saveModel } from '../../models/saved-model.js';
import type { TeacherAnswers } from '../../teachers/teacher.js';
import { teacherWarnings } from '../checks/run-warnings.js';
import { expectNoWarning } from '../checks/strict.js';
import type { Warning } from '../checks/table.js';
import { type Evaluator, openEvaluator } from '../evaluation/evaluate.js';
import { meansOf } from '../step/loss-means.js';
import { splitWeights } from '../step/method-parameters.js';
import type { StepInput, TrainingStep } from '../step/step.js';
import { modelIn, type RunState, removeRunState, saveRunState } from './checkpoint.js';
import { FRESH, waitFor } from './early-stopping.js';
import type { TrainingEvent } from './events.js';
import { bestKept, type KeptModel, keptName, rankKept } from './kept-models.js';
import type { PreparedRun } from './prepare-run.js';
import { recordHead } from './record-head.js';
import { removeKept } from './remove-kept.js';
import { openRunChecks, type RunChecks } from './run-checks.js';
import { LAST, LOG, METRICS_FILE, RESUME } from './run-files.js';
import { LINE_STEPS, openRunLog, type RunLog } from './run-log.js';
import type { RunResult } from './run-options.js';
import { type EpochRecord, type RunRecord, writeRunRecord } from './run-record.js';
import { openStep, stepTeacher, teacherAnswers, teacherFeed } from './run-step.js';
import { testScore } from './test-score.js';
import { stepWatcher, textNotice } from './told-steps.js';
import { epochsToRun, type Position, START, type TrainingPlan, train } from './train.js';

/** Between two saves of the state. An epoch's end is the better moment; runs of a second or two need none at all. */
export const STATE_SECONDS = { run: 20, epoch: 2 };
/** Saving a large state is made rarer, so that it takes no more than this share of a run. */
export const SAVING_SHARE = 0.05;
/** Where an interrupted run stood. */
export type SavedRun = { readonly state: RunState; readonly tensors: Weights };

/** What stays the same while a run trains. */
type Live = PreparedRun & {
  readonly step: TrainingStep;
  readonly evaluator: Pick<Evaluator, 'evaluate' | 'release'> | undefined;
  readonly log: RunLog;
  readonly checks: RunChecks;
  readonly emit: (event: TrainingEvent) => void;
  /** Seconds that the run has taken so far, earlier parts included. */
  readonly seconds: () => number;
};

/** What the run has found out so far, besides the position. */
type Findings = Pick<RunState, 'epochs' | 'kept' | 'patience' | 'stoppedEarly'>;

function findingsOf(from: RunState | undefined): Findings {
  if (from === undefined) return { epochs: [], kept: [], patience: FRESH, stoppedEarly: false };
  // Nothing else of the state: its position would be saved again with later tensors.
  const { epochs, kept, patience, stoppedEarly } = from;
  return { epochs, kept, patience, stoppedEarly };
}

/** Trains in a folder that has been claimed, from the start or from where the run stood. */
export async function trainInto(run: PreparedRun, saved: SavedRun | undefined): Promise<RunResult> {
  const { options, plan, evaluation } = run;
  const { outputDir, onEvent } = options;
  const emit = onEvent ?? (() => {});
  const asked = await run.askTeachers?.();
  const answers = asked?.answers ?? (await teacherAnswers(options));
  const warnings = [...(run.warnings ?? []), ...(asked?.warnings ?? answerWarnings(run, answers))];
  let step: TrainingStep | undefined;
  let checks: RunChecks | undefined;
  let evaluator: Live['evaluator'];
  try {
    step = await openStep(run, answers);
    if (saved !== undefined) step.load(saved.tensors);
    evaluator = evaluation && (await (options.openEvaluator ?? openEvaluator)({ ...options, ...evaluation }));
    const begun = performance.now() - (saved?.state.seconds ?? 0) * 1000;
    const seconds = () => (performance.now() - begun) / 1000;
    const log = openRunLog(join(outputDir, LOG), saved?.state.logBytes);
    const start = { totalSteps: plan.totalSteps, epochs: epochsToRun(plan), trainRows: options.data.train.size };
    const resumed = saved === undefined ? {} : { resumedAtStep: saved.state.step };
    emit({ type: 'start', ...start, parameters: run.parameters, ...resumed });
    if (saved === undefined) log.write({ type: 'start', ...start, parameters: run.parameters, seconds: 0 });
    const teacher = stepTeacher(options, answers);
    checks = await openRunChecks({ run, step, teacher, warnings, saved: saved?.state.checks, log, seconds, emit });
    const live: Live = { ...run, step, evaluator, log, checks, emit, seconds };
    const padding = textNotice(run);
    if (padding !== undefined) emit({ type: 'notice', text: padding });
    if (run.saveTopK !== 0 && evaluator === undefined) {
      emit({ type: 'notice', text: 'without an evaluation there is nothing to rank models by: save_top_k keeps none' });
    }
    return await trainLive(live, saved?.state, answers);
  } finally {
    await checks?.release();
    await evaluator?.release();
    await step?.release();
  }
}

/** @throws CheckError if the answers are no good to a strict run. */
export function answerWarnings({ options }: PreparedRun, answers: TeacherAnswers | undefined): Warning[] {
  const { teacher, data, strict } = options;
  if (teacher === undefined || answers === undefined) return [];
  const warnings = teacherWarnings(teacher, answers, data.train);
  if (strict) expectNoWarning(warnings);
  return warnings;
}

async function trainLive(
  live: Live,
  from: RunState | undefined,
  answers: TeacherAnswers | undefined,
): Promise<RunResult> {
  const { options, plan, step, log, checks, emit, learningRate, seconds } = live;
  const { data, perturbation, method, seed, signal } = options;
  let findings = findingsOf(from);
  const state = stateKeeper(live);
  const watch = stepWatcher(live);
  const position = from?.stoppedEarly
    ? from
    : await train({
        step,
        data: data.train,
        perturbation,
        plan,
        seed,
        learningRate,
        from: from ?? START,
        scalars: method.scalars && ((progress) => method.scalars?.(method.options, progress) ?? {}),
        teacher: teacherFeed(options, answers),
        signal,
        lineSteps: LINE_STEPS,
        onLine: ({ step: done, cursor, lineLosses }) => {
          const means = meansOf(lineLosses);
          const rate = learningRate(done);
          const epoch = cursor.epoch + 1;
          log.write({ type: 'steps', step: done, epoch, ...means, learningRate: rate, seconds: seconds() });
        },
        onFirstStep: (first) => checks.begin(first),
        onRun: async (at, report) => {
          watch.onRun(at, report);
          await state.saveIfDue(at, findings, 'run');
        },
        onEpochEnd: async (at, closed, last) => {
          findings = await closeEpoch(live, at, last, findings);
          watch.restart();
          if (!isLast(closed, findings, plan)) await state.saveIfDue(closed, findings, 'epoch');
          return !findings.stoppedEarly;
        },
        onStop: (at) => state.save(at, findings),
      });
  const { stoppedEarly } = findings;
  const result = await finish(live, position, findings);
  emit({ type: 'end', steps: position.step, seconds: result.record.seconds, ...(stoppedEarly && { stoppedEarly }) });
  return result;
}

function isLast({ step, cursor }: Position, { stoppedEarly }: Findings, { totalSteps, epochs }: TrainingPlan): boolean {
  return stoppedEarly || step >= totalSteps || cursor.epoch >= epochs;
}

/** Saves the state of a run, not more often than its time allows. */
function stateKeeper({ options, step, trained, log, checks, fingerprint, emit, seconds }: Live) {
  const { outputDir, stateSeconds } = options;
  const path = join(outputDir, RESUME);
  let savedAt = performance.now();
  let cost = 0;
  const save = async (at: Position, findings: Findings): Promise<string> => {
    const started = performance.now();
    const found = { ...findings, checks: checks.state() };
    const state = { ...found, ...at, seconds: seconds(), logBytes: log.sync(), options: fingerprint() };
    await saveRunState(path, state, trained, step.state());
    savedAt = performance.now();
    cost = (savedAt - started) / 1000;
    emit({ type: 'checkpoint', path, kind: 'resume' });
    return path;
  };
  return {
    save,
    saveIfDue: (at: Position, findings: Findings, when: 'run' | 'epoch'): Promise<unknown> | undefined => {
      const usual = Math.max(STATE_SECONDS[when], cost / SAVING_SHARE);
      const isDue = (performance.now() - savedAt) / 1000 >= (stateSeconds ?? usual);
      return isDue ? save(at, findings) : undefined;
    },
  };
}

/** Evaluates, logs, keeps the model if it is among the best, and decides whether to go on. */
async function closeEpoch(live: Live, at: Position, last: StepInput, before: Findings): Promise<Findings> {
  const { options, plan, evaluator, evaluation, step, log, checks, emit, seconds } = live;
  const epoch = at.cursor.epoch + 1;
  const means = meansOf(at.epochLosses);
  log.write({ type: 'epoch', step: at.step, epoch, ...means, seconds: seconds() });
  await checks.endSteps(at, last);
  let metrics: Readonly<Record<string, number>> = {};
  let { kept, patience, stoppedEarly } = before;
  if (evaluator !== undefined && evaluation !== undefined) {
    const weights = modelIn(step.state());
    const evaluated = await evaluator.evaluate(weights);
    ({ metrics } = evaluated);
    const event = { type: 'evaluation', step: at.step, epoch, split: evaluation.data.name, metrics } as const;
    log.write({ ...event, seconds: seconds() });
    emit(event);
    kept = await keepIfBest(live, kept, epoch, weights, metrics);
    if (options.earlyStopping !== undefined) {
      const { isOver, ...waiting } = waitFor(options.earlyStopping, patience, metrics);
      patience = waiting;
      stoppedEarly = isOver;
    }
    const isEnd = stoppedEarly || at.step >= plan.totalSteps;
    const known = before.epochs.map((one) => one.metrics);
    checks.seeEvaluation(at, evaluated, known, isEnd);
  }
  const record: EpochRecord = { epoch, step: at.step, ...means, metrics, seconds: seconds() };
  return { epochs: [...before.epochs, record], kept, patience, stoppedEarly };
}

async function keepIfBest(
  { options, trained, monitor, saveTopK, emit }: Live,
  kept: readonly KeptModel[],
  epoch: number,
  weights: Weights,
  metrics: Readonly<Record<string, number>>,
): Promise<readonly KeptModel[]> {
  const value = metrics[monitor.metric];
  if (saveTopK === 0 || value === undefined) return kept;
  const candidate = { name: keptName(epoch, monitor, value), epoch, value };
  const ranked = rankKept(kept, candidate, saveTopK, monitor);
  if (ranked.kept.includes(candidate)) {
    const path = join(options.outputDir, candidate.name);
    await saveModel(path, { ...trained, weights });
    emit({ type: 'checkpoint', path, kind: 'top-k' });
  }
  for (const model of ranked.dropped) {
    if (model !== candidate) await removeKept(options.outputDir, model);
  }
  return ranked.kept;
}

/** Writes what stays of a run. The record is the mark of its end, so it comes last; then the state may go. */
async function finish(live: Live, position: Position, findings: Findings): Promise<RunResult> {
  const { options, step, trained, saveLast, monitor, log, checks, emit, seconds } = live;
  const { outputDir, restoreBest = false, saveTopK = 0 } = options;
  const last = findings.epochs.at(-1);
  const best = restoreBest ? bestKept(findings.kept, monitor) : undefined;
  const isLastBest = best === undefined || best.epoch === last?.epoch;
  const { weights } = isLastBest
    ? { weights: splitWeights(step.parameters()).model }
    : await loadModel(join(outputDir, best.name));
  const kept = saveTopK === 0 ? [] : findings.kept;
  const test = await testScore(live, { kept, epoch: (isLastBest ? last : best)?.epoch, weights });
  log.write({ type: 'end', steps: position.step, stoppedEarly: findings.stoppedEarly, seconds: seconds() });
  const lastPath = join(outputDir, LAST);
  if (saveLast) {
    await saveModel(lastPath, { ...trained, weights });
    emit({ type: 'checkpoint', path: lastPath, kind: 'last' });
  }
  const record: RunRecord = {
    ...(await recordHead(live)),
    steps: position.step,
    seconds: seconds(),
    stoppedEarly: findings.stoppedEarly,
    metrics: (isLastBest ? last : findings.epochs.find(({ epoch }) => epoch === best.epoch))?.metrics ?? {},
    epochs: findings.epochs,
    ...(test && { test }),
    warnings: checks.state().warnings,
    kept,
    ...(saveLast && { last: LAST }),
  };
  await writeRunRecord(join(outputDir, METRICS_FILE), record);
  for (const model of findings.kept) if (!kept.includes(model)) await removeKept(outputDir, model);
  await removeRunState(join(outputDir, RESUME));
  return {
    status: 'finished',
    record,
    weights,
    ...(saveLast && { lastPath }),
    keptPaths: kept.map(({ name }) => join(outputDir, name)),
  };
}
