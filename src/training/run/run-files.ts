/** @file What a run writes into its output folder. `files/output-folder.ts` knows these names too. */

/** The model after the last step, a folder. */
export const LAST = 'last.ckpt';
/** All that is needed to go on, a folder; there while the run is not finished. */
export const RESUME = 'resume';
/** The run's record; its being there is what makes a run finished. */
export const METRICS_FILE = 'metrics.json';
export const LOG = 'log.jsonl';
