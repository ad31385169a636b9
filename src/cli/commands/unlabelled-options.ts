import { COLUMN_SETTINGS, ROW_SETTINGS } from '../../data/task-settings.js';
import { takenBy } from '../../options/setting.js';
import type { OptionTable } from '../options.js';

/** Flags of commands that read texts without labels; apart from the reading, which `--help` should not load. */
export const unlabelledOptions = {
  dataDir: ROW_SETTINGS.dataDir,
  rows: { ...ROW_SETTINGS.rows, help: 'use so many rows only, drawn by --data_seed' },
  dataSeed: { ...ROW_SETTINGS.dataSeed, help: 'draws --rows' },
  badRows: ROW_SETTINGS.badRows,
  ...takenBy(COLUMN_SETTINGS, 'pretrain'),
} as const satisfies OptionTable;
