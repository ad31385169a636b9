export type {
  Answer,
  Prediction,
  Tag,
  Tagging,
  Task,
  TaskAnswers,
  TextInput,
  Unanswered,
} from '../inference/answer.js';
export { type LoadOptions, load } from '../inference/load-web.js';
export type { ModelFiles } from '../inference/model-source.js';
export type { CallOptions, PredictOptions, StreamOptions } from '../inference/row-windows.js';
export type { Inference, TextInputs } from '../inference/text-model.js';
export type { WorkerOptions } from '../inference/worker-client.js';
export { loadInWorker, serveInference, type WebWorker } from '../inference/worker-web.js';
export type { ModelVersion } from '../onnx/model-versions.js';
export type { FileReading } from '../options/file-reading.js';
