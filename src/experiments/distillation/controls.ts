import type { Method } from '../../methods/method.js';

/** What a method has to beat, in the order in which they run. */
export const CONTROLS = ['no-teacher', 'hard-labels', 'shuffled-teacher', 'label-smoothing'] as const;
export type Control = (typeof CONTROLS)[number];
/** Unless an experiment says something else. */
export const DEFAULT_CONTROLS: readonly Control[] = ['no-teacher', 'hard-labels', 'shuffled-teacher'];

/** In their place: the method's arm alone, so that nothing is compared. */
export const NO_CONTROLS = 'none';

/** Those that a regression does not have: nothing is between the classes of one score. */
export const CONTROLS_OF_CLASSES: readonly Control[] = ['hard-labels', 'label-smoothing'];

/**
 * The controls that a model of so many classes has, in their order, and those that are left out. Of a method that asks no
 * teacher, another teacher's answers make no other arm.
 */
export function definedControls(
  wanted: readonly Control[],
  classes: number,
  { needs }: Pick<Method, 'needs'>,
): { readonly controls: readonly Control[]; readonly leftOut: readonly Control[] } {
  const given = CONTROLS.filter(
    (name) => wanted.includes(name) && !(needs.length === 0 && name === 'shuffled-teacher'),
  );
  const leftOut = classes === 1 ? given.filter((name) => CONTROLS_OF_CLASSES.includes(name)) : [];
  return { controls: given.filter((name) => !leftOut.includes(name)), leftOut };
}
