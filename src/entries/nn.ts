export { ACTIVATIONS, type ActivationName, silu } from '../nn/activations.js';
export { evaluationContext, trainingContext } from '../nn/context.js';
export { dropout } from '../nn/dropout.js';
export { type EmbeddingOptions, embedding } from '../nn/embedding.js';
export {
  kaimingUniform,
  normal,
  ones,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../nn/initialisers.js';
export { layerNorm } from '../nn/layer-norm.js';
export { type LinearOptions, linear } from '../nn/linear.js';
export {
  type Lstm,
  type LstmCell,
  type LstmOptions,
  type LstmOutput,
  type LstmState,
  type LstmWeights,
  lstm,
  lstmCell,
  lstmStep,
} from '../nn/lstm.js';
export type { ForwardContext, Initialiser, Layer, ParameterSpec, Parameters } from '../nn/module.js';
export {
  constantParameters,
  initialiseParameters,
  inputParameters,
  type NamedParameters,
} from '../nn/parameters.js';
