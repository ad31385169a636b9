/**
 * @file Constants are computed when a file is written: what a graph makes of its weights alone (in another layout, stacked,
 * cut) becomes a weight itself. Other tools, ONNX Runtime's `quantize_dynamic` among them, look for weights right at the
 * operators that read them.
 */
import { ARRAY_TYPES } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { type Tensor, toNumbers } from '../tensor/tensor.js';
import type { OnnxGraph, OnnxNode, StoredTensor } from './graph.js';

/** What is read as it stands, too, would be in the file twice: worth a copy up to this many elements, 256 KiB. */
const COPIED_AT_MOST = 2 ** 16;

/**
 * The graph with the results of its constant nodes as initialisers, the same bits as ONNX Runtime would make. A weight in
 * another form is named after the first of those that it is made of and the last operator: `fc1.weight/Transpose`. The graph
 * has no loops in it.
 */
export function foldConstants(graph: OnnxGraph): OnnxGraph {
  const tensors = new Map<string, StoredTensor>(graph.initializers.map(({ name, tensor }) => [name, tensor]));
  const source = new Map(graph.initializers.map(({ name }) => [name, name]));
  const stays = readByOthers(graph);
  const renamed = new Map<string, string>();
  const known = new Map<string, string>();
  const nodes: OnnxNode[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name);
    const values = inputs.map((name) => tensors.get(name));
    const isDoubled = inputs.some((name, i) => stays.has(name) && sizeOf(values[i]?.shape ?? []) > COPIED_AT_MOST);
    const output = node.outputs[0] as string;
    const key = JSON.stringify([node.opType, inputs, node.attributes]);
    const same = known.get(key);
    const tensor =
      same === undefined && !isDoubled && areWhole(values) ? EVALUATE[node.opType]?.(values, node) : undefined;
    if (same !== undefined) renamed.set(output, same);
    else if (tensor === undefined) nodes.push({ ...node, inputs });
    else {
      const weight = inputs.map((name) => source.get(name)).find((name) => name !== undefined && !name.startsWith('%'));
      const name = weight === undefined ? output : free(`${weight}/${node.opType}`, tensors);
      source.set(name, weight ?? output);
      tensors.set(name, tensor);
      known.set(key, name);
      renamed.set(output, name);
    }
  }
  const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)]);
  const initializers = [...tensors].flatMap(([name, tensor]) => (read.has(name) ? [{ name, tensor }] : []));
  return { ...graph, nodes, initializers };
}

/** The initialisers that a node reads which is computed when the graph runs. */
function readByOthers(graph: OnnxGraph): ReadonlySet<string> {
  const constant = new Set(graph.initializers.map(({ name }) => name));
  const read = new Set(graph.outputs.map(({ name }) => name));
  for (const { opType, inputs, outputs } of graph.nodes) {
    if (Object.hasOwn(EVALUATE, opType) && inputs.every((name) => constant.has(name))) {
      for (const name of outputs) constant.add(name);
    } else for (const name of inputs) read.add(name);
  }
  return read;
}

function areWhole(values: readonly (StoredTensor | undefined)[]): values is readonly Tensor[] {
  return values.every((value) => value !== undefined && value.dtype !== 'int8' && value.dtype !== 'float16');
}

function free(name: string, taken: ReadonlyMap<string, unknown>): string {
  for (let i = 2; ; i++) {
    const candidate = i === 2 ? name : `${name}/${i - 1}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** Undefined for a form of the operator that our graphs do not apply to weights: it stays a node. */
type Evaluate = (inputs: readonly Tensor[], node: OnnxNode) => Tensor | undefined;

const EVALUATE: Readonly<Record<string, Evaluate>> = {
  Transpose: ([matrix], { attributes }) => {
    const perm = attributes?.perm;
    if (matrix?.shape.length !== 2 || perm?.kind !== 'ints' || perm.value[0] !== 1) return undefined;
    const [rows, columns] = matrix.shape as [number, number];
    return picked(matrix, [columns, rows], (i) => (i % rows) * columns + Math.floor(i / rows));
  },
  Unsqueeze: ([x, axes]) => {
    const [axis, ...others] = axes === undefined ? [] : toNumbers(axes);
    if (x === undefined || axis === undefined || axis < 0 || others.length > 0) return undefined;
    return { ...x, shape: x.shape.toSpliced(axis, 0, 1) };
  },
  Gather: ([table, index], node) => {
    if (table === undefined || index?.shape.length !== 1 || !isOfRows(node)) return undefined;
    return rowsOf(table, toNumbers(index));
  },
  Slice: ([x, starts, ends, axes, steps]) => {
    const of = (value: Tensor | undefined) => (value?.data.length === 1 ? Number(value.data[0]) : undefined);
    const [start, end] = [of(starts), of(ends)];
    if (x === undefined || start === undefined || end === undefined || of(axes) !== 0 || steps !== undefined) {
      return undefined;
    }
    const rows = Array.from({ length: x.shape[0] ?? 0 }, (_, row) => row);
    return rowsOf(x, rows.slice(start, end));
  },
  Concat: (parts, node) => {
    const [first] = parts;
    if (first === undefined || !isOfRows(node)) return undefined;
    const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    const joined = picked(first, [rows, ...first.shape.slice(1)], () => 0);
    let at = 0;
    for (const { data } of parts) {
      (joined.data as { set(from: unknown, at: number): void }).set(data, at);
      at += data.length;
    }
    return joined;
  },
};

function isOfRows({ attributes }: OnnxNode): boolean {
  const axis = attributes?.axis;
  return axis?.kind === 'int' && axis.value === 0;
}

function rowsOf(x: Tensor, rows: readonly number[]): Tensor {
  const width = sizeOf(x.shape.slice(1));
  const shape = [rows.length, ...x.shape.slice(1)];
  return picked(x, shape, (i) => (rows[Math.floor(i / width)] as number) * width + (i % width));
}

/** Elements of a tensor in another order and shape. */
function picked(x: Tensor, shape: readonly number[], from: (i: number) => number): Tensor {
  const data = new ARRAY_TYPES[x.dtype](sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = x.data[from(i)] as never;
  return { dtype: x.dtype, shape, data } as Tensor;
}
