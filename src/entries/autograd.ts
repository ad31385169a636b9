export { gradients, vectorJacobianProduct } from '../autograd/backward.js';
export { gradientProblems, gradientProblemsAt, type OpenProgram } from '../autograd/gradient-check.js';
export { type ProgramRequest, toProgram } from '../autograd/lower.js';
export {
  applyOp,
  type BinaryOp,
  defineBinary,
  defineUnary,
  defineVariadic,
  type NoAttributes,
  type OpDefinition,
  type UnaryOp,
  type VariadicOp,
} from '../autograd/op.js';
export { type GeluAttributes, gelu, logSigmoid, softplus } from '../autograd/ops/activations.js';
export {
  and,
  cast,
  equal,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  not,
  or,
  where,
} from '../autograd/ops/compare.js';
export {
  abs,
  add,
  div,
  erf,
  exp,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  sqrt,
  stopGradient,
  sub,
  tanh,
} from '../autograd/ops/elementwise.js';
export { gather, oneHot, pick, positions, scatterRows } from '../autograd/ops/indexing.js';
export { linearProduct, matmul } from '../autograd/ops/matmul.js';
export { type AxisAttributes, layerNorm, logSoftmax, logSumExp, softmax } from '../autograd/ops/normalise.js';
export { dropout, randomBits } from '../autograd/ops/random.js';
export { argMax, mean, type ReduceAttributes, reduceMax, reduceMin, sum } from '../autograd/ops/reduce.js';
export { distinct, indices, signed, uniform } from '../autograd/ops/samples.js';
export { type ScanRequest, type ScanResult, scan } from '../autograd/ops/scan.js';
export {
  expand,
  expandLike,
  matrixTranspose,
  reshape,
  squeeze,
  transpose,
  unsqueeze,
} from '../autograd/ops/shaping.js';
export { concat, pad, padLike, slice } from '../autograd/ops/slicing.js';
export { OPS, type OpName } from '../autograd/ops/table.js';
export {
  constant,
  type Emitter,
  formatValue,
  type GraphForm,
  input,
  type Node,
  type OnnxForm,
  type Op,
  type Operand,
  type Sample,
  type Signature,
  scalar,
  type Value,
} from '../autograd/value.js';
