export { type BertConfig, bert, bertDefaults } from '../models/bert.js';
export { classesOf, type Forward, openForward, type RowSignal } from '../models/forward.js';
export { type MlpConfig, mlp, mlpDefaults } from '../models/mlp.js';
export type { BatchDims, Model, ModelInput, SignalName, Signals } from '../models/model.js';
export {
  loadModel,
  type SavedModel,
  saveModel,
  type TrainedModel,
  type Weights,
} from '../models/saved-model.js';
export { MODELS, type ModelKind } from '../models/table.js';
