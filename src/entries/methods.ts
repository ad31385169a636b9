export { bam } from '../methods/bam.js';
export { bornAgain } from '../methods/born-again.js';
export { decoupled } from '../methods/decoupled.js';
export {
  type ChoiceSpec,
  defineMethod,
  describeOption,
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
export type { LossInputs, Method, MethodSizes, OptionSpec, Progress } from '../methods/method.js';
export { miniLm } from '../methods/minilm.js';
export { mtDnn } from '../methods/mt-dnn.js';
export { patientKd } from '../methods/pkd.js';
export { projection } from '../methods/projection.js';
export { selfKd } from '../methods/self-kd.js';
export { supervised } from '../methods/supervised.js';
export { METHODS, type MethodName } from '../methods/table.js';
export { tang } from '../methods/tang.js';
export { tinyBert } from '../methods/tinybert.js';
export { wellRead } from '../methods/well-read.js';
