/** @file Settings of everything that is trained: where it runs, what it writes, what becomes of what is there. */
import type { SettingTable } from './setting.js';

/** Where sessions run. */
export type ComputeSettings = {
  /** CPU threads; sums of a training step may round otherwise with another number. Default: the physical cores, `OMP_NUM_THREADS` at most. */
  readonly threads?: number;
  /** Default: `cpu`. */
  readonly device?: string;
};

export const COMPUTE_SETTINGS = {
  threads: {
    kind: 'integer',
    min: 1,
    max: 1024,
    group: 'Machine',
    help: 'CPU threads; another number may change the rounding of sums',
    defaultSays: 'the physical cores, OMP_NUM_THREADS at most',
    ofEveryModel: true,
  },
  device: {
    kind: 'text',
    placeholder: 'name',
    default: 'cpu',
    group: 'Machine',
    help: "device of ONNX Runtime's sessions",
    ofEveryModel: true,
    decidesNothing: 'a name; the same numbers are promised on one machine',
  },
} as const satisfies SettingTable<ComputeSettings>;

export type OutputSettings = {
  /** The folder of checkpoints, log and metrics. */
  readonly outputDir?: string;
  /** Go on with an interrupted run, or start if there is none. */
  readonly resume?: boolean;
  /** Replace what an earlier run wrote. */
  readonly overwrite?: boolean;
};

export const OUTPUT_SETTINGS = {
  outputDir: {
    kind: 'text',
    placeholder: 'folder',
    group: 'Output',
    help: 'checkpoints, log and metrics',
    defaultSays: 'outputs/NAME of the data',
    yaml: { section: 'output', key: 'output', place: 'path' },
    decidesNothing: 'a path',
  },
  resume: {
    kind: 'switch',
    group: 'Output',
    help: 'continue an interrupted run from its saved state, or start',
    yaml: 'flag alone',
    decidesNothing: 'what becomes of what is there',
  },
  overwrite: {
    kind: 'switch',
    conflictsWith: 'resume',
    group: 'Output',
    help: 'replace what an earlier run left in the output folder',
    yaml: 'flag alone',
    decidesNothing: 'what becomes of what is there',
  },
} as const satisfies SettingTable<OutputSettings>;

export type RunSettings = {
  /** Of weights that are drawn, of order and of dropout: the same seed gives the same bytes. */
  readonly seed?: number;
  /** Models kept for their value of the monitored metric: so many of the best; -1 for all. */
  readonly saveTopK?: number;
  /** Whether a warning is an error: before any work where it can be known then. Default: false. */
  readonly strict?: boolean;
};

export const RUN_SETTINGS = {
  seed: {
    kind: 'integer',
    default: 42,
    min: 0,
    max: 2 ** 32 - 1,
    group: 'Training',
    only: ['train', 'pretrain'],
    help: 'random seed; the same seed gives the same bytes',
  },
  saveTopK: {
    kind: 'integer',
    default: 1,
    min: -1,
    group: 'Output',
    only: ['train'],
    help: 'number of best models to keep beside the last one; 0 = none, -1 = all',
    decidesNothing: 'what is kept',
  },
  strict: {
    kind: 'switch',
    group: 'Output',
    only: ['train', 'distill'],
    help: 'turn warnings (truncation, duplicates, label-order and so on) into errors',
    ofEveryModel: true,
    decidesNothing: 'whether a warning ends it',
  },
} as const satisfies SettingTable<RunSettings>;
