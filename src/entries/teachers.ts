export { EndpointError } from '../outside/asking/asking-turns.js';
export type { EndpointOptions } from '../outside/asking/endpoint-options.js';
export type { AnswerKind, OutsideAnswer, Tokens, Why } from '../outside/asking/outside.js';
export type { EndpointReport, OutsideOptions } from '../outside/asking/outside-options.js';
export type { EndpointTeacher } from '../outside/asking/outside-teacher.js';
export { endpointTeacher } from '../outside/chat/endpoint-teacher.js';
export type { DecisionQuestion } from '../outside/decisions/decision.js';
export {
  type DecisionEndpointOptions,
  type DecisionEndpointsOptions,
  decisionEndpointTeacher,
  decisionEndpointTeachers,
} from '../outside/decisions/decision-endpoint.js';
export {
  type AnyDecisionModel,
  type DecisionTeacherOptions,
  decisionTeacher,
} from '../outside/decisions/decision-model.js';
export { type AlignOptions, alignLabels } from '../teachers/align-labels.js';
export { type CacheOptions, cachedTeacher, type LabellingProgress } from '../teachers/cached-teacher.js';
export { type CrossFittedOptions, crossFittedTeacher } from '../teachers/cross-fitted-teacher.js';
export { type EnsembleOptions, ensembleTeacher } from '../teachers/ensemble-teacher.js';
export { modelTeacher } from '../teachers/model-teacher.js';
export { type OnnxTeacherOptions, onnxTeacher } from '../teachers/onnx-teacher.js';
export { type RecordedTeacherOptions, recordedTeacher } from '../teachers/recorded-teacher.js';
export { RUNGS, type Rung } from '../teachers/targets.js';
export type {
  FedSignalName,
  FedSignals,
  OpenTeacher,
  RowPart,
  RowValues,
  Teacher,
  TeacherAnswers,
} from '../teachers/teacher.js';
export { TERMS_OF_HOSTS, type TeacherTerms, termsOf } from '../teachers/terms.js';
export { type TextTeacherOptions, textTeacher } from '../teachers/text-teacher.js';
