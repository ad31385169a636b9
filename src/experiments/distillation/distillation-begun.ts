/** @file A distillation up to its runs: what is wrong with it is found, the teacher has answered, the runs are known. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { claimOutputFolder } from '../../files/output-folder.js';
import { METRICS } from '../../metrics/table.js';
import { rememberingTeacher } from '../../teachers/cached-teacher.js';
import { runWarnings } from '../../training/checks/run-warnings.js';
import { servedMethod } from '../../training/checks/served-methods.js';
import { checkStages } from '../../training/phases/phased-run.js';
import type { TrainingEvent } from '../../training/run/events.js';
import { type RunContext, runFolder, type TimedResult } from '../arm-run.js';
import { type ExperimentOptions, expectSameExperiment } from '../experiment.js';
import { RECORD } from '../formats.js';
import { openWork } from '../sharing/open-work.js';
import { isGuest, sharedParts, WORK } from '../sharing/sharing.js';
import { type DistillationArm, isBaseline, methodArm, shippableArms } from './arms.js';
import { baselineArm } from './baseline-arm.js';
import type { DistillOptions } from './distill-options.js';
import { designOf, distillationSettings } from './distillation-design.js';
import { learnedRows } from './monitoring.js';
import { isAskedBefore } from './student-training.js';
import { answeredOnce, evaluateTeacher } from './teacher-answers.js';
import { armRun, trainArm } from './train-arm.js';
import { warningTeller } from './warning-teller.js';

export type BegunDistillation = Awaited<ReturnType<typeof beginDistillation>>;

/**
 * All that comes before the runs.
 * @throws as `runDistillation` does.
 */
export async function beginDistillation(given: DistillOptions) {
  const options = { ...given, method: servedMethod(given.method, given.teacher) };
  const { teacher, data, method, student, outputDir, resume = false, overwrite = false, signal, sharing } = options;
  const { onEvent: emit = () => {} } = options;
  const design = designOf(options);
  const { metrics, leftOut, results } = design;
  const { rows, pool: transfer } = await learnedRows(data, options);
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
  // Of a shared experiment the folder is its leader's; whoever joins has its runs' folders alone.
  const folder = isGuest(sharing) ? undefined : await claimOutputFolder(outputDir, { resume, overwrite, signal });
  const started = performance.now();
  try {
    if (method !== given.method) {
      const text = `temperature 1: the outputs of ${teacher.name} do not determine other temperatures`;
      emit({ type: 'notice', text });
    }
    if (overwrite) {
      for (const path of [join(outputDir, RECORD), results]) await rm(path, { force: true });
      // What an experiment was that several shared is not to be taken for this one.
      await rm(join(outputDir, WORK), { recursive: true, force: true });
    }
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
    const ready = runsOf(options, { design, rows, warnings });
    const { answering } = ready;
    const experiment = { ...ready.experiment, settings: await distillationSettings(options) };
    if (!isGuest(sharing)) await expectSameExperiment(experiment);
    const work = sharing && (await openWork(sharing, { ...options, ...experiment }));
    const asked = isAskedBefore(options) ? { rows: rows.transfer ?? rows.train, needs: method.needs } : undefined;
    const [metric] = metrics;
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
    return {
      ...{ options, design, rows, transfer, warnings, started, predictions, score, training },
      ...{ ...ready, experiment, work },
      release: () => folder?.release(),
    };
  } catch (error) {
    folder?.release();
    throw error;
  }
}

type Prepared = {
  readonly design: ReturnType<typeof designOf>;
  readonly rows: Awaited<ReturnType<typeof learnedRows>>['rows'];
  readonly warnings: ReturnType<typeof warningTeller>;
};

/** The runs, and the teacher that they learn from, which answers each row once for all of them. */
function runsOf(options: DistillOptions, { design, rows, warnings }: Prepared) {
  const { teacher, data, outputDir, resume = false, signal, sharing, onEvent: emit = () => {} } = options;
  const { arms, seeds, metrics, results, answers } = design;
  const [metric] = metrics;
  const [seed = 1] = seeds;
  const answering = answeredOnce(
    rememberingTeacher(teacher, {
      folder: answers,
      parts: sharedParts(sharing, { answers, outputDir }),
      onProgress: (progress) => emit({ type: 'labelling', name: teacher.name, ...progress }),
      onNotice: (text) => emit({ type: 'notice', text }),
      signal,
    }),
  );
  const shippable = shippableArms(arms);
  const isVerified = sharing?.role === 'verifies';
  const runsIn = isVerified ? sharing.scratch : outputDir;
  const folderOf = (arm: string, armSeed: number) => join(runsIn, runFolder(arm, armSeed));
  const trained = (
    arm: DistillationArm,
    armSeed: number,
    context: Omit<RunContext, 'settings'>,
  ): Promise<TimedResult> =>
    (isBaseline(arm) ? baselineArm : trainArm)(arm, {
      ...options,
      data: isBaseline(arm) ? { ...rows, train: data.train } : rows,
      teacher: answering,
      metrics,
      seed: armSeed,
      outputDir: folderOf(arm.name, armSeed),
      isKept: armSeed === seed && shippable.includes(arm),
      // Another process may have begun it.
      resume: (resume || sharing !== undefined) && !isVerified,
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
    run: (arm, armSeed, context) => trained(arm, armSeed, context),
    resultsFile: results,
    resume,
    onEvent: (event) => emit({ type: 'experiment', event }),
    signal,
  };
  return { answering, trained, folderOf, experiment };
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

/** `a`, `a and b`, `a, b and c` */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** How far a run is; the stages of a method count alike. */
function fractionOf({ step, totalSteps, phase }: Extract<TrainingEvent, { type: 'step' }>): number {
  const fraction = step / totalSteps;
  return phase === undefined ? fraction : (phase.number - 1 + fraction) / phase.of;
}
