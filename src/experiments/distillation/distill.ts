/** @file Distillation with its proof: a student per arm and seed, from one teacher, and a verdict over paired seeds. */

import { join } from 'node:path';
import process from 'node:process';
import type { Dataset } from '../../data/dataset.js';
import { scoredRows } from '../../data/targets.js';
import type { Method } from '../../methods/method.js';
import { type JudgedMetric, METRICS } from '../../metrics/table.js';
import { defined } from '../../options/given.js';
import { expectNoWarning } from '../../training/checks/strict.js';
import { findWarnings } from '../../training/checks/table.js';
import { hasRunState } from '../../training/run/checkpoint.js';
import { LAST } from '../../training/run/run-files.js';
import { describeEnvironment } from '../environment.js';
import { runExperiment, takePart } from '../experiment.js';
import { experimentRecord, writeExperimentRecord } from '../experiment-record.js';
import { RECORD } from '../formats.js';
import { type VerifiedRuns, verifyRuns } from '../sharing/verified-runs.js';
import { shippedStudent } from '../shipping.js';
import { withoutComparison, withoutLabels } from '../verdict.js';
import { type DistillationArm, isBaseline, shippableArms } from './arms.js';
import { calibratedStudents } from './calibrated-students.js';
import { CONTROLS_OF_CLASSES, type Control } from './controls.js';
import type { DistillOptions, DistillResult } from './distill-options.js';
import { type BegunDistillation, beginDistillation } from './distillation-begun.js';
import { distillationEvidence } from './distillation-evidence.js';
import type { LearnedRows } from './monitoring.js';
import { type ArmTrainingOptions, armTraining } from './student-training.js';
import { teacherOnTest } from './teacher-answers.js';

/**
 * Trains a student by a method and by its controls on each seed; writes into `outputDir` each run (`runs/ARM-SEED/`),
 * the finished ones (`results.jsonl`) and the record (`experiment.json`), from which `retort report` makes a page. The
 * teacher answers each row once for all of them, and its answers stay on disk (`answers/`).
 * @throws OptionError, SignalError before any work for what does not fit together, CheckError for what is wrong with a
 *   strict one; OutputError for a folder that is in
 *   use or not empty; InterruptedError after `signal`, resumable with `resume`.
 */
export async function runDistillation(given: DistillOptions): Promise<DistillResult> {
  const begun = await beginDistillation(given);
  try {
    return await recorded(begun);
  } finally {
    begun.release();
  }
}

/** How much of a shared experiment was done here. */
export type PartDone = { readonly outputDir: string; readonly runs: number; readonly here: number };

/**
 * Takes part in a shared distillation (`sharing`), whose record another process makes.
 * @throws as `runDistillation` does; OptionError where it is not the one that was planned.
 */
export async function workOnDistillation(given: DistillOptions): Promise<PartDone> {
  const begun = await beginDistillation(given);
  try {
    const { work, experiment, options } = begun;
    const jobs = work === undefined ? [] : work.jobs;
    const here = work === undefined ? 0 : await takePart({ ...experiment, work }, jobs);
    return { outputDir: options.outputDir, runs: jobs.length, here };
  } finally {
    begun.release();
  }
}

/**
 * Computes some finished runs of a shared distillation again, and compares them (`sharing` verifies).
 * @throws as `workOnDistillation` does; FileError for a run that gives other bytes.
 */
export async function verifyDistillation(given: DistillOptions): Promise<VerifiedRuns> {
  const begun = await beginDistillation(given);
  try {
    const { work, experiment, options } = begun;
    const { sharing, outputDir } = options;
    if (work === undefined || sharing?.role !== 'verifies') return { runs: 0, verified: [] };
    return await verifyRuns(experiment, work, { ...sharing, there: outputDir });
  } finally {
    begun.release();
  }
}

/** The runs to their end, and the record of them. */
async function recorded(begun: BegunDistillation): Promise<DistillResult> {
  const { options, design, rows, transfer, warnings, answering, experiment, trained, folderOf, predictions } = begun;
  const { score, training } = begun;
  const { teacher, data, method, outputDir, command, config, signal, smallestEffect } = options;
  const { onEvent: emit = () => {} } = options;
  const { classes, metrics, seeds, controls, isLabelled, arms } = design;
  const [metric] = metrics;
  const [seed = 1] = seeds;
  const stopping = signal ?? new AbortController().signal;
  const shippable = shippableArms(arms);
  const recordPath = join(outputDir, RECORD);
  const outcome = await runExperiment({ ...experiment, work: begun.work });
  const late = findWarnings({
    experiment: {
      ...{
        ...outcome,
        judged: method.name,
        noTeacher: 'no-teacher',
        endsAtBest: options.earlyStopping !== undefined,
      },
      ...(score !== undefined && { teacher: { name: teacher.name, score, rows: scoredRows(data.evaluation) } }),
    },
  });
  warnings.afterRuns(late);
  const names = shippable.map(({ name }) => name);
  const ship = shippedStudent(outcome, names, smallestEffect);
  // Results may have outlived the folders of their runs: students that are to be shown are trained again, to the same bits.
  for (const arm of shippable) {
    if (![method.name, 'no-teacher', ship?.arm].includes(arm.name)) continue;
    if (await hasRunState(join(folderOf(arm.name, seed), LAST))) continue;
    emit({ type: 'notice', text: `${arm.name} on seed ${seed} has a result and no model: it is trained again` });
    await trained(arm, seed, { signal: stopping, progress: () => {} });
  }
  const calibration = await calibratedStudents({
    ...{ rows, options, arms: arms.filter(({ name }) => [method.name, ship?.arm].includes(name)) },
    folderOf: (arm) => join(folderOf(arm, seed), LAST),
  });
  const onTest = await teacherOnTest(answering, { ...options, metrics });
  const studentPath = folderOf(method.name, seed);
  const hasNoTeacher = controls.includes('no-teacher');
  const record = experimentRecord({
    outcome: {
      ...outcome,
      seconds: (performance.now() - begun.started) / 1000,
      peakRssBytes: Math.max(outcome.peakRssBytes, process.resourceUsage().maxRSS * 1024),
    },
    question: questionOf(options, { metric, isCompared: controls.length > 0 && isLabelled }),
    ...(!isLabelled && { notCompared: withoutLabels(method.name, controls, metric) }),
    ...(isLabelled && controls.length === 0 && { notCompared: withoutComparison(method.name) }),
    ...(hasNoTeacher && {
      headline: { ...headlineOf(method, controls), notDefined: classes === 1 ? CONTROLS_OF_CLASSES : [] },
    }),
    comparisons: controls.filter((name) => name !== 'no-teacher').map((over) => ({ arm: method.name, over })),
    smallestEffect,
    descriptions: Object.fromEntries(
      await Promise.all(
        arms.map(async (arm) => [arm.name, await describedArm(arm, { ...options, data: rows }, data.train)]),
      ),
    ),
    environment: await describeEnvironment(options),
    date: new Date(),
    command,
    config,
    data: {
      train: { name: data.train.name, rows: data.train.size },
      evaluation: { name: data.evaluation.name, rows: scoredRows(data.evaluation) },
      ...(data.test && { test: { name: data.test.name, rows: scoredRows(data.test) } }),
      ...(data.transfer && transfer && { transfer: { name: data.transfer.name, rows: transfer.rows } }),
    },
    warnings: warnings.known(),
    ship,
    calibration: calibration.find(({ arm }) => arm === (ship?.arm ?? method.name)),
    teacher: {
      name: teacher.name,
      ...(score !== undefined && { score }),
      ...(onTest !== undefined && { test: onTest }),
      isPerSeed: false,
      ...training,
      ...(teacher.crossFitted && { folds: [...teacher.crossFitted.hashes] }),
      ...defined({ terms: teacher.terms, replies: teacher.replies?.() }),
    },
    evidence: await distillationEvidence(data.evaluation, predictions, {
      ...{ seed, isScored: !METRICS[metric].isWithTeacher },
      arm: method.name,
      over: hasNoTeacher ? 'no-teacher' : undefined,
      pathOf: (arm) => folderOf(arm, seed),
    }),
  });
  await writeExperimentRecord(recordPath, record);
  if (options.strict) expectNoWarning(late);
  return { verdict: record.headline?.text, record, recordPath, studentPath };
}

/** What the experiment asks, as a sentence. */
function questionOf(
  { teacher, student, data }: Pick<DistillOptions, 'teacher' | 'student' | 'data'>,
  { metric, isCompared }: { readonly metric: JudgedMetric; readonly isCompared: boolean },
): string {
  const { kind } = student.model;
  const { name } = data.test ?? data.evaluation;
  if (isCompared) return `Does ${teacher.name} help a ${kind} on ${name}, or is the same training without it as good?`;
  if (METRICS[metric].isWithTeacher)
    return `How often does a ${kind} agree with its teacher ${teacher.name} on ${name}?`;
  return `How good is a ${kind} with the teacher ${teacher.name} on ${name}?`;
}

/** What an arm learns from; with a pool or early stopping, from how many rows in how many steps. @param whole all training rows */
async function describedArm(
  arm: DistillationArm,
  options: ArmTrainingOptions & { readonly data: LearnedRows },
  whole: Dataset,
): Promise<string> {
  const { transfer, validation } = options.data;
  if (transfer === undefined && options.earlyStopping === undefined) return arm.description;
  if (isBaseline(arm)) return `${arm.description}; ${whole.size} rows`;
  const { train, steps, training } = await armTraining(arm, options);
  const length = options.fit === undefined ? `, ${options.earlyStopping ? 'at most ' : ''}${steps} steps` : '';
  const by = validation ? `${validation.size} other training rows` : 'the validation split';
  const best = options.earlyStopping ? `, its best epoch by ${training.earlyStopping?.metric} on ${by}` : '';
  return `${arm.description}; ${train.size} rows${length}${best}`;
}

function headlineOf(method: Method, controls: readonly Control[]) {
  const has = (name: Control) => controls.includes(name);
  return {
    arm: method.name,
    controls: {
      noTeacher: 'no-teacher',
      ...(has('hard-labels') && { hardLabels: 'hard-labels' }),
      ...(has('shuffled-teacher') && { shuffledTeacher: 'shuffled-teacher' }),
      ...(has('label-smoothing') && { labelSmoothing: 'label-smoothing' }),
    },
  };
}
