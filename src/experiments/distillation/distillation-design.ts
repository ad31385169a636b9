/**
 * @file The design of a distillation, before anybody is asked or trained: metrics, seeds, arms, where its files lie; and
 * what decides its numbers, which is compared when one is resumed.
 */
import { join } from 'node:path';
import { hasTargets } from '../../data/targets.js';
import { comparable } from '../../files/fingerprint.js';
import { checkedMetrics } from '../../metrics/measure.js';
import { DEFAULT_METRIC, isJudgedMetric, type JudgedMetric } from '../../metrics/table.js';
import { classesOf } from '../../models/forward.js';
import { usualThreads } from '../../runtime/threads.js';
import { checkTargets, checkTeacher, expectTeacherAlone } from '../../training/checks/teacher-checks.js';
import { STEPS_ALONE } from '../../training/run/convex-fit.js';
import { describeData, describeRates, describeTraining, describeWeights } from '../../training/run/described-run.js';
import type { Settings } from '../arm-run.js';
import { ANSWERS_FOLDER, RESULTS } from '../formats.js';
import { controlArm, type DistillationArm, methodArm } from './arms.js';
import { type Control, DEFAULT_CONTROLS, definedControls, type LeftOut } from './controls.js';
import type { DistillOptions } from './distill-options.js';
import { EVIDENCE_SETTINGS } from './evidence-settings.js';
import { TEACHER_SETTINGS } from './teacher-settings.js';
import type { AssistantStart, StudentStart } from './train-arm.js';

const SEEDS = 5;
type DistillationDesign = {
  /** Of the student; 1 for a regression. */
  readonly classes: number;
  readonly metrics: readonly [JudgedMetric, ...JudgedMetric[]];
  readonly seeds: readonly number[];
  readonly controls: readonly Control[];
  /** Controls that were asked for and that such a student does not have. */
  readonly leftOut: readonly LeftOut[];
  /** Whether a training row has a label, or a score. */
  readonly isLabelled: boolean;
  /** The method's, and its controls'. */
  readonly arms: readonly DistillationArm[];
  /** The file of finished runs, and the folder of the teacher's answers. */
  readonly results: string;
  readonly answers: string;
};

/**
 * What the options come to, with their defaults.
 * @throws OptionError for a metric that is not of such a student; as `checkTargets` and `checkTeacher` do.
 */
export function designOf(options: DistillOptions): DistillationDesign {
  const { student, teacher, data, method, outputDir, resultsFile, cacheDir } = options;
  const classes = classesOf(student.model);
  checkTargets(method, classes);
  if (method.needs.length > 0) checkTeacher(method, teacher, classes, data.train);
  const isLabelled = hasTargets(data.train);
  if (!isLabelled) expectTeacherAlone(method, data.train);
  const { controls, leftOut } = definedControls(options.controls ?? DEFAULT_CONTROLS, {
    ...{ classes, method, isLabelled },
    isOfTexts: data.train.text !== undefined,
  });
  return {
    classes,
    metrics: judgedMetrics(options.metrics, classes),
    seeds: seedsOf(options.seeds ?? SEEDS),
    controls,
    leftOut,
    isLabelled,
    arms: [methodArm(method), ...controls.map((name) => controlArm(name, classes))],
    results: resultsFile ?? join(outputDir, RESULTS),
    answers: cacheDir ?? join(outputDir, ANSWERS_FOLDER),
  };
}

function judgedMetrics(
  names: readonly JudgedMetric[] | undefined,
  classes: number,
): readonly [JudgedMetric, ...JudgedMetric[]] {
  const [first = DEFAULT_METRIC, ...others] = checkedMetrics(names, classes).filter(isJudgedMetric);
  return [first, ...others];
}

function seedsOf(seeds: number | readonly number[]): readonly number[] {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;
}

/** With the weights of one seed, for all: others of them come from the same place. */
async function describedStart(student: StudentStart, seed: number) {
  const { model, weights } = student;
  return comparable(student, {
    model: { kind: model.kind, config: model.config },
    weights: describeWeights(await weights(seed)),
  });
}

async function describedAssistant(
  { reads: _reads, asTeacher: _asTeacher, training, ...start }: AssistantStart,
  seed: number,
) {
  return {
    ...(await describedStart(start, seed)),
    ...(training && { training: describeTraining(start.model, training) }),
  };
}

/** All that decides the numbers, but for arms and seeds, to which more may be added later. */
export async function distillationSettings(options: DistillOptions): Promise<Settings> {
  const { data, student, teacher, settings, schedule = 'constant', warmupSteps = 0, assistants } = options;
  const { metrics, seeds } = designOf(options);
  const { threads = usualThreads() } = options;
  const [seed = 1] = seeds;
  return comparable(
    options,
    {
      settings: undefined,
      ...settings,
      ...{ schedule, warmupSteps, metrics, threads },
      ...{ method: undefined, controls: undefined, seeds: undefined },
      data: undefined,
      train: describeData(data.train),
      transfer: data.transfer && describeData(data.transfer),
      evaluation: describeData(data.evaluation),
      test: data.test && describeData(data.test),
      student: await describedStart(student, seed),
      assistants: assistants && (await Promise.all(assistants.map((each) => describedAssistant(each, seed)))),
      teacher: teacher.contentHash,
      optimizer: describeRates(student.model, options),
      groups: undefined,
      ...(options.fit && STEPS_ALONE),
    },
    [TEACHER_SETTINGS, EVIDENCE_SETTINGS],
  );
}
