export type { Portion } from '../training/batch-limits.js';
export type { CompiledStepOptions } from '../training/compiled-step.js';
export type { EarlyStopping } from '../training/early-stopping.js';
export {
  type Evaluation,
  type Evaluator,
  type EvaluatorOptions,
  openEvaluator,
  type Predictions,
} from '../training/evaluate.js';
export type { TrainingEvent } from '../training/events.js';
export { type HostStepOptions, openHostStep } from '../training/host-step.js';
export { openInGraphStep } from '../training/in-graph-step.js';
export type { KeptModel, Monitor } from '../training/kept-models.js';
export { METRICS, type Metric, type MetricName, type Scored } from '../training/metrics.js';
export { type RunOptions, type RunResult, runTraining } from '../training/run.js';
export { type EpochRecord, type RunRecord, readRunRecord } from '../training/run-record.js';
export type { StepInput, StepResult, TrainingStep } from '../training/step.js';
export type { StepTeacher } from '../training/trace-step.js';
