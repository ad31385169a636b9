import type { OptionTable } from '../options.js';
import { badRowsOption, columnOptions } from '../shared-options.js';

/** Flags of commands that read texts without labels; apart from the reading, which `--help` should not load. */
export const unlabelledOptions = {
  dataDir: {
    kind: 'text',
    placeholder: 'folder',
    group: 'Data',
    help: 'where data sets by name lie [default: what the variable RETORT_DATA says]',
  },
  rows: { kind: 'integer', min: 1, group: 'Data', help: 'use so many rows only, drawn by --data_seed' },
  dataSeed: { kind: 'integer', default: 1, min: 0, max: 2 ** 32 - 1, group: 'Data', help: 'draws --rows' },
  ...badRowsOption,
  textColumn: columnOptions.textColumn,
  pairColumn: columnOptions.pairColumn,
} as const satisfies OptionTable;
