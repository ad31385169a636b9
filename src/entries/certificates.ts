export { type Audit, type AuditBound, audited } from '../certificates/audit.js';
export {
  CERTIFICATE_FILE,
  certificateMismatches,
  expectCertified,
  type NewCertificate,
  readCertificate,
  type StudentIdentity,
  studentIdentity,
  writeCertificate,
} from '../certificates/certificate.js';
export type { Certificate } from '../certificates/certificate.schema.js';
export { type CertifiedScore, certifiedScore } from '../certificates/certified-score.js';
export { chooseScore, type ScoreChoice, type ScoreOptions } from '../certificates/fit-score.js';
export { questionHash } from '../certificates/question-hash.js';
export { type RareLabelsOptions, rareLabels } from '../certificates/rare-labels.js';
export { type AnswerScore, type Ranker, type ScoredAnswers, scoreAnswers } from '../certificates/score.js';
export { SIGNALS, type SignalName, type StudentOutputs } from '../certificates/signals.js';
export {
  type CalibrationRow,
  type Certified,
  type CertifyOptions,
  certifyThreshold,
  deltaOf,
  type Risk,
  STARTS,
  type TestedThreshold,
} from '../certificates/threshold.js';
export { type Calibration, calibrationOf, type ReliabilityBin } from '../metrics/calibration.js';
export { lowerRate, upperRate } from '../metrics/statistics.js';
export { chooseTemperature, type TemperatureChoice } from '../metrics/temperature.js';
export { type GivenQuestion, isQuestion, type Question, type QuestionType, questionOf } from '../options/question.js';
