/** @file The control arms of a distillation: what a method has to beat, and what of each the experiment has to know. */
import type { Method } from '../../methods/method.js';

type ControlEntry = {
  /** What its student learns from, for the report. */
  readonly description: string;
  /** In a regression's words, where those are others. */
  readonly ofScores?: string;
  /** Whether it needs classes, which a regression does not have: nothing is between the classes of one score. */
  readonly needsClasses?: true;
  /** Whether it learns from labels, or scores, and so needs rows that have some. */
  readonly needsLabels?: true;
  /** Whether it needs a teacher that the method asks: of a method without one it makes no other arm. */
  readonly needsTeacher?: true;
  /** Whether it is a model of its own, on features of texts, and not the student with other targets. */
  readonly isBaseline?: true;
};

/** The share that the arm of label smoothing spreads over all classes, as Vaswani et al. 2017 and many since. */
export const SMOOTHING = 0.1;

/** In the order in which they run. */
const ENTRIES = {
  'no-teacher': {
    description: 'labels alone, the same training',
    ofScores: 'scores alone, the same training',
    needsLabels: true,
  },
  linear: {
    description: 'a linear model on TF-IDF of n-grams, on the labels',
    ofScores: 'a linear model on TF-IDF of n-grams, on the scores',
    isBaseline: true,
    needsLabels: true,
  },
  'hard-labels': { description: "the teacher's predicted class for each row", needsClasses: true },
  'shuffled-teacher': {
    description: "the teacher's outputs for other rows of the same class",
    ofScores: "the teacher's outputs for other rows of about the same score",
    needsTeacher: true,
  },
  'label-smoothing': {
    description: `labels, ${100 * SMOOTHING} % spread over all classes`,
    needsClasses: true,
    needsLabels: true,
  },
} as const satisfies Readonly<Record<string, ControlEntry>>;

export type Control = keyof typeof ENTRIES;
export const CONTROL_ENTRIES: Readonly<Record<Control, ControlEntry>> = ENTRIES;

/** What a method has to beat, in the order in which they run. */
export const CONTROLS = Object.keys(ENTRIES) as readonly Control[]; // the keys of the type
/** Unless an experiment says something else. */
export const DEFAULT_CONTROLS: readonly Control[] = ['no-teacher', 'linear', 'hard-labels', 'shuffled-teacher'];

/** In their place: the method's arm alone, so that nothing is compared. */
export const NO_CONTROLS = 'none';

/** Those that a regression does not have. */
export const CONTROLS_OF_CLASSES: readonly Control[] = CONTROLS.filter((name) => CONTROL_ENTRIES[name].needsClasses);

/** The linear model that any student of texts has to beat. */
export const BASELINE = 'linear' satisfies Control;

type Experiment = {
  /** Of the student; 1 for a regression. */
  readonly classes: number;
  readonly method: Pick<Method, 'needs'>;
  /** Whether its rows are texts. */
  readonly isOfTexts: boolean;
  /** Whether a training row has a label, or a score. */
  readonly isLabelled: boolean;
};

/** Controls that an experiment does not have, and what they would need. */
export type LeftOut = { readonly controls: readonly Control[]; readonly needs: string };

/**
 * The controls that an experiment has, in their order, and those that are left out for want of classes or of labels. What
 * makes no arm there, another teacher's outputs for a method that asks none, n-grams of rows that are no texts, is left out
 * in silence.
 */
export function definedControls(
  wanted: readonly Control[],
  { classes, method, isOfTexts, isLabelled }: Experiment,
): { readonly controls: readonly Control[]; readonly leftOut: readonly LeftOut[] } {
  const given = CONTROLS.filter((name) => {
    const { needsTeacher = false, isBaseline = false } = CONTROL_ENTRIES[name];
    return wanted.includes(name) && !(needsTeacher && method.needs.length === 0) && !(isBaseline && !isOfTexts);
  });
  const ofLabels = isLabelled ? [] : given.filter((name) => CONTROL_ENTRIES[name].needsLabels);
  const ofClasses =
    classes === 1 ? given.filter((name) => CONTROLS_OF_CLASSES.includes(name) && !ofLabels.includes(name)) : [];
  const leftOut: readonly LeftOut[] = [
    { controls: ofLabels, needs: 'labels, and no training row has one' },
    { controls: ofClasses, needs: 'classes, and this is a regression' },
  ];
  return {
    controls: given.filter((name) => !leftOut.some(({ controls }) => controls.includes(name))),
    leftOut: leftOut.filter(({ controls }) => controls.length > 0),
  };
}
