/** @file What a distillation is going to take, before it starts: steps, time, memory, disk, and what an endpoint costs. */
import type { Dataset } from '../../data/dataset.js';
import type { SignalName } from '../../models/model.js';
import { usualSignals } from '../../teachers/answers.js';
import { rememberingTeacher } from '../../teachers/cached-teacher.js';
import { labellingPlan, unaskedTeacher } from '../../teachers/labelling-plan.js';
import type { FedSignals, LabellingPlan, Teacher } from '../../teachers/teacher.js';
import { sizeOf } from '../../tensor/shape.js';
import { servedMethod } from '../../training/checks/served-methods.js';
import { type EstimateOptions, estimateStage, type StageEstimate } from '../../training/estimate/run-estimate.js';
import { type Stage, stagesOf } from '../../training/estimate/stages.js';
import { teacherForm } from '../../training/run/prepare-run.js';
import { finishedRuns } from '../results-file.js';
import type { DistillationArm } from './arms.js';
import type { DistillOptions } from './distill-options.js';
import { designOf } from './distillation-design.js';
import { isAskedBefore } from './student-training.js';
import { type ArmOptions, armRun } from './train-arm.js';
import { transferSet } from './transfer.js';

export type ArmPlan = {
  readonly name: string;
  /** Those to come, and those that are finished already. */
  readonly runs: number;
  readonly finished: number;
  /** Of one run, in order: the stages of the method, or the one that it has. */
  readonly stages: readonly StageEstimate[];
  readonly steps: number;
  /** Of one run. Absent where nothing was timed. */
  readonly seconds?: number;
};

/** What the teacher is asked for rows of one data set. */
export type AskingPlan = Omit<LabellingPlan, 'signals'> & { readonly data: string };

export type DistillationPlan = {
  /** Of the student. */
  readonly parameters: number;
  readonly arms: readonly ArmPlan[];
  /** Stages that differ in what a step takes, of the runs that are to come. */
  readonly kinds: number;
  /** Runs and steps that are to come. */
  readonly runs: number;
  readonly steps: number;
  readonly labelling: readonly AskingPlan[];
  /** Of all that is to come; where the time of a labelling is not known, of all else. Absent where nothing was timed. */
  readonly seconds?: number;
  readonly peakRssBytes?: number;
  readonly disk: {
    /** What stays: students, the teacher's new answers, logs and report. */
    readonly modelBytes: number;
    readonly answerBytes: number;
    readonly logBytes: number;
    /** With the state of the run under way. */
    readonly mostBytes: number;
  };
  /** About what the answers of an endpoint with prices cost. */
  readonly cost?: number;
};

/** Record and report, with their examples. */
const REPORT_BYTES = 300_000;

/**
 * Plans what `runDistillation` would do with these options. Nothing is written, and an endpoint is not asked. Timed, some
 * steps of each kind of run and some answers of the teacher are made and thrown away.
 * @throws as `runDistillation` does before any work, and for runs that cannot take a step.
 */
export async function planDistillation(asked: DistillOptions, how: EstimateOptions): Promise<DistillationPlan> {
  const options = { ...asked, method: servedMethod(asked.method, asked.teacher) };
  const { student, data, method } = options;
  const { metrics, seeds, controls, arms, results, answers } = designOf(options);
  const [seed = 1] = seeds;
  const whole = await transferSet(data);
  const rows = { ...data, ...(whole && { transfer: whole.data }) };
  const answering = rememberingTeacher(options.teacher, { folder: answers });
  const labelling = labellings(answering, how.isTimed);
  const isFed = isAskedBefore(options);
  if (isFed) await labelling.addTraining(rows.transfer ?? rows.train, method.needs);
  const signals = labelling.found()[0]?.signals ?? usualSignals(answering);
  const finished = options.resume ? await finishedRuns(results) : [];
  const given: ArmOptions = {
    ...options,
    data: rows,
    teacher: unaskedTeacher(answering, signals),
    metrics,
    seed,
    isKept: true,
    resume: false,
    signal: options.signal ?? new AbortController().signal,
    onEvent: () => {},
    // Untimed, nothing is made of them, and reading them takes longer than all else.
    ...(!how.isTimed && withoutWeights(options)),
  };
  const estimates = new Map<string, Promise<Timed>>();
  const kinds = new Map<string, number>();
  const planned: ArmPlan[] = [];
  for (const arm of arms) {
    const done = seeds.filter((one) => finished.some((run) => run.arm === arm.name && run.seed === one)).length;
    const runs = seeds.length - done;
    const isTimed = how.isTimed && runs > 0;
    const kind = `${isTimed} ${kindOf(arm, given, isFed)}`;
    const estimate = estimates.get(kind) ?? estimated(arm, given, signals, { ...how, isTimed });
    estimates.set(kind, estimate);
    const { seconds, stages, asked } = await estimate;
    if (runs > 0) kinds.set(kind, stages.length);
    for (const { rows: of, signals: needs } of runs > 0 ? asked : []) await labelling.addTraining(of, needs);
    // It shares its time with arms that ask nothing.
    if (runs > 0 && arm.learns === 'hard-labels' && options.teacherForm !== 'traced') {
      await labelling.addTraining(rows.transfer ?? rows.train, ['logits']);
    }
    const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
    planned.push({
      ...{ name: arm.name, runs, finished: done, stages, steps },
      ...(seconds !== undefined && { seconds }),
    });
  }
  const { known } = answering;
  const isScored = known === undefined || known(data.evaluation) === data.evaluation.size;
  if (isScored) await labelling.add(data.evaluation, ['logits']);
  return summed(planned, labelling.found(), {
    kinds: [...kinds.values()].reduce((sum, stages) => sum + stages, 0),
    parameters: student.model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    // For the report, whose examples are answers of both.
    shown: isScored && controls.includes('no-teacher') ? [method.name, 'no-teacher'] : [],
    kept: [method.name, 'no-teacher'].filter((arm) => !finished.some((run) => run.arm === arm && run.seed === seed)),
  });
}

/**
 * Arms of one kind cost the same. What a loss makes of logits that are there is nothing beside the student's step; but a
 * teacher within the step, on rows of another length than the student's, is more.
 */
function kindOf({ learns }: DistillationArm, { data, teacherForm: form }: ArmOptions, isFed: boolean): string {
  if (learns === 'method') return 'method';
  if (learns === 'shuffled-teacher') return isFed ? 'method' : learns;
  if (learns !== 'hard-labels') return 'labels';
  return form === 'traced' || data.transfer !== undefined ? learns : 'labels';
}

type Asked = { readonly rows: Dataset; readonly signals: readonly SignalName[] };
type Timed = {
  readonly seconds: number | undefined;
  readonly stages: readonly StageEstimate[];
  /** What is asked of the given teacher. */
  readonly asked: readonly Asked[];
};

async function estimated(
  arm: DistillationArm,
  options: ArmOptions,
  signals: FedSignals,
  how: EstimateOptions,
): Promise<Timed> {
  const begun = performance.now();
  const stages = await stagesOf(await armRun(arm, options), signals);
  const toPrepare = (performance.now() - begun) / 1000;
  const estimates: StageEstimate[] = [];
  for (const stage of stages) estimates.push(await estimateStage(stage, how));
  // At the end the student is scored once more, for the record.
  const seconds = estimates.reduce((sum, stage) => sum + (stage.seconds ?? 0), toPrepare + secondsToScore(estimates));
  return { seconds: how.isTimed ? seconds : undefined, stages: estimates, asked: stages.flatMap(askedBy) };
}

/** Of a trained student, once. */
function secondsToScore(stages: readonly StageEstimate[]): number {
  const last = stages.at(-1);
  return (last?.secondsToOpenEvaluation ?? 0) + (last?.secondsPerEvaluation ?? 0);
}

function askedBy({ run, answers }: Stage): Asked[] {
  const { method, teacher, data } = run;
  const isAsked = teacher !== undefined && answers === undefined && teacherForm(run) === 'fed';
  return isAsked ? [{ rows: data.train, signals: method.needs }] : [];
}

/** The rows that a teacher is asked for, each set once. */
function labellings(teacher: Teacher, isTimed: boolean) {
  const found: (AskingPlan & Pick<LabellingPlan, 'signals'>)[] = [];
  const most = new Map<string, number>();
  const add = async (data: Dataset, signals: readonly SignalName[]): Promise<void> => {
    found.push({ data: data.name, ...(await labellingPlan(teacher, data, { signals, isTimed })) });
  };
  return {
    found: () => found,
    add,
    /** Rows to learn from: fewer than were asked for the same signals are a part of those. */
    addTraining: async (data: Dataset, signals: readonly SignalName[]): Promise<void> => {
      const key = [...signals].sort().join();
      if (data.size <= (most.get(key) ?? 0)) return;
      most.set(key, data.size);
      await add(data, signals);
    },
  };
}

function withoutWeights({ student, assistants }: DistillOptions) {
  const none = () => ({});
  return {
    student: { ...student, weights: none },
    ...(assistants && { assistants: assistants.map((one) => ({ ...one, weights: none })) }),
  };
}

function summed(
  arms: readonly ArmPlan[],
  labelling: readonly (AskingPlan & Pick<LabellingPlan, 'signals'>)[],
  {
    parameters,
    kinds,
    kept,
    shown,
  }: {
    readonly parameters: number;
    readonly kinds: number;
    readonly kept: readonly string[];
    readonly shown: readonly string[];
  },
): DistillationPlan {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const most = (values: readonly number[]) => Math.max(0, ...values);
  const coming = arms.filter(({ runs }) => runs > 0);
  const isTimed = coming.some(({ seconds }) => seconds !== undefined);
  const stages = coming.flatMap((arm) => arm.stages);
  const disk = {
    modelBytes: sum(
      coming
        .filter(({ name }) => kept.includes(name))
        .flatMap((arm) => arm.stages.map((stage) => stage.disk.modelBytes)),
    ),
    answerBytes: sum(labelling.map(({ bytes }) => bytes)),
    logBytes: sum(coming.map((arm) => arm.runs * sum(arm.stages.map((stage) => stage.disk.logBytes)))) + REPORT_BYTES,
  };
  const underWay = most(stages.map(({ disk: of }) => 2 * of.stateBytes + of.modelBytes));
  const costs = labelling.flatMap(({ cost }) => cost ?? []);
  return {
    parameters,
    arms,
    kinds,
    runs: sum(coming.map(({ runs }) => runs)),
    steps: sum(coming.map(({ runs, steps }) => runs * steps)),
    labelling: labelling.map(({ signals: _signals, ...plan }) => plan),
    ...(isTimed && {
      seconds:
        sum(labelling.map(({ seconds }) => seconds ?? 0)) +
        sum(coming.map((arm) => arm.runs * (arm.seconds ?? 0))) +
        sum(arms.filter(({ name }) => shown.includes(name)).map((arm) => secondsToScore(arm.stages))),
      peakRssBytes: most(stages.map(({ peakRssBytes }) => peakRssBytes ?? 0)),
    }),
    disk: { ...disk, mostBytes: disk.modelBytes + disk.answerBytes + disk.logBytes + underWay },
    ...(costs.length > 0 && { cost: sum(costs) }),
  };
}

/** A kind of run is timed on 14 steps and what it compiles, which takes as long as a few more: 3 % of these or less. */
const WORTH_STEPS = 1000;

/** Whether timing takes little beside what is planned: of each kind of run there are 1,000 steps to come. */
export function isWorthTiming({ kinds, steps }: Pick<DistillationPlan, 'kinds' | 'steps'>): boolean {
  return kinds > 0 && steps >= WORTH_STEPS * kinds;
}
