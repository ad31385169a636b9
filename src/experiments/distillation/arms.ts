/** @file The arms of a distillation: the method, and what it has to beat. */
import { asJson } from '../../files/fingerprint.js';
import { hardLabels } from '../../methods/hard-labels.js';
import type { Method } from '../../methods/method.js';
import { supervised } from '../../methods/supervised.js';
import type { Arm } from '../arm-run.js';
import { CONTROL_ENTRIES, type Control, SMOOTHING } from './controls.js';

export type DistillationArm = Arm & {
  /** For the report. */
  readonly description: string;
  /** `method`: by the method of the experiment; else by one of our own. */
  readonly learns: 'method' | Control;
};

export function methodArm({ name, options }: Method): DistillationArm {
  return { name, learns: 'method', description: 'the teacher, by the method', options: asJson(options) };
}

/** @param classes of the student; 1 for a regression */
export function controlArm(name: Control, classes: number): DistillationArm {
  const { description, ofScores = description } = CONTROL_ENTRIES[name];
  return { name, learns: name, description: classes === 1 ? ofScores : description };
}

/** Whether an arm is a model of its own, which is no student and takes no steps. */
export function isBaseline({ learns }: Pick<DistillationArm, 'learns'>): boolean {
  return learns !== 'method' && CONTROL_ENTRIES[learns].isBaseline === true;
}

/** What an arm learns by, and whether the teacher answers it. A baseline learns by the labels. */
export function armMethod(
  { learns }: DistillationArm,
  method: Method,
): { readonly method: Method; readonly hasTeacher: boolean } {
  const asked = { method, hasTeacher: method.needs.length > 0 };
  const labels = { method: supervised(), hasTeacher: false };
  const ways: Readonly<Record<DistillationArm['learns'], typeof asked>> = {
    method: asked,
    'shuffled-teacher': asked,
    'hard-labels': { method: hardLabels(), hasTeacher: true },
    'no-teacher': labels,
    linear: labels,
    'label-smoothing': { method: supervised({ labelSmoothing: SMOOTHING }), hasTeacher: false },
  };
  return ways[learns];
}

/** What may be shipped, the cheapest to make and to run first. */
const BY_COST: readonly DistillationArm['learns'][] = [
  'linear',
  'no-teacher',
  'label-smoothing',
  'hard-labels',
  'method',
];

/** Arms whose students may be used. That of a shuffled teacher is there to be beaten. */
export function shippableArms(arms: readonly DistillationArm[]): DistillationArm[] {
  return BY_COST.flatMap((learns) => arms.filter((arm) => arm.learns === learns));
}
