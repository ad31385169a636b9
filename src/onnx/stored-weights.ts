/**
 * @file Weights stored in fewer bits than they are computed in. Of a table the rows that are looked up are widened; matrices and
 * the weights of an LSTM once, when a session is opened.
 *   float16:  w = Cast(w₁₆)
 *   int8:     w = Cast(w₈) · s, a scale s for each row of a table, unit of a matrix, and row of a gate (`int8Rows`)
 * Nothing of it depends on the other rows of a batch.
 */
import { fromFloat16, toFloat16 } from '../tensor/float16.js';
import { fromInt8Rows, type Int8Rows, int8Rows } from '../tensor/int8-rows.js';
import { sizeOf } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ELEMENT_TYPE } from './element-type.js';
import type { CompactTensor, OnnxGraph, OnnxNode, StoredTensor } from './graph.js';

/** How operators read a weight: rows by number [V, H], a matrix from the right [I, O], or an LSTM's gates [D, 4H, I]. */
export type WeightRole = 'table' | 'matrix' | 'gates';

/** The weights that can be stored in fewer bits, by name. What one operator reads as it stands is not among them. */
export function weightRoles(graph: OnnxGraph): ReadonlyMap<string, WeightRole> {
  const weights = new Map(graph.initializers.map(({ name, tensor: { dtype, shape } }) => [name, { dtype, shape }]));
  const madeBy = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node.opType] as const)));
  const roles = new Map<string, Set<WeightRole | undefined>>();
  for (const { opType, inputs } of graph.nodes) {
    for (const [at, name] of inputs.entries()) {
      const weight = weights.get(name);
      if (weight?.dtype !== 'float32' || weight.shape.length < 2) continue;
      const role = isSmall(opType, inputs, madeBy) ? undefined : READERS[`${opType} ${at}`];
      roles.set(name, (roles.get(name) ?? new Set()).add(role));
    }
  }
  return new Map(
    [...roles].flatMap(([name, [role, ...others]]) =>
      role === undefined || others.length > 0 ? [] : [[name, role] as const],
    ),
  );
}

/** Few rows that every token reads cost more time than they save room: of positions, and of types as one-hot rows. */
function isSmall(opType: string, [first, second]: readonly string[], madeBy: ReadonlyMap<string, string>): boolean {
  if (opType === 'Gather') return madeBy.get(second as string) === 'Range';
  return opType === 'MatMul' && madeBy.get(first as string) === 'Cast';
}

/** By operator and input. */
const READERS: Readonly<Record<string, WeightRole>> = {
  'Gather 0': 'table',
  'MatMul 1': 'matrix',
  'LSTM 1': 'gates',
  'LSTM 2': 'gates',
};

/** The layer that a weight is of: `encoder.layer.0.output.dense` of `encoder.layer.0.output.dense.weight/Transpose`. */
export function layerOf(weight: string): string {
  return weight.replace(/\/.*$/, '').replace(/\.[^.]*$/, '');
}

/**
 * The graph with its weights in that precision. Biases, norms, and tables of single columns stay in float32.
 * @param isKept whether a weight stays in float32
 */
export function storeWeights(
  graph: OnnxGraph,
  precision: CompactTensor['dtype'],
  isKept: (name: string) => boolean = () => false,
): OnnxGraph {
  const roles = new Map([...weightRoles(graph)].filter(([name]) => !isKept(name)));
  const initializers: OnnxGraph['initializers'][number][] = [];
  const widened: OnnxNode[] = [];
  const nodes: OnnxNode[] = [];
  /** The parts of a table, in the order in which they are multiplied. */
  const tables = new Map<string, readonly string[]>();
  for (const { name, tensor: weight } of graph.initializers) {
    const role = roles.get(name);
    const parts = role === undefined ? undefined : partsOf(weight as Tensor<'float32'>, role, precision);
    for (const [part, stored] of Object.entries(parts ?? {}))
      initializers.push({ name: `${name}/${part}`, tensor: stored });
    const names = Object.keys(parts ?? {}).map((part) => `${name}/${part}`);
    if (role === undefined || parts === undefined) initializers.push({ name, tensor: weight });
    else if (role === 'table') tables.set(name, names);
    else widened.push(...widening(names, name));
  }
  for (const node of graph.nodes) {
    const [table, index] = node.inputs as [string, string];
    const parts = node.opType === 'Gather' ? tables.get(table) : undefined;
    const [output] = node.outputs as [string];
    if (parts === undefined) nodes.push(node);
    else {
      const rows = parts.map((part) => `${output}/${part.slice(table.length + 1)}`);
      nodes.push(...parts.map((part, i) => ({ ...node, inputs: [part, index], outputs: [rows[i] as string] })));
      nodes.push(...widening(rows, output));
    }
  }
  return { ...graph, initializers, nodes: [...widened, ...nodes] };
}

/** Cast(values), times the scales where there are any. */
function widening([values, scales]: readonly string[], output: string): OnnxNode[] {
  const to = scales === undefined ? output : `${values}/Cast`;
  const attributes = { to: { kind: 'int', value: ELEMENT_TYPE.float32 } } as const;
  const cast = { opType: 'Cast', inputs: [values as string], outputs: [to], attributes };
  return scales === undefined ? [cast] : [cast, { opType: 'Mul', inputs: [to, scales], outputs: [output] }];
}

/** What is stored for a weight, by the ends of names; undefined where that would take more room. */
function partsOf(
  weight: Tensor<'float32'>,
  role: WeightRole,
  precision: CompactTensor['dtype'],
): Readonly<Record<string, StoredTensor>> | undefined {
  const { shape, data } = weight;
  if (precision === 'float16') return { float16: { dtype: 'float16', shape, data: Uint16Array.from(data, toFloat16) } };
  const scaled = scalesShape(role, shape);
  if (sizeOf(shape) + 4 * sizeOf(scaled) >= 4 * sizeOf(shape)) return undefined;
  const { values, scales } = quantised(weight, role);
  return { int8: { dtype: 'int8', shape, data: values }, scales: tensor('float32', scaled, scales) };
}

/**
 * A weight as int8 in its own layout, a scale a row, or of a matrix [I, O] a scale a column, which is what one unit reads.
 * @param bits see `int8Rows`
 */
export function quantised({ shape, data }: Tensor<'float32'>, role: WeightRole, bits?: 7 | 8): Int8Rows {
  if (role !== 'matrix') return int8Rows(data, sizeOf(shape.slice(0, -1)), bits);
  const [rows, columns] = shape as [number, number];
  const { values, scales } = int8Rows(turned(data, rows, columns), columns, bits);
  return { values: turned(values, columns, rows), scales };
}

/** What the scales are multiplied with the values as. */
function scalesShape(role: WeightRole, shape: readonly number[]): readonly number[] {
  return role === 'matrix' ? shape.slice(1) : [...shape.slice(0, -1), 1];
}

/** [rows, columns] -> [columns, rows] */
function turned<A extends Float32Array | Int8Array>(data: A, rows: number, columns: number): A {
  const result = data.slice() as A;
  for (let i = 0; i < data.length; i++) result[(i % columns) * rows + Math.floor(i / columns)] = data[i] as number;
  return result;
}

/**
 * The weights of a file that this package wrote, float32 under the names and in the layout of the model that was exported:
 * what `foldConstants` turned is turned back, what is stored in fewer bits is as wide as operators see it. Stacked weights of
 * an LSTM stay stacked; those of `integerProducts`, which no operator sees as numbers of their own, are left out.
 */
export function readWeights(graph: OnnxGraph): Readonly<Record<string, Tensor<'float32'>>> {
  const stored = new Map(graph.initializers.map(({ name, tensor }) => [name, tensor]));
  const weights: Record<string, Tensor<'float32'>> = {};
  for (const [path, weight] of stored) {
    const [, name = path, turning] = /^(.*?)(\/Transpose)?(?:\/float16|\/int8)?$/.exec(path) ?? [];
    const scales = stored.get(path.replace(/int8$/, 'scales'));
    const data = path.endsWith('/scales') ? undefined : widened(weight, scales);
    const [rows, columns] = weight.shape as [number, number];
    if (data === undefined) continue;
    if (turning === undefined) weights[name] = tensor('float32', weight.shape, data);
    else weights[name] = tensor('float32', [columns, rows], turned(data, rows, columns));
  }
  return weights;
}

/** Undefined for what is no weight. */
function widened(weight: StoredTensor, scales: StoredTensor | undefined): Float32Array | undefined {
  if (weight.dtype === 'float32') return (weight as Tensor<'float32'>).data;
  if (weight.dtype === 'float16') return Float32Array.from(weight.data, fromFloat16);
  if (weight.dtype !== 'int8' || scales?.dtype !== 'float32') return undefined;
  const { shape, data } = scales as Tensor<'float32'>;
  if (shape.length > 1) return fromInt8Rows({ values: weight.data, scales: data });
  const [rows, columns] = weight.shape as [number, number];
  return turned(fromInt8Rows({ values: turned(weight.data, rows, columns), scales: data }), columns, rows);
}
