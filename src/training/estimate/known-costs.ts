/** @file What runs cost, measured once for all that are alike, in a time that is shared out among the kinds. */
import type { Method } from '../../methods/method.js';
import { isKeptSignal } from '../../teachers/model-teacher.js';
import { hasViews } from '../checks/view-checks.js';
import { teacherForm } from '../run/checked-run.js';
import type { RunOptions } from '../run/run-options.js';
import { type MeasureOptions, measureRun, type RunCosts } from './measure-run.js';

/** Measures a run; a test gives another. */
export type Measure = (run: RunOptions, options: MeasureOptions) => Promise<RunCosts>;

export type KnownCosts = {
  /** Says that a run is going to be asked for: each kind has its share of the time. */
  expect(run: RunOptions): void;
  of(run: RunOptions): Promise<RunCosts>;
  /** Of the time, in seconds. */
  left(): number;
};

export type KnownCostsOptions = {
  /** For all kinds together, but for the least that each needs. */
  readonly seconds: number;
  /** Default: `measureRun`. */
  readonly measure?: Measure | undefined;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
};

export function knownCosts(options: KnownCostsOptions): KnownCosts {
  const { seconds, measure = measureRun, now = () => performance.now() } = options;
  const begun = now();
  const kinds: { readonly parts: readonly unknown[]; costs?: Promise<RunCosts> }[] = [];
  const left = () => Math.max(0, seconds - (now() - begun) / 1000);
  const kindOf = (run: RunOptions) => {
    const parts = partsOf(run);
    const known = kinds.find((kind) => kind.parts.every((part, i) => part === parts[i]));
    if (known !== undefined) return known;
    const added: (typeof kinds)[number] = { parts };
    kinds.push(added);
    return added;
  };
  return {
    // Of a fit nothing is measured.
    expect: (run) => void (run.fit ?? kindOf(run)),
    of: (run) => {
      const kind = kindOf(run);
      const open = kinds.filter(({ costs }) => costs === undefined).length;
      kind.costs ??= measure(run, { seconds: left() / Math.max(1, open), now });
      return kind.costs;
    },
    left,
  };
}

/** Of the whole call of a plan, on two cores that do nothing else; the least that timing needs may take more. */
const PLAN_SECONDS = 3.3;
/** However long reading took. */
const LEAST_SECONDS = 0.5;

/** What a plan may spend on timing. @param toPrepare seconds that reading data and models took */
export function timingSeconds(toPrepare: number): number {
  return Math.max(LEAST_SECONDS, PLAN_SECONDS - toPrepare);
}

/** What decides how long a step on so many tokens takes. */
function partsOf(run: RunOptions): readonly unknown[] {
  const { model, method, teacher, perturbation, openStep, gradientAccumulationSteps = 1, optimizer } = run;
  const isTraced = teacher !== undefined && teacherForm(run) === 'traced';
  const isPlain = !isTraced && perturbation === undefined && isLogitsAlone(method);
  return [
    ...[model, optimizer.name, openStep, gradientAccumulationSteps],
    isTraced ? teacher.traced?.model : undefined,
    isPlain ? 'plain' : `${method.name} ${JSON.stringify(method.options)}`,
    perturbation,
  ];
}

/** What a loss makes of logits that are there is nothing beside the student's step. */
function isLogitsAlone(method: Method): boolean {
  const { needs, peers = 0, parameters } = method;
  return needs.every(isKeptSignal) && peers === 0 && parameters === undefined && !hasViews(method);
}
