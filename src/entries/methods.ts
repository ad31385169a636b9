export { bam } from '../methods/bam.js';
export { bornAgain } from '../methods/born-again.js';
export { decoupled } from '../methods/decoupled.js';
export { deepMutualLearning } from '../methods/deep-mutual-learning.js';
export {
  defineMethod,
  type MethodDefinition,
  type MethodFactory,
  type MethodInputs,
  type OptionSpecs,
  type OptionsOf,
} from '../methods/define-method.js';
export { distilBert } from '../methods/distilbert.js';
export { hardLabels } from '../methods/hard-labels.js';
export { hinton } from '../methods/hinton.js';
export { type LayerPair, layerPairs } from '../methods/layer-maps.js';
export type {
  LossInputs,
  Method,
  MethodSizes,
  Phase,
  PhasePlan,
  PhasesSoFar,
  Progress,
} from '../methods/method.js';
export { miniLm } from '../methods/minilm.js';
export { mixKd } from '../methods/mixkd.js';
export { mtDnn } from '../methods/mt-dnn.js';
export { phased, type Stages } from '../methods/phased.js';
export { patientKd } from '../methods/pkd.js';
export { projection } from '../methods/projection.js';
export type { RowTargets, TaughtRows } from '../methods/row-targets.js';
export { selfKd } from '../methods/self-kd.js';
export { supervised } from '../methods/supervised.js';
export { METHODS, type MethodName } from '../methods/table.js';
export { assistantPaths, type TakdOptions, takd, takdOver } from '../methods/takd.js';
export { tang } from '../methods/tang.js';
export { tinyBert } from '../methods/tinybert.js';
export { type MixedSignals, type MixupView, mixup, type View } from '../methods/views.js';
export { wellRead } from '../methods/well-read.js';
export type { OptionSpec } from '../options/option-spec.js';
