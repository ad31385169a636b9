/** What the files of a run say of themselves. A change that older versions cannot read raises the number. */
export const STATE_FORMAT = { name: 'retort-state', version: 2 } as const;
export const RUN_FORMAT = { name: 'retort-run', version: 2 } as const;
/** From this version on, a record has a checksum of its own. */
export const SEALED_RUN_VERSION = 2;
