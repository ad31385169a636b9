/** @file Several teachers as one: the mean of what they say. */

import type { Dataset } from '../data/dataset.js';
import { OptionError, SignalError } from '../errors/failures.js';
import { jsonHash } from '../files/json-hash.js';
import type { SignalName } from '../models/model.js';
import { logMeanExp, logSoftmax } from '../tensor/logits.js';
import { alignLabels } from './align-labels.js';
import { answersInMemory, openTeacher, readsOf, usualSignals } from './answers.js';
import { labellingPlan } from './labelling-plan.js';
import type { LabellingPlan, OpenTeacher, PlanRequest, RowValues, Teacher } from './teacher.js';

export type EnsembleOptions = {
  /**
   * The mean of the members' probabilities, as in MT-DNN-KD (Liu et al. 2019, arXiv:1904.09482), given as its logarithm;
   * or that of their logits, as TextBrewer has it. The two are different targets. Of a regression either is the mean
   * score. Default: probabilities.
   */
  readonly of?: 'probabilities' | 'logits';
  /** For messages. Default: the members' names. */
  readonly name?: string;
};

/**
 * A teacher that says the mean of what its members say; of a row of which some say nothing, that of the others. Members whose labels are in another order than the first's are
 * put into its order by their names.
 * @throws OptionError for no members; SignalError for one without logits, or with other labels.
 */
export function ensembleTeacher(members: readonly Teacher[], options: EnsembleOptions = {}): Teacher {
  const { of = 'probabilities' } = options;
  const [first] = members;
  if (first === undefined) throw new OptionError({ where: 'ensemble', wanted: 'teachers', got: 'none' });
  if (of !== 'probabilities' && of !== 'logits') {
    throw new OptionError({ where: 'ensemble, of', wanted: 'probabilities or logits', got: String(of) });
  }
  const { classes, labelNames } = first;
  const aligned = members.map((member) => {
    expectMember(member, first);
    return alignLabels(member, labelNames);
  });
  const remember = aligned.filter(({ remembers }) => remembers === true);
  const threads = aligned.flatMap((member) => member.threads ?? []);
  const limited = aligned.flatMap(({ known }) => known ?? []);
  const name = options.name ?? `ensemble of ${members.map((member) => member.name).join(', ')}`;
  const average = classes > 1 && of === 'probabilities' ? meanOfProbabilities : meanOfLogits;
  const onBadRow = aligned.find((member) => member.onBadRow !== undefined)?.onBadRow;
  const open = async (signals: readonly SignalName[]): Promise<OpenTeacher> => {
    const opened: OpenTeacher[] = [];
    const release = async () => {
      await Promise.all(opened.map((member) => member.release()));
    };
    try {
      expectLogitsOnly(signals, name);
      for (const member of aligned) opened.push(await openTeacher(member, signals));
    } catch (error) {
      await release();
      throw error;
    }
    return {
      signals: usualSignals(first),
      // One after the other: each uses all cores.
      answer: async (data, rows) => {
        const said: Float32Array[] = [];
        for (const [i, member] of opened.entries()) {
          const given = await member.answer(data, rows);
          said.push(wholeLogits(given, classes, aligned[i] as Teacher));
        }
        const logits = new Float32Array(rows.length * classes);
        for (let start = 0; start < logits.length; start += classes) {
          const ofRow = said.map((values) => values.subarray(start, start + classes));
          const telling = ofRow.filter(([first]) => !Number.isNaN(first));
          logits.set(telling.length === 0 ? (ofRow[0] as Float32Array) : average(telling, classes), start);
        }
        return { logits };
      },
      release,
    };
  };
  return {
    name,
    provides: ['logits'],
    classes,
    labelNames,
    contentHash: jsonHash(['ensemble', of, aligned.map((member) => member.contentHash)]),
    ...(threads.length > 0 && { threads }),
    reads: [...new Set(aligned.flatMap(readsOf))],
    ...(remember.length === aligned.length && { remembers: true }),
    ...(onBadRow && { onBadRow }),
    ...(limited.length > 0 && { known: (data) => Math.min(...limited.map((known) => known(data))) }),
    temperatures: aligned.some(({ temperatures }) => temperatures === 'one') ? 'one' : 'any',
    plan: (data, request) => ensemblePlan(aligned, data, request),
    open,
    // In one part for those that ask elsewhere: what all rows will cost is judged by the first.
    answer: (data, signals) =>
      answersInMemory(
        { name, open, ...(onBadRow && { onBadRow }) },
        data,
        signals,
        remember.length > 0 ? data.size : undefined,
      ),
  };
}

/** One after the other; what one of them does not know is not known of all. */
async function ensemblePlan(members: readonly Teacher[], data: Dataset, request: PlanRequest): Promise<LabellingPlan> {
  const plans: LabellingPlan[] = [];
  for (const member of members) plans.push(await labellingPlan(member, data, request));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const most = (values: readonly number[]) => Math.max(0, ...values);
  const seconds = plans.flatMap((plan) => plan.seconds ?? []);
  const costs = plans.flatMap((plan) => plan.cost ?? []);
  return {
    rows: most(plans.map(({ rows }) => rows)),
    unanswered: most(plans.map(({ unanswered }) => unanswered)),
    bytes: sum(plans.map(({ bytes }) => bytes)),
    ...(seconds.length === plans.length && { seconds: sum(seconds) }),
    ...(costs.length > 0 && { cost: sum(costs) }),
    signals: usualSignals(members[0] ?? { classes: 0 }),
  };
}

function expectMember(member: Teacher, first: Teacher): void {
  const where = `ensemble, teacher ${member.name}`;
  if (!member.provides.includes('logits')) {
    throw new SignalError({ where, wanted: 'logits', got: member.provides.join(', ') || 'no signals' });
  }
  if (member.classes === first.classes) return;
  throw new SignalError({
    where,
    wanted: `${first.classes} classes, as ${first.name} has`,
    got: `${member.classes}`,
    fix: 'use teachers with the same labels',
  });
}

/** @throws SignalError for what has no mean over models. */
export function expectLogitsOnly(signals: readonly SignalName[], name: string): void {
  const others = signals.filter((signal) => signal !== 'logits');
  if (others.length === 0) return;
  throw new SignalError({
    where: `teacher ${name}`,
    wanted: 'logits, the only signal that an ensemble averages',
    got: others.join(', '),
    fix: 'use one teacher for this method',
  });
}

/** NaN for rows of which it says nothing. */
function wholeLogits({ logits, remainder }: RowValues, classes: number, { name }: Teacher): Float32Array {
  const isOpen = (i: number) => (remainder?.[i] ?? 0) > 0;
  const isHole = (i: number) => {
    const start = i - (i % classes);
    return Array.from({ length: classes }, (_, c) => start + c).every(isOpen);
  };
  if (logits?.every((_, i) => !isOpen(i) || isHole(i))) {
    return logits.map((value, i) => (isOpen(i) ? Number.NaN : value));
  }
  throw new SignalError({
    where: `ensemble, teacher ${name}`,
    wanted: 'outputs for all classes',
    got: logits === undefined ? 'no logits' : 'its top classes and the mass of the rest',
    fix: 'leave that teacher out, or use it alone',
  });
}

/** log((1/K) Σ_k softmax(z_k)), each [B, C]. */
function meanOfProbabilities(members: readonly Float32Array[], classes: number): Float32Array {
  const logProbs = members.map((logits) => logSoftmax(logits, classes));
  return Float32Array.from(members[0] ?? [], (_, i) => logMeanExp(logProbs.map((member) => member[i] as number)));
}

function meanOfLogits(members: readonly Float32Array[]): Float32Array {
  return Float32Array.from(
    members[0] ?? [],
    (_, i) => members.reduce((sum, member) => sum + (member[i] as number), 0) / members.length,
  );
}
