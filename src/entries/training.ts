export { mixedTargets } from '../methods/row-targets.js';
export type { Scored } from '../metrics/answered.js';
export type { Metric } from '../metrics/metric.js';
export { METRICS, type MetricName } from '../metrics/table.js';
export type { Portion } from '../options/option-spec.js';
export { CHECKS, type CheckName, type Warning } from '../training/checks/table.js';
export {
  type Evaluation,
  type Evaluator,
  type EvaluatorOptions,
  openEvaluator,
  type Predictions,
} from '../training/evaluation/evaluate.js';
export { openTokenEvaluator } from '../training/evaluation/evaluate-tokens.js';
export { type MaskedLmEvaluatorOptions, openMaskedLmEvaluator } from '../training/evaluation/masked-lm-evaluator.js';
export {
  fitLinear,
  type LinearFit,
  type LinearFitOptions,
  linearLogits,
  STRENGTHS,
  type TriedStrength,
} from '../training/linear/fit-linear.js';
export { fitLinearModel, type LinearModel, type LinearModelOptions } from '../training/linear/linear-model.js';
export type { LinearTargets } from '../training/linear/linear-targets.js';
export type {
  Assistant,
  AssistantTraining,
  PhasedRunOptions,
  StartingWeights,
} from '../training/phases/phase-options.js';
export { runPhases } from '../training/phases/phased-run.js';
export { describeData } from '../training/run/described-run.js';
export type { EarlyStopping } from '../training/run/early-stopping.js';
export type { PhaseMark, TrainingEvent } from '../training/run/events.js';
export type { KeptModel, Monitor } from '../training/run/kept-models.js';
export { runTraining } from '../training/run/run.js';
export type { RunOptions, RunResult } from '../training/run/run-options.js';
export { type EpochRecord, type PhaseRecord, type RunRecord, readRunRecord } from '../training/run/run-record.js';
export type { CompiledStepOptions } from '../training/step/compiled-step.js';
export { type HostStepOptions, openHostStep } from '../training/step/host-step.js';
export { openInGraphStep } from '../training/step/in-graph-step.js';
export type { StepInput, StepResult, TrainingStep } from '../training/step/step.js';
export type { StepTeacher } from '../training/step/trace-step.js';
export { type Task, type TasksOptions, trainTasks } from '../training/tasks/multi-task-run.js';
export { type TaskTexts, type TextTasks, type TextTasksOptions, textTasks } from '../training/tasks/text-tasks.js';
export { withHeadFor } from '../training/text/fine-tune.js';
export { type MaskedLmOptions, maskedLmRun, trainMaskedLm } from '../training/text/masked-lm.js';
export {
  type PretrainEvent,
  type Pretrained,
  type PretrainOptions,
  pretrain,
} from '../training/text/pretrain.js';
export type { PretrainSettings } from '../training/text/pretrain-settings.js';
