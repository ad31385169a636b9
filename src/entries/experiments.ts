export { type ArmResult, packRightRows, type RightRows, unpackRightRows } from '../experiments/arm-result.js';
export type { Arm, ArmRun, RunContext } from '../experiments/arm-run.js';
export { serveArms } from '../experiments/arm-worker.js';
export { type AskedQuestions, askQuestions, planQuestions } from '../experiments/asking/ask-questions.js';
export type { AskSettings } from '../experiments/asking/ask-settings.js';
export { type Asked, type AskOptions, type AskPlan, ask, planAsking } from '../experiments/asking/ask-texts.js';
export type { SelfAgreement } from '../experiments/asking/self-agreement.js';
export { baselineText } from '../experiments/baseline.js';
export { cardFacts } from '../experiments/card-facts.js';
export {
  type CertifiedStudent,
  type CertifyStudentOptions,
  type CurvePoint,
  certifyStudent,
  type Kept,
} from '../experiments/cascade/certify-student.js';
export { type Stated, statementOf } from '../experiments/cascade/statement.js';
export { whyNothing } from '../experiments/cascade/why-nothing.js';
export { type BaselineOptions, fitBaseline } from '../experiments/distillation/baseline-arm.js';
export { CONTROLS, type Control } from '../experiments/distillation/controls.js';
export { runDistillation } from '../experiments/distillation/distill.js';
export type { DistillEvent, DistillOptions, DistillResult } from '../experiments/distillation/distill-options.js';
export {
  type ArmPlan,
  type DistillationPlan,
  type PlanOptions,
  planDistillation,
} from '../experiments/distillation/plan.js';
export type { StudentTraining } from '../experiments/distillation/student-training.js';
export type { AssistantStart, StudentStart } from '../experiments/distillation/train-arm.js';
export { type DistillationData, type TransferSet, transferSet } from '../experiments/distillation/transfer.js';
export { examine } from '../experiments/doctor.js';
export { describeEnvironment } from '../experiments/environment.js';
export { type Evaluated, type EvaluateOptions, evaluate, type Figure } from '../experiments/evaluate.js';
export { type ExperimentEvent, type ExperimentOutcome, runExperiment } from '../experiments/experiment.js';
export {
  compareArms,
  experimentRecord,
  readExperimentRecord,
  recordedArm,
  rejudged,
  writeExperimentRecord,
} from '../experiments/experiment-record.js';
export type { ExperimentRecord, NeverSeen } from '../experiments/experiment-record.schema.js';
export type { Finding } from '../experiments/finding.js';
export type { DigitSettings, DigitTeacherSettings } from '../experiments/primer/digit-settings.js';
export { type NeverSeenEvent, type NeverSeenOptions, runNeverSeen } from '../experiments/primer/never-seen.js';
export { type PrimerOptions, type PrimerResult, runPrimer } from '../experiments/primer/primer.js';
export { type PrimerPlaces, type PrimerSettings, runPrimerArm } from '../experiments/primer/primer-arm-run.js';
export type { PrimerArm } from '../experiments/primer/primer-arms.js';
export {
  type ArticleModel,
  type TrainArticleOptions,
  type TrainDigitsOptions,
  type TrainedDigits,
  trainArticle,
  trainDigits,
} from '../experiments/primer/train-digits.js';
export {
  type DigitAnswer,
  type DigitImages,
  type EvaluatedDigits,
  evaluateDigits,
  predictDigits,
  type UseDigitsOptions,
} from '../experiments/primer/use-digits.js';
export { type FinishedRun, finishedRuns, runsBeside } from '../experiments/results-file.js';
export { type KeptRows, rowsPart } from '../experiments/row-evidence.js';
export { exportScored, type ScoredExport, type ScoredExportOptions } from '../experiments/scored-export.js';
export type { MeasuredGain, UseFigure } from '../experiments/use-figure.js';
export { type Controls, type Gain, judge, judgeSoftTargets, type RowsPart } from '../experiments/verdict.js';
export {
  figuresOf,
  promisesGain,
  type TaskOutline,
  USE_CASES,
  type UseCase,
  whatToUse,
} from '../experiments/what-to-use.js';
export type { ScoredForm } from '../export/form.js';
export { inPoints } from '../metrics/points.js';
export { type Interval, mean, rowsError, sampleSd, tInterval } from '../metrics/statistics.js';
export { JUDGED_METRICS, type JudgedMetric } from '../metrics/table.js';
export { type TimeRange, timeRange } from '../training/estimate/time-range.js';
