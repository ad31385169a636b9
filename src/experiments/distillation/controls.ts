/** What a method has to beat, in the order in which they run. */
export const CONTROLS = ['no-teacher', 'hard-labels', 'shuffled-teacher', 'label-smoothing'] as const;
export type Control = (typeof CONTROLS)[number];
