export type { Portion } from '../training/batch-limits.js';
export { CHECKS, type CheckName, type Warning } from '../training/checks/warning.js';
export type { CompiledStepOptions } from '../training/compiled-step.js';
export type { EarlyStopping } from '../training/early-stopping.js';
export {
  type Evaluation,
  type Evaluator,
  type EvaluatorOptions,
  openEvaluator,
  type Predictions,
} from '../training/evaluate.js';
export { openTokenEvaluator } from '../training/evaluate-tokens.js';
export type { PhaseMark, TrainingEvent } from '../training/events.js';
export { type HostStepOptions, openHostStep } from '../training/host-step.js';
export { openInGraphStep } from '../training/in-graph-step.js';
export type { KeptModel, Monitor } from '../training/kept-models.js';
export { type MaskedLmOptions, maskedLmRun, trainMaskedLm } from '../training/masked-lm.js';
export { type MaskedLmEvaluatorOptions, openMaskedLmEvaluator } from '../training/masked-lm-evaluator.js';
export { METRICS, type Metric, type MetricName, type Scored } from '../training/metrics.js';
export { type Task, type TasksOptions, trainTasks } from '../training/multi-task-run.js';
export type { Assistant, AssistantTraining, PhasedRunOptions, StartingWeights } from '../training/phase-options.js';
export { runPhases } from '../training/phased-run.js';
export { type RunOptions, type RunResult, runTraining } from '../training/run.js';
export { type EpochRecord, type PhaseRecord, type RunRecord, readRunRecord } from '../training/run-record.js';
export type { StepInput, StepResult, TrainingStep } from '../training/step.js';
export { type TaskTexts, type TextTasks, type TextTasksOptions, textTasks } from '../training/text-tasks.js';
export type { StepTeacher } from '../training/trace-step.js';
