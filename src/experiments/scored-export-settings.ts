/** @file What an export is scored on before it is written, as settings. */
import { SPLITS } from '../data/text-task.js';

/** Points that a precision may lose. */
export const MAX_DROP = 0.5;

export const SCORED_EXPORT_SETTINGS = {
  data: {
    kind: 'text',
    placeholder: 'rows',
    group: 'Precision',
    help: 'rows with labels on which each precision is scored beside float32, a set by name or a file',
    defaultSays: 'none: other precisions are marked unscored',
  },
  dataDir: { kind: 'text', placeholder: 'folder', group: 'Precision', help: 'folder of data sets by name' },
  split: {
    kind: 'choice',
    choices: SPLITS,
    group: 'Precision',
    help: 'split of a data set by name, or of a file with a column of splits',
    defaultSays: 'dev',
  },
  calibrate: {
    kind: 'text',
    placeholder: 'rows',
    group: 'Precision',
    help: 'training texts for fixed ranges of an encoder in int8, a set by name or a file',
    defaultSays: 'a scale a token',
  },
  maxDrop: {
    kind: 'number',
    min: 0,
    group: 'Precision',
    help: 'points that a precision may lose beyond the standard error, else nothing is written',
    defaultSays: String(MAX_DROP),
  },
  keep: {
    kind: 'text',
    placeholder: 'layers',
    group: 'Precision',
    help: 'layers that stay in float32, by names or beginnings of them, separated by commas',
  },
} as const;
