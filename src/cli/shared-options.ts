import type { OptionTable } from './options.js';

/** Flags that mean the same in every command that has them. */

export const messageOptions = {
  json: { kind: 'switch', group: 'Output', help: 'print the result as one JSON object on stdout' },
  quiet: { kind: 'switch', group: 'Output', help: 'no progress and no notices, only the result and errors' },
} as const satisfies OptionTable;

export const computeOptions = {
  threads: {
    kind: 'integer',
    min: 1,
    max: 1024,
    group: 'Machine',
    help: 'CPU threads; sums may round otherwise with another number [default: the physical cores]',
  },
  device: { kind: 'text', placeholder: 'name', default: 'cpu', group: 'Machine', help: 'where the sessions run' },
} as const satisfies OptionTable;

export const runOptions = {
  seed: {
    kind: 'integer',
    default: 42,
    min: 0,
    max: 2 ** 32 - 1,
    group: 'Training',
    help: 'the same seed gives the same bytes',
  },
  resume: { kind: 'switch', group: 'Output', help: 'go on where an interrupted run stopped, or start' },
  overwrite: {
    kind: 'switch',
    conflictsWith: 'resume',
    group: 'Output',
    help: 'replace what an earlier run left in the output folder',
  },
} as const satisfies OptionTable;

/** Where the columns of a file of texts are. */
export const columnOptions = {
  textColumn: {
    kind: 'text',
    placeholder: 'name',
    aliases: ['text'],
    group: 'Texts',
    help: 'column of the texts, --text for short [default: text]',
  },
  pairColumn: {
    kind: 'text',
    placeholder: 'name',
    aliases: ['pair'],
    group: 'Texts',
    help: 'column of second texts, --pair for short',
  },
  labelColumn: {
    kind: 'text',
    placeholder: 'name',
    aliases: ['label'],
    group: 'Texts',
    help: 'column of the labels, names or numbers from 0, --label for short [default: label]',
  },
} as const satisfies OptionTable;

/** Of files with rows. */
export const badRowsOption = {
  badRows: {
    kind: 'choice',
    choices: ['stop', 'skip'],
    default: 'stop',
    group: 'Data',
    help: 'what to do about a row that cannot be read: stop and name it, or leave it out and count it',
  },
} as const satisfies OptionTable;
