export type { DownloadProgress } from '../hub/download.js';
export { hubCache } from '../hub/settings.js';
export { type OpenedModel, openAnyModel } from '../models/any-model.js';
export { type BertConfig, bert, bertDefaults } from '../models/bert.js';
export { type BilstmConfig, bilstm, bilstmDefaults, pairFeatures } from '../models/bilstm.js';
export {
  type BilstmFromTeacherOptions,
  type BilstmFromWordVectorsOptions,
  bilstmFromTeacher,
  bilstmFromWordVectors,
  type NewBilstm,
  reducedEmbeddings,
} from '../models/bilstm-embeddings.js';
export { chosenLayers, firstLayers } from '../models/chosen-layers.js';
export { type DistilBertConfig, distilbert, distilbertDefaults } from '../models/distilbert.js';
export { type FetchOptions, fetchModel } from '../models/fetch-model.js';
export {
  classesOf,
  type Forward,
  type FrozenForward,
  openForward,
  openFrozenForward,
  type RowSignal,
} from '../models/forward.js';
export type { HeadName } from '../models/heads.js';
export {
  type HuggingFaceContent,
  type HuggingFaceModel,
  type HuggingFaceOptions,
  loadHuggingFace,
  saveHuggingFace,
} from '../models/hugging-face.js';
export { MODEL_NAMES, resolveModel } from '../models/hugging-face-cache.js';
export { type MlpConfig, mlp, mlpDefaults } from '../models/mlp.js';
export type {
  BatchDims,
  Model,
  ModelInput,
  SavedModel,
  SignalName,
  Signals,
  TrainedModel,
  Weights,
  WordVectors,
} from '../models/model.js';
export {
  type MultiTaskConfig,
  multiTask,
  multiTaskFrom,
  type TaskHead,
  type TaskModel,
  taskModel,
  tasksOf,
} from '../models/multi-task.js';
export type { NewStudent } from '../models/new-student.js';
export { type NgramConfig, ngram, ngramModelDefaults } from '../models/ngram.js';
export { type RobertaConfig, roberta, robertaDefaults } from '../models/roberta.js';
export { loadModel, saveModel } from '../models/saved-model.js';
export { SMALL_BERTS, type SmallBert, type SmallBertName } from '../models/small-berts.js';
export {
  type StaticFromEncoderOptions,
  type StaticFromTokenizerOptions,
  type StaticFromWordVectorsOptions,
  staticFromEncoder,
  staticFromTokenizer,
  staticFromWordVectors,
} from '../models/static-embeddings.js';
export { type StaticConfig, staticDefaults, staticModel } from '../models/static-model.js';
export { MODELS, type ModelKind } from '../models/table.js';
export {
  type LoadTextModelOptions,
  loadTextModel,
  type NewHead,
  type TextModel,
  withNewHead,
} from '../models/text-model.js';
export type { FileVectorsOptions } from '../models/vectors-start.js';
export { isMaskedLm, MASKED_LM, withMaskedLmHead } from '../models/with-masked-lm-head.js';
export { xlmRoberta } from '../models/xlm-roberta.js';
