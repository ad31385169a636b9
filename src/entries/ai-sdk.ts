export type {
  DecideOptions,
  DecideResult,
  DecisionAnswer,
  DecisionModel,
  FallbackModel,
} from '../ai-sdk/decision-types.js';
export { retort, type StudentModel, type StudentModelOptions } from '../ai-sdk/student-model.js';
export type { QuestionAlias } from '../server/served-question.js';
