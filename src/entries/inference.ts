export type { Answer, TextInput } from '../inference/answer.js';
export { type Inference, type LoadOptions, load, type StreamOptions } from '../inference/load.js';
export type { ModelVersion } from '../inference/model-file.js';
export {
  loadNgramPredictor,
  type NgramPredictor,
  type NgramWeights,
  ngramPredictor,
} from '../inference/ngram-predictor.js';
export { type PlainStatic, plainStatic, type StaticWeights } from '../inference/plain-static.js';
export type { FileReading } from '../options/file-reading.js';
