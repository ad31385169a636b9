/** @file Two graphs that label the same texts as one: the mean of their log-probabilities, each from its own inputs. */
import { FileError } from '../errors/failures.js';
import type { OnnxGraph, OnnxNode } from './graph.js';

/** Behind the names of the second graph's inputs, as of a model that encodes two texts by themselves. */
export const SECOND_INPUT = '_b';

/**
 * log p = (log p_1 + log p_2) / 2 as `logits` [batch, C], of which the softmax is the geometric mean.
 * @param first its inputs keep their names
 * @param second its inputs get `_b` behind theirs
 * @throws FileError for a graph with other graphs in it, or one that reads two texts by themselves already.
 */
export function joinedGraph(first: OnnxGraph, second: OnnxGraph, where: string): OnnxGraph {
  const [a, b] = [first, second].map((graph, i) =>
    renamed(graph, i === 0 ? 'first/' : 'second/', i === 0 ? '' : SECOND_INPUT, where),
  );
  const [one, other] = [a, b] as [OnnxGraph, OnnxGraph];
  const logProbs = (from: string, to: string): readonly OnnxNode[] => [
    { opType: 'LogSoftmax', inputs: [from], outputs: [`${to}/log`], attributes: { axis: { kind: 'int', value: -1 } } },
    { opType: 'Mul', inputs: [`${to}/log`, 'half'], outputs: [to] },
  ];
  const half = { dtype: 'float32', shape: [], data: Float32Array.of(0.5) } as const;
  return {
    name: 'joined',
    nodes: [
      ...one.nodes,
      ...other.nodes,
      ...logProbs('first/logits', 'first/half'),
      ...logProbs('second/logits', 'second/half'),
      { opType: 'Add', inputs: ['first/half', 'second/half'], outputs: ['logits'] },
    ],
    inputs: [...one.inputs, ...other.inputs],
    outputs: first.outputs.filter(({ name }) => name === 'logits'),
    initializers: [...one.initializers, ...other.initializers, { name: 'half', tensor: half }],
  };
}

/** All names apart from those of the inputs, and lengths of the inputs that the other graph does not share. */
function renamed(graph: OnnxGraph, prefix: string, suffix: string, where: string): OnnxGraph {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const isNested = graph.nodes.some(({ attributes = {} }) =>
    Object.values(attributes).some(({ kind }) => kind === 'graph'),
  );
  if (isNested || [...inputs].some((name) => name.endsWith(SECOND_INPUT))) {
    const got = isNested ? 'one with graphs in it' : 'one that encodes two texts by themselves';
    throw new FileError({ where, wanted: 'a model whose graph can be joined to another', got });
  }
  const nameOf = (name: string) => (name === '' ? '' : inputs.has(name) ? name + suffix : prefix + name);
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    })),
    inputs: graph.inputs.map(({ name, dtype, shape }) => ({
      name: nameOf(name),
      dtype,
      shape: shape.map((length) => (typeof length === 'string' && length !== 'batch' ? length + suffix : length)),
    })),
    initializers: graph.initializers.map(({ name, tensor }) => ({ name: nameOf(name), tensor })),
  };
}
