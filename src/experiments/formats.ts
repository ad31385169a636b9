/** What the files of an experiment say of themselves. A change that older versions cannot read raises the number. */
export const RESULTS_FORMAT = { name: 'retort-results', version: 3 } as const;
export const RECORD_FORMAT = { name: 'retort-experiment', version: 2 } as const;
