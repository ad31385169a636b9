/** @file The arms of a distillation: the method, and what it has to beat. */
import { asJson } from '../../files/fingerprint.js';
import { hardLabels } from '../../methods/hard-labels.js';
import type { Method } from '../../methods/method.js';
import { supervised } from '../../methods/supervised.js';
import type { Arm } from '../arm-run.js';
import type { Control } from './controls.js';

export type DistillationArm = Arm & {
  /** For the report. */
  readonly description: string;
  /** `method`: by the method of the experiment; else by one of our own. */
  readonly learns: 'method' | Control;
};

/** What the arm of label smoothing spreads over all classes, as Vaswani et al. 2017 and many since. */
const SMOOTHING = 0.1;

const DESCRIPTIONS: Readonly<Record<Control, string>> = {
  'no-teacher': 'labels alone, the same training',
  'hard-labels': "the teacher's predicted class for each row",
  'shuffled-teacher': "the teacher's outputs for other rows of the same class",
  'label-smoothing': `labels, ${100 * SMOOTHING} % spread over all classes`,
};

/** Where a regression has others. */
const SCORE_DESCRIPTIONS: Readonly<Partial<Record<Control, string>>> = {
  'no-teacher': 'scores alone, the same training',
  'shuffled-teacher': "the teacher's outputs for other rows of about the same score",
};

export function methodArm({ name, options }: Method): DistillationArm {
  return { name, learns: 'method', description: 'the teacher, by the method', options: asJson(options) };
}

/** @param classes of the student; 1 for a regression */
export function controlArm(name: Control, classes: number): DistillationArm {
  const description = (classes === 1 ? SCORE_DESCRIPTIONS[name] : undefined) ?? DESCRIPTIONS[name];
  return { name, learns: name, description };
}

/** What an arm learns by, and whether the teacher answers it. */
export function armMethod(
  { learns }: DistillationArm,
  method: Method,
): { readonly method: Method; readonly hasTeacher: boolean } {
  const asked = { method, hasTeacher: method.needs.length > 0 };
  const ways: Readonly<Record<DistillationArm['learns'], typeof asked>> = {
    method: asked,
    'shuffled-teacher': asked,
    'hard-labels': { method: hardLabels(), hasTeacher: true },
    'no-teacher': { method: supervised(), hasTeacher: false },
    'label-smoothing': { method: supervised({ labelSmoothing: SMOOTHING }), hasTeacher: false },
  };
  return ways[learns];
}

/** What a student may learn from that is to be used, the cheapest first. That of a shuffled teacher is there to be beaten. */
const SHIPPABLE: readonly DistillationArm['learns'][] = ['no-teacher', 'label-smoothing', 'hard-labels', 'method'];

export function shippableArms(arms: readonly DistillationArm[]): DistillationArm[] {
  return SHIPPABLE.flatMap((learns) => arms.filter((arm) => arm.learns === learns));
}
