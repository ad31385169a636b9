export type { Portion } from '../training/batch-limits.js';
export type { EarlyStopping } from '../training/early-stopping.js';
export {
  type Evaluation,
  type Evaluator,
  type EvaluatorOptions,
  openEvaluator,
  type Predictions,
} from '../training/evaluate.js';
export type { TrainingEvent } from '../training/events.js';
export type { KeptModel, Monitor } from '../training/kept-models.js';
export { METRICS, type Metric, type MetricName, type Scored } from '../training/metrics.js';
export { type RunOptions, type RunResult, runTraining } from '../training/run.js';
export { type EpochRecord, type RunRecord, readRunRecord } from '../training/run-record.js';
