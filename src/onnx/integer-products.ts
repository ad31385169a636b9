/**
 * @file Products with weights in whole numbers: x W ≈ s (q − z) Q · t, where q is x in 8 bits without a sign, Q is W in 7 bits
 * with a scale t for each unit, and the product of q − z and Q is exact. The scale s and the zero z of x are one of two:
 *   a scale a token:  s = max |x| / 127 over the token's row and z = 128, computed when the graph runs
 *   a fixed range:    0 and 255 stand for low and high, what lies outside is cut; known when the file is written
 * Neither depends on other rows, as ONNX's DynamicQuantizeLinear does, which takes one scale for a batch. 7 bits, since sums of
 * two products of 8 bits saturate on processors without VNNI. The scheme is that of Jacob et al. 2018, arXiv:1712.05877, 2.
 */
import { fromNumbers, type Tensor, tensor } from '../tensor/tensor.js';
import { ELEMENT_TYPE } from './element-type.js';
import type { Initializer, OnnxGraph, OnnxNode } from './graph.js';
import { quantised, weightRoles } from './stored-weights.js';

/** What the input of a product lies between, 0 included. */
export type ActivationRange = { readonly low: number; readonly high: number };

export type IntegerProductsOptions = {
  /** Fixed ranges by the names of weights; a scale a token where there is none. */
  readonly ranges?: ReadonlyMap<string, ActivationRange>;
  /** Whether a weight's products stay in float32. */
  readonly isKept?: (name: string) => boolean;
};

/** Of weights. */
const BITS = 7;
/** Numbers of 8 bits without a sign, and how far the ends of a token's scale are from its zero. */
const [LARGEST, ZERO, REACH] = [255, 128, 127];
/** A row of zeros has a scale, too. */
const LEAST = 1e-30;

/** The products of a graph with a weight: what is multiplied with it, by their names. */
export function productsOf(graph: OnnxGraph): readonly { readonly x: string; readonly weight: string }[] {
  const roles = weightRoles(graph);
  return graph.nodes.flatMap(({ opType, inputs: [x = '', weight = ''] }) =>
    opType === 'MatMul' && roles.get(weight) === 'matrix' ? [{ x, weight }] : [],
  );
}

/** The graph with its products with weights in whole numbers, in standard operators. */
export function integerProducts(graph: OnnxGraph, options: IntegerProductsOptions = {}): OnnxGraph {
  const { ranges = new Map(), isKept = () => false } = options;
  const roles = weightRoles(graph);
  const weights = new Map(graph.initializers.map(({ name, tensor: weight }) => [name, weight]));
  const initializers = new Map<string, Initializer>();
  const nodes: OnnxNode[] = [];
  const add = (opType: string, inputs: readonly string[], output: string, attributes: OnnxNode['attributes'] = {}) => {
    nodes.push({ opType, inputs, outputs: [output], attributes });
    return output;
  };
  const constant = (name: string, stored: Initializer['tensor']): string => {
    initializers.set(name, { name, tensor: stored });
    return name;
  };
  const known = new Map<string, Quantised>();
  const single = new Set<string>();
  const quantise = (x: string, range: ActivationRange | undefined): Quantised => {
    const key = range === undefined ? x : `${x}/${range.low}/${range.high}`;
    const made = known.get(key) ?? (range === undefined ? byToken(x) : byRange(key, x, range));
    known.set(key, made);
    return made;
  };
  const byToken = (x: string): Quantised => {
    const last = constant('%last', fromNumbers('int64', [1], [-1]));
    const largest = add('ReduceMax', [add('Abs', [x], `${x}/Abs`), last], `${x}/ReduceMax`);
    const bounded = add('Max', [largest, constant('%least', fromNumbers('float32', [], [LEAST]))], `${x}/Max`);
    const reach = constant('%reach', fromNumbers('float32', [], [REACH]));
    const scaled = add('Mul', [x, add('Div', [reach, bounded], `${x}/Div`)], `${x}/Mul`);
    const zero = constant('%zero', fromNumbers('uint8', [], [ZERO]));
    const one = constant('%one', fromNumbers('float32', [], [1]));
    const values = add('QuantizeLinear', [scaled, one, zero], `${x}/uint8`);
    return { values, zero, scale: 1 / REACH, perToken: bounded };
  };
  const byRange = (key: string, x: string, { low, high }: ActivationRange): Quantised => {
    const scale = Math.fround(Math.max(high - low, LEAST) / LARGEST);
    const zero = constant(`${key}/zero`, fromNumbers('uint8', [], [Math.round(-low / scale)]));
    const step = constant(`${key}/scale`, fromNumbers('float32', [], [scale]));
    return { values: add('QuantizeLinear', [x, step, zero], `${key}/uint8`), zero, scale };
  };

  for (const node of graph.nodes) {
    const [x, name] = node.inputs as [string, string];
    if (isOfOneToken(node, single)) for (const output of node.outputs) single.add(output);
    const isProduct = node.opType === 'MatMul' && roles.get(name) === 'matrix' && !isKept(name);
    if (!isProduct) {
      nodes.push(...(node.opType === 'MatMul' && single.has(x) && !weights.has(name) ? twice(node) : [node]));
      continue;
    }
    const weight = weights.get(name) as Tensor<'float32'>;
    const output = node.outputs[0] as string;
    const q = quantise(x, ranges.get(name));
    const { values, scales } = quantised(weight, 'matrix', BITS);
    const matrix = constant(`${name}/int8`, { dtype: 'int8', shape: weight.shape, data: values });
    const products = add('MatMulInteger', [q.values, matrix, q.zero], `${output}/int32`);
    const cast = add('Cast', [products], `${output}/Cast`, { to: { kind: 'int', value: ELEMENT_TYPE.float32 } });
    const byUnit = scales.map((scale) => scale * q.scale);
    const units = constant(`${name}/products`, tensor('float32', [byUnit.length], byUnit));
    if (q.perToken === undefined) add('Mul', [cast, units], output);
    else add('Mul', [add('Mul', [cast, q.perToken], `${output}/Mul`), units], output);
  }
  for (const [name, value] of [
    ['%first', 0],
    ['%second', 1],
    ['%rows', -2],
  ] as const) {
    if (nodes.some(({ inputs }) => inputs.includes(name))) constant(name, fromNumbers('int64', [1], [value]));
  }
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const others = graph.initializers.filter(({ name }) => read.has(name));
  return { ...graph, nodes, initializers: [...others, ...initializers.values()] };
}

/** What is made of the first token alone: a slice, and all that follows from it. */
function isOfOneToken({ opType, inputs }: OnnxNode, single: ReadonlySet<string>): boolean {
  return opType === 'Slice' || single.has(inputs[0] ?? '');
}

/**
 * A product of single rows, taken of each row twice: ONNX Runtime adds up a product of one row in groups of four, so that the
 * zeros of padding would change its last bits, and one of two rows in order.
 */
function twice({ inputs: [x = '', y = ''], outputs: [output = ''] }: OnnxNode): OnnxNode[] {
  const axis = { axis: { kind: 'int', value: -2 } } as const;
  return [
    { opType: 'Concat', inputs: [x, x], outputs: [`${output}/Concat`], attributes: axis },
    { opType: 'MatMul', inputs: [`${output}/Concat`, y], outputs: [`${output}/MatMul`] },
    { opType: 'Slice', inputs: [`${output}/MatMul`, '%first', '%second', '%rows'], outputs: [output] },
  ];
}

/** An activation in whole numbers: x ≈ (values − zero) · scale, times what is of the token. */
type Quantised = {
  readonly values: string;
  readonly zero: string;
  readonly scale: number;
  readonly perToken?: string;
};
