/**
 * The package entry `retort-ml`. This file and `entries/` are the only places that re-export; each public area has
 * its own subpath (`retort-ml/tensor` is `entries/tensor.ts`).
 */
export {
  CheckpointError,
  DeviceError,
  DivergedError,
  DtypeError,
  FileError,
  InterruptedError,
  OptionError,
  OutputError,
  ShapeError,
  SignalError,
} from './errors/failures.js';
export { type ErrorDetails, type ExitCode, RetortError } from './errors/retort-error.js';
export {
  type DistilledTexts,
  distillTexts as distill,
  planTexts as planDistill,
  type TextsPlan,
} from './experiments/distillation/distill-texts.js';
export type {
  DistillTextsEvent,
  DistillTextsOptions,
  TextStudent,
} from './experiments/distillation/distill-texts-options.js';
export type { TrainingEvent } from './training/run/events.js';
export { runTraining } from './training/run/run.js';
export type { RunOptions, RunResult } from './training/run/run-options.js';
export type { RunRecord } from './training/run/run-record.js';
export { type FineTuned, type FineTuneOptions, fineTune } from './training/text/fine-tune.js';
export type { TextSettings } from './training/text/text-settings.js';
