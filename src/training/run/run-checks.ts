import type { Subjects } from '../checks/check.js';
import { expectNoWarning } from '../checks/strict.js';
import { findWarnings, type Warning } from '../checks/table.js';
import { openTermMeter, type TermMeter, type TermMeterOptions } from '../checks/term-norms.js';
import { addNorms, distillationShare, NO_TERMS, type TermSums } from '../checks/term-sums.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { StepInput, TrainingStep } from '../step/step.js';
import type { StepTeacher } from '../step/trace-step.js';
import type { TrainingEvent } from './events.js';
import type { PreparedRun } from './prepare-run.js';
import type { RunLog } from './run-log.js';
import type { Position } from './train.js';

/** What the checks of a run have found so far: part of its state. */
export type CheckState = { readonly warnings: readonly Warning[]; readonly terms: TermSums };

const NO_CHECKS: CheckState = { warnings: [], terms: NO_TERMS };

/** Steps between two looks at the gradients, which then take about a hundredth of the time. */
export const STEPS_BETWEEN = 300;
/** A step of rows that are not texts takes less than a thousandth of a second: opening a graph beside it takes fifty. */
const LEAST_TINY_STEPS = 3000;

export type RunChecks = {
  /** Before the first step of a run. */
  begin(first: StepInput): Promise<void>;
  /** At an epoch's end, before the evaluation. @param last what its last step read. */
  endSteps(at: Position, last: StepInput): Promise<void>;
  /**
   * @param before the metrics after each epoch before
   * @throws CheckError of a strict run that found something.
   */
  seeEvaluation(at: Position, evaluation: Evaluation, before: readonly Evaluation['metrics'][], isLast: boolean): void;
  state(): CheckState;
  release(): Promise<void>;
};

export type RunCheckOptions = {
  readonly run: PreparedRun;
  readonly step: TrainingStep;
  readonly teacher: StepTeacher | undefined;
  /** Found before. */
  readonly warnings: readonly Warning[];
  /** Where an interrupted run stood. */
  readonly saved: CheckState | undefined;
  readonly log: RunLog;
  readonly seconds: () => number;
  readonly emit: (event: TrainingEvent) => void;
};

/** Opens what measures a run's gradients, and tells what was found before. */
export async function openRunChecks(given: RunCheckOptions): Promise<RunChecks> {
  const { run, step, warnings, saved = NO_CHECKS, log, seconds, emit } = given;
  const { options, plan, evaluation } = run;
  let { warnings: found, terms } = saved;
  const told = new Set<string>();
  const tell = (warning: Warning): void => {
    if (told.has(warning.text)) return;
    told.add(warning.text);
    if (!found.some(({ text }) => text === warning.text)) {
      found = [...found, warning];
      log.write({ type: 'warning', ...warning, seconds: seconds() });
    }
    emit({ type: 'warning', ...warning });
    if (options.strict) expectNoWarning([warning]);
  };
  /** Tells what a check finds for the first time. */
  const see = (subjects: Partial<Subjects>): void => {
    const known = new Set(found.map(({ name }) => name));
    for (const warning of findWarnings(subjects)) if (!known.has(warning.name)) tell(warning);
  };
  const meter = await termMeter(given);
  const measure = async (input: StepInput, at: { readonly step: number; readonly epoch: number }): Promise<void> => {
    const norms = await meter?.measure(step.state(), input);
    if (norms === undefined) return;
    terms = addNorms(terms, norms);
    const event = { type: 'terms', ...at, ...norms, distillationShare: distillationShare(norms) } as const;
    log.write({ ...event, seconds: seconds() });
    emit(event);
    see({ gradients: terms });
  };
  for (const warning of warnings) tell(warning);
  return {
    begin: (first) => measure(first, { step: 0, epoch: 1 }),
    endSteps: async ({ step: done, cursor: { epoch } }, last) => {
      const before = epoch * plan.stepsPerEpoch;
      const isDue = epoch === 0 || Math.floor(done / STEPS_BETWEEN) > Math.floor(before / STEPS_BETWEEN);
      if (isDue) await measure(last, { step: done, epoch: epoch + 1 });
    },
    seeEvaluation: ({ cursor }, { answered, metrics, rows }, before, isLast) => {
      // What another evaluator measures is its own affair.
      if (evaluation === undefined || run.options.openEvaluator !== undefined) return;
      // After the first epoch of several it may just have begun to learn.
      if (cursor.epoch === 0 && !isLast) return;
      const { name: data, labelNames } = evaluation.data;
      const at = { epoch: cursor.epoch + 1, data, labelNames };
      see({
        ...(answered && { epoch: { ...answered, ...at } }),
        ...(isLast && { end: { ...at, counts: answered, metrics: [...before, metrics], rows } }),
      });
    },
    state: () => ({ warnings: found, terms }),
    release: async () => meter?.release(),
  };
}

async function termMeter({ run, teacher }: RunCheckOptions): Promise<TermMeter | undefined> {
  const options = meterOptions(run, teacher);
  return options && openTermMeter(options);
}

/** Undefined where looking would take long for what it tells, or where somebody else opens the steps, of what nobody knows. */
export function meterOptions(
  { options, stepModel, plan }: Pick<PreparedRun, 'options' | 'stepModel' | 'plan'>,
  teacher: StepTeacher | undefined,
): TermMeterOptions | undefined {
  const { method, perturbation, seed, threads, device, openStep } = options;
  if (openStep !== undefined || (plan.text === undefined && plan.totalSteps < LEAST_TINY_STEPS)) return undefined;
  return {
    model: stepModel,
    method,
    teacher,
    teacherWeights: options.teacher?.traced?.weights,
    dims: plan.text === undefined ? { B: 'B' } : { B: 'B', S: 'S' },
    inputDtypes: perturbation?.dtypes,
    seed,
    threads,
    device,
  };
}
