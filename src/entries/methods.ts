export {
  defineMethod,
  type MethodDefinition,
  type MethodFactory,
  type MethodInputs,
  type OptionSpecs,
  type OptionsOf,
} from '../methods/define-method.js';
export { hinton } from '../methods/hinton.js';
export type { LossInputs, Method, OptionSpec, Progress } from '../methods/method.js';
export { supervised } from '../methods/supervised.js';
export { METHODS, type MethodName } from '../methods/table.js';
