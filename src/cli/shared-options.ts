import type { OptionTable } from './options.js';

/** Flags that mean the same in every command that has them. */

export const messageOptions = {
  json: { kind: 'switch', group: 'Output', help: 'print the result as one JSON object on stdout' },
  quiet: { kind: 'switch', group: 'Output', help: 'no progress and no notices, only the result and errors' },
} as const satisfies OptionTable;
