export { type Audit, type AuditBound, audited } from '../certificates/audit.js';
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
export { chooseTemperature, type TemperatureChoice } from '../metrics/temperature.js';
