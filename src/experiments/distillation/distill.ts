/** @file Distillation with its proof: a student per arm and seed, from one teacher, and a verdict over paired seeds. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Dataset } from '../../data/dataset.js';
import { scoredRows } from '../../data/targets.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import type { Method } from '../../methods/method.js';
import { type JudgedMetric, METRICS } from '../../metrics/table.js';
import { defined } from '../../options/given.js';
import { rememberingTeacher } from '../../teachers/cached-teacher.js';
import { runWarnings } from '../../training/checks/run-warnings.js';
import { servedMethod } from '../../training/checks/served-methods.js';
import { expectNoWarning } from '../../training/checks/strict.js';
import { findWarnings } from '../../training/checks/table.js';
import { checkStages } from '../../training/phases/phased-run.js';
import { hasRunState } from '../../training/run/checkpoint.js';
import type { TrainingEvent } from '../../training/run/events.js';
import { LAST } from '../../training/run/run-files.js';
import { type RunContext, runFolder } from '../arm-run.js';
import { describeEnvironment } from '../environment.js';
import { type ExperimentOptions, expectSameExperiment, runExperiment } from '../experiment.js';
import { experimentRecord, writeExperimentRecord } from '../experiment-record.js';
import { RECORD } from '../formats.js';
import { shippedStudent } from '../shipping.js';
import { withoutComparison, withoutLabels } from '../verdict.js';
import { type DistillationArm, isBaseline, methodArm, shippableArms } from './arms.js';
import { baselineArm } from './baseline-arm.js';
import { calibratedStudents } from './calibrated-students.js';
import { CONTROLS_OF_CLASSES, type Control } from './controls.js';
import type { DistillOptions, DistillResult } from './distill-options.js';
import { designOf, distillationSettings } from './distillation-design.js';
import { distillationEvidence } from './distillation-evidence.js';
import { type LearnedRows, learnedRows } from './monitoring.js';
import { type ArmTrainingOptions, armTraining, isAskedBefore } from './student-training.js';
import { answeredOnce, evaluateTeacher, teacherOnTest } from './teacher-answers.js';
import { armRun, trainArm } from './train-arm.js';
import { warningTeller } from './warning-teller.js';

/**
 * Trains a student by a method and by its controls on each seed; writes into `outputDir` each run (`runs/ARM-SEED/`),
 * the finished ones (`results.jsonl`) and the record (`experiment.json`), from which `retort report` makes a page. The
 * teacher answers each row once for all of them, and its answers stay on disk (`answers/`).
 * @throws OptionError, SignalError before any work for what does not fit together, CheckError for what is wrong with a
 *   strict one; OutputError for a folder that is in
 *   use or not empty; InterruptedError after `signal`, resumable with `resume`.
 */
export async function runDistillation(given: DistillOptions): Promise<DistillResult> {
  const options = { ...given, method: servedMethod(given.method, given.teacher) };
  const {
    teacher,
    data,
    method,
    student,
    outputDir,
    resume = false,
    overwrite = false,
    command,
    config,
    signal,
  } = options;
  const { smallestEffect, onEvent: emit = () => {} } = options;
  const { classes, metrics, seeds, controls, leftOut, isLabelled, arms, results, answers } = designOf(options);
  const [metric] = metrics;
  const [seed = 1] = seeds;
  const { rows, pool: transfer } = await learnedRows(data, options);
  const stopping = signal ?? new AbortController().signal;
  await checkDistillation(given);
  const warnings = warningTeller(emit, options.strict ?? false);
  warnings.beforeRuns(
    runWarnings({
      data: { train: transfer?.data ?? data.train, evaluation: data.evaluation, test: data.test },
      model: student.model,
      metrics,
      startsAtRandom: student.startsAtRandom ?? false,
    }),
  );
  const folder = await claimOutputFolder(outputDir, { resume, overwrite, signal });
  const started = performance.now();
  try {
    const recordPath = join(outputDir, RECORD);
    if (method !== given.method) {
      const text = `temperature 1: the outputs of ${teacher.name} do not determine other temperatures`;
      emit({ type: 'notice', text });
    }
    if (overwrite) for (const path of [recordPath, results]) await rm(path, { force: true });
    if (transfer !== undefined && transfer.leftOut > 0) {
      const scoredNames = [data.evaluation, rows.validation, data.test].flatMap((one) => one?.name ?? []);
      const counted = `${transfer.leftOut} ${transfer.leftOut === 1 ? 'row' : 'rows'}`;
      const text = `${counted} of ${data.transfer?.name} left out: ${scoredNames.join(' or ')} has the same, but for case and blanks`;
      emit({ type: 'notice', text });
    }
    for (const { controls: names, needs } of leftOut) {
      const text = `${listed(names)} left out: ${names.length > 1 ? 'they need' : 'it needs'} ${needs}`;
      emit({ type: 'notice', text });
    }
    const answering = answeredOnce(
      rememberingTeacher(teacher, {
        folder: answers,
        onProgress: (progress) => emit({ type: 'labelling', name: teacher.name, ...progress }),
        onNotice: (text) => emit({ type: 'notice', text }),
        signal,
      }),
    );
    const shippable = shippableArms(arms);
    const folderOf = (arm: string, armSeed: number) => join(outputDir, runFolder(arm, armSeed));
    const trained = (arm: DistillationArm, armSeed: number, context: Omit<RunContext, 'settings'>) =>
      (isBaseline(arm) ? baselineArm : trainArm)(arm, {
        ...options,
        data: isBaseline(arm) ? { ...rows, train: data.train } : rows,
        teacher: answering,
        metrics,
        seed: armSeed,
        outputDir: folderOf(arm.name, armSeed),
        isKept: armSeed === seed && shippable.includes(arm),
        resume,
        signal: context.signal,
        onFraction: context.progress,
        onEvent: (event) => {
          if (event.type === 'step') context.progress(fractionOf(event));
          if (event.type === 'strength') context.progress(event.tried / event.of);
          if (event.type === 'warning') warnings.inRun(arm.name, armSeed, event);
          else emit({ type: 'training', arm: arm.name, seed: armSeed, event });
        },
      });
    const experiment: ExperimentOptions<DistillationArm> = {
      name: 'distillation',
      metric,
      arms,
      seeds,
      settings: await distillationSettings(options),
      run: (arm, armSeed, context) => trained(arm, armSeed, context),
      resultsFile: results,
      resume,
      onEvent: (event) => emit({ type: 'experiment', event }),
      signal,
    };
    await expectSameExperiment(experiment);
    const asked = isAskedBefore(options) ? { rows: rows.transfer ?? rows.train, needs: method.needs } : undefined;
    const { predictions, score, fit, found } = await evaluateTeacher(answering, {
      asked,
      evaluation: data.evaluation,
      metrics,
    });
    const training = fit && { training: fit };
    if (score !== undefined) emit({ type: 'teacher', name: teacher.name, metric, score, ...training });
    else if (!METRICS[metric].isWithTeacher) {
      const does = predictions === undefined ? 'has no outputs for some' : 'predicts the same for all';
      emit({ type: 'notice', text: `${teacher.name} ${does} rows of ${data.evaluation.name}: its score is unknown` });
    }
    warnings.beforeRuns(found);
    const outcome = await runExperiment(experiment);
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
        seconds: (performance.now() - started) / 1000,
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
  } finally {
    folder.release();
  }
}

/** @throws what `runDistillation` does before any work, but for what is wrong with rows. */
export async function checkDistillation(given: DistillOptions): Promise<void> {
  const options = { ...given, method: servedMethod(given.method, given.teacher) };
  const { metrics, seeds } = designOf(options);
  const [seed = 1] = seeds;
  const { rows } = await learnedRows(options.data, options);
  const first = {
    ...options,
    data: rows,
    ...{ metrics, seed, isKept: true, resume: false, signal: new AbortController().signal, onEvent: () => {} },
  };
  await checkStages(await armRun(methodArm(options.method), first));
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

/** `a`, `a and b`, `a, b and c` */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** How far a run is; the stages of a method count alike. */
function fractionOf({ step, totalSteps, phase }: Extract<TrainingEvent, { type: 'step' }>): number {
  const fraction = step / totalSteps;
  return phase === undefined ? fraction : (phase.number - 1 + fraction) / phase.of;
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
