/** @file What a run writes into its output folder. `files/output-folder.ts` knows these names too. */

/** The model after the last step, a folder. */
export const LAST = 'last.ckpt';
/** All that is needed to go on, a folder; there while the run is not finished. */
export const RESUME = 'resume';
/** The run's record; its being there is what makes a run finished. */
export const METRICS_FILE = 'metrics.json';
export const LOG = 'log.jsonl';

/** What the files of a run say of themselves. A change that older versions cannot read raises the number. */
export const STATE_FORMAT = { name: 'retort-state', version: 2 } as const;
export const RUN_FORMAT = { name: 'retort-run', version: 3 } as const;
/** What a run of steps without a test split has: nothing that older versions cannot read. */
export const STEPS_RUN_VERSION = 2;
/** From this version on, a record has a checksum of its own. */
export const SEALED_RUN_VERSION = 2;
