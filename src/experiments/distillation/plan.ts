/** @file What a distillation is going to take, before it starts: steps, time, memory, disk, and what an endpoint costs. */
import type { Dataset } from '../../data/dataset.js';
import { allRows, workByBatch } from '../../data/row-sample.js';
import type { SignalName } from '../../models/model.js';
import { parameterCount } from '../../nn/parameter-count.js';
import { usualSignals } from '../../teachers/answers.js';
import { rememberingTeacher } from '../../teachers/cached-teacher.js';
import { labellingPlan, unaskedTeacher } from '../../teachers/labelling-plan.js';
import type { LabellingPlan, Teacher } from '../../teachers/teacher.js';
import { servedMethod } from '../../training/checks/served-methods.js';
import { knownCosts, type Measure } from '../../training/estimate/known-costs.js';
import { estimateStage, type StageEstimate } from '../../training/estimate/run-estimate.js';
import { type Stage, stagesOf } from '../../training/estimate/stages.js';
import { secondsToFit } from '../../training/linear/seconds-to-fit.js';
import { teacherForm } from '../../training/run/checked-run.js';
import type { RunOptions } from '../../training/run/run-options.js';
import { finishedRuns } from '../results-file.js';
import { isBaseline } from './arms.js';
import type { DistillOptions } from './distill-options.js';
import { designOf } from './distillation-design.js';
import { learnedRows } from './monitoring.js';
import { isAskedBefore } from './student-training.js';
import { isFreeToAsk } from './teacher-answers.js';
import { type ArmOptions, armRun, type StudentStart } from './train-arm.js';

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
  /** Of a teacher that is trained first: of one training, and how many of its kind are to come. */
  readonly teacher?: StageEstimate & { readonly runs: number };
  readonly arms: readonly ArmPlan[];
  /** Runs and steps that are to come, of the students. */
  readonly runs: number;
  readonly steps: number;
  readonly labelling: readonly AskingPlan[];
  /**
   * Of all that is to come, as the middle of what it may be (`timeRange`); where the time of a labelling is not known, of all
   * else. Absent where nothing was timed.
   */
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

export type PlanOptions = {
  /** Whether some steps of each kind of run are timed. */
  readonly isTimed: boolean;
  /** What timing may take, but for the least that is needed. Default: 3. */
  readonly seconds?: number;
  /** The training of the teacher, where that is to come. */
  readonly teacherRun?: RunOptions | undefined;
  /** How many trainings of that kind: of a cross-fitted teacher one per fold. Default: 1. */
  readonly teacherRuns?: number | undefined;
  /** Default: `measureRun`. */
  readonly measure?: Measure;
  /** Milliseconds, monotonic. Outputs of a teacher are timed by a clock of their own. */
  readonly now?: () => number;
};

/** Record and report, with their examples. */
const REPORT_BYTES = 300_000;
const SECONDS = 3;
/** Of the time, for the outputs of the teacher. */
const LABELLING_SHARE = 0.15;

/**
 * Plans what `runDistillation` would do with these options. Nothing is written, and an endpoint is not asked. Timed, some
 * steps of each kind of run and some answers of the teacher are made and thrown away.
 * @throws as `runDistillation` does before any work, and for runs that cannot take a step.
 */
export async function planDistillation(asked: DistillOptions, how: PlanOptions): Promise<DistillationPlan> {
  const { isTimed, seconds = SECONDS, teacherRun, teacherRuns = 1, measure, now = () => performance.now() } = how;
  const options = { ...asked, method: servedMethod(asked.method, asked.teacher) };
  const { student, data, method } = options;
  const { classes, metrics, seeds, controls, arms, results, answers } = designOf(options);
  const [seed = 1] = seeds;
  const costs = isTimed ? knownCosts({ seconds, measure, now }) : undefined;
  const { rows } = await learnedRows(data, options);
  const answering = rememberingTeacher(options.teacher, { folder: answers });
  const labelling = labellings(answering, isTimed, LABELLING_SHARE * seconds);
  const isFed = isAskedBefore(options);
  const evaluated = (rows.validation ?? rows.evaluation).size;
  const longer = rows.evaluation.size / evaluated;
  const tested = (rows.test?.size ?? 0) / evaluated;
  if (isFed) await labelling.addTraining(rows.transfer ?? rows.train, method.needs);
  const signals = labelling.found()[0]?.signals ?? usualSignals(answering);
  const finished = options.resume ? await finishedRuns(results) : [];
  const starts = rememberedStarts(options, isTimed, now);
  const given: ArmOptions = {
    ...options,
    ...starts.options,
    data: rows,
    teacher: unaskedTeacher(answering, signals),
    metrics,
    seed,
    isKept: true,
    resume: false,
    signal: options.signal ?? new AbortController().signal,
    onEvent: () => {},
  };
  const coming = await Promise.all(
    arms.map(async (arm) => {
      const done = seeds.filter((one) => finished.some((run) => run.arm === arm.name && run.seed === one)).length;
      const stages = isBaseline(arm) ? [] : await stagesOf(await armRun(arm, given), signals);
      return { arm, done, runs: seeds.length - done, stages };
    }),
  );
  for (const { stages, runs } of coming) for (const { run } of runs > 0 ? stages : []) costs?.expect(run);
  if (teacherRun !== undefined) costs?.expect(teacherRun);
  const planned: ArmPlan[] = [];
  for (const { arm, done, runs, stages } of coming) {
    const estimates: StageEstimate[] = [];
    for (const stage of stages) estimates.push(await estimateStage(stage, runs > 0 ? costs : undefined));
    for (const { rows: of, signals: needs } of runs > 0 ? stages.flatMap(askedBy) : []) {
      await labelling.addTraining(of, needs);
    }
    // It shares its time with arms that ask nothing.
    if (runs > 0 && arm.learns === 'hard-labels' && options.teacherForm !== 'traced') {
      await labelling.addTraining(rows.transfer ?? rows.train, ['logits']);
    }
    planned.push({
      ...{ name: arm.name, runs, finished: done, stages: estimates, steps: sum(estimates.map(({ steps }) => steps)) },
      ...(costs &&
        runs > 0 && {
          seconds: isBaseline(arm)
            ? secondsToFit(data.train.text?.table.texts ?? [], classes)
            : secondsOfArm(estimates, longer + tested) + starts.seconds(method),
        }),
    });
  }
  const { known } = answering;
  const isScored = known === undefined || known(data.evaluation) === data.evaluation.size;
  if (isScored) await labelling.add(data.evaluation, ['logits']);
  if (data.test !== undefined && isFreeToAsk(options.teacher, data.test)) await labelling.add(data.test, ['logits']);
  return summed(planned, labelling.found(), {
    teacher: teacherRun && { ...(await estimateStage({ run: teacherRun }, costs)), runs: teacherRuns },
    parameters: parameterCount(student.model),
    // What decides the numbers is described, and the first run checked, before any of them.
    toDescribe: DESCRIBED * starts.seconds(method),
    longer,
    // For the report, whose examples are answers of both.
    shown: isScored && controls.includes('no-teacher') ? [method.name, 'no-teacher'] : [],
    kept: [method.name, 'no-teacher'].filter((arm) => !finished.some((run) => run.arm === arm && run.seed === seed)),
  });
}

/** How often the student's start is read before its first run. */
const DESCRIBED = 2;

/** Of a run with all its stages; at the end the student is scored once more, on each split, for the record. */
function secondsOfArm(stages: readonly StageEstimate[], longer: number): number {
  return sum(stages.map(({ seconds = 0 }) => seconds)) + secondsToScore(stages, longer);
}

/** Of a trained student, once. @param longer than an evaluation after an epoch, by rows */
function secondsToScore(stages: readonly StageEstimate[], longer: number): number {
  const last = stages.at(-1);
  return (last?.secondsToOpenEvaluation ?? 0) + longer * (last?.secondsPerEvaluation ?? 0);
}

type Asked = { readonly rows: Dataset; readonly signals: readonly SignalName[] };

function askedBy({ run, answers }: Stage): Asked[] {
  const { method, teacher, data } = run;
  const isAsked = teacher !== undefined && answers === undefined && teacherForm(run) === 'fed';
  return isAsked ? [{ rows: data.train, signals: method.needs }] : [];
}

/** The rows that a teacher is asked for, each set once; timed once, on the first that it has to answer. */
function labellings(teacher: Teacher, isTimed: boolean, seconds: number) {
  const found: (AskingPlan & Pick<LabellingPlan, 'signals'>)[] = [];
  const most = new Map<string, number>();
  let secondsPerWork: number | undefined;
  const add = async (data: Dataset, signals: readonly SignalName[]): Promise<void> => {
    const isTried = isTimed && secondsPerWork === undefined;
    const plan = await labellingPlan(teacher, data, { signals, isTimed: isTried, seconds });
    const { rows, unanswered } = plan;
    const work = (sum(workByBatch(data, allRows(data.size))) * unanswered) / Math.max(1, rows);
    if (isTried && plan.seconds !== undefined && work > 0) secondsPerWork = plan.seconds / work;
    const scaled = secondsPerWork === undefined ? undefined : secondsPerWork * work;
    const taken = plan.seconds ?? scaled;
    found.push({ data: data.name, ...plan, ...(taken !== undefined && { seconds: taken }) });
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

/** The starts of student and assistants, read once for all arms; untimed, nothing is made of them. */
function rememberedStarts({ student, assistants }: DistillOptions, isTimed: boolean, now: () => number) {
  let seconds = 0;
  const remembered = <T extends StudentStart>(start: T): T => {
    let weights: ReturnType<StudentStart['weights']> | undefined;
    const read = async (seed: number) => {
      const begun = now();
      const found = await start.weights(seed);
      seconds += (now() - begun) / 1000;
      return found;
    };
    const once = (seed: number) => {
      weights ??= read(seed);
      return weights;
    };
    return { ...start, weights: isTimed ? once : () => ({}) };
  };
  return {
    options: {
      student: remembered(student),
      ...(assistants && { assistants: assistants.map(remembered) }),
    },
    /** For one run: each of its networks starts from weights of its own. */
    seconds: ({ peers = 0 }: Pick<DistillOptions['method'], 'peers'>) => (1 + peers) * seconds,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function summed(
  arms: readonly ArmPlan[],
  labelling: readonly (AskingPlan & Pick<LabellingPlan, 'signals'>)[],
  given: {
    readonly teacher: DistillationPlan['teacher'];
    readonly parameters: number;
    readonly toDescribe: number;
    readonly longer: number;
    readonly kept: readonly string[];
    readonly shown: readonly string[];
  },
): DistillationPlan {
  const { teacher, parameters, toDescribe, longer, kept, shown } = given;
  const { runs: teacherRuns = 0 } = teacher ?? {};
  const most = (values: readonly number[]) => Math.max(0, ...values);
  const coming = arms.filter(({ runs }) => runs > 0);
  const isTimed = coming.some(({ seconds }) => seconds !== undefined);
  const stages = coming.flatMap((arm) => arm.stages);
  const kinds = [...(teacher ? [teacher] : []), ...stages];
  const models = coming.filter(({ name }) => kept.includes(name)).flatMap((arm) => arm.stages);
  const disk = {
    modelBytes: teacherRuns * (teacher?.disk.modelBytes ?? 0) + sum(models.map((stage) => stage.disk.modelBytes)),
    answerBytes: sum(labelling.map(({ bytes }) => bytes)),
    logBytes: sum(coming.map((arm) => arm.runs * sum(arm.stages.map((stage) => stage.disk.logBytes)))) + REPORT_BYTES,
  };
  const underWay = most(kinds.map(({ disk: of }) => 2 * of.stateBytes + of.modelBytes));
  const costs = labelling.flatMap(({ cost }) => cost ?? []);
  return {
    parameters,
    ...(teacher && { teacher }),
    arms,
    runs: sum(coming.map(({ runs }) => runs)),
    steps: sum(coming.map(({ runs, steps }) => runs * steps)),
    labelling: labelling.map(({ signals: _signals, ...plan }) => plan),
    ...(isTimed && {
      seconds:
        teacherRuns * (teacher?.seconds ?? 0) +
        toDescribe +
        sum(labelling.map(({ seconds }) => seconds ?? 0)) +
        sum(coming.map((arm) => arm.runs * (arm.seconds ?? 0))) +
        sum(arms.filter(({ name }) => shown.includes(name)).map((arm) => secondsToScore(arm.stages, longer))),
      // Of fits nothing is measured.
      ...(kinds.some(({ peakRssBytes }) => peakRssBytes !== undefined) && {
        peakRssBytes: most(kinds.map(({ peakRssBytes }) => peakRssBytes ?? 0)),
      }),
    }),
    disk: { ...disk, mostBytes: disk.modelBytes + disk.answerBytes + disk.logBytes + underWay },
    ...(costs.length > 0 && { cost: sum(costs) }),
  };
}

/** Fewer take no longer than timing them. */
const WORTH_STEPS = 200;

/** Whether timing takes little beside what is planned. */
export function isWorthTiming({ steps, teacher }: Pick<DistillationPlan, 'steps' | 'teacher'>): boolean {
  return steps + (teacher === undefined ? 0 : teacher.runs * teacher.steps) >= WORTH_STEPS;
}
