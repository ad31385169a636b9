/**
 * @file Two graphs that label the same texts as one: the mean of their log-probabilities, each from its own inputs; or the second
 * first, and both where that is unsure.
 */
import { FileError } from '../errors/failures.js';
import type { ArrayOf, Dtype } from '../tensor/dtype.js';
import type { StaticShape } from '../tensor/shape.js';
import { tensor } from '../tensor/tensor.js';
import { ELEMENT_TYPE } from './element-type.js';
import type { Initializer, OnnxGraph, OnnxNode } from './graph.js';

/** Behind the names of the second graph's inputs, as of a model that encodes two texts by themselves. */
export const SECOND_INPUT = '_b';

export type JoinedGraphOptions = {
  /** For messages. */
  readonly where: string;
  /** From this log-probability of its label on the second graph answers a row by itself, and the first is not run. Default: never. */
  readonly aloneFrom?: number | undefined;
};

/**
 * log p = (log p_1 + log p_2) / 2 as `logits` [batch, C], of which the softmax is the geometric mean; log p_2 of the rows that the
 * second graph answers alone. Which these are is told row by row, so that no answer depends on what else is in its batch.
 * @param first its inputs keep their names
 * @param second its inputs get `_b` behind theirs
 * @throws FileError for a graph with other graphs in it, or one that reads two texts by themselves already.
 */
export function joinedGraph(first: OnnxGraph, second: OnnxGraph, { where, aloneFrom }: JoinedGraphOptions): OnnxGraph {
  const one = renamed(first, 'first/', '', where);
  const other = renamed(second, 'second/', SECOND_INPUT, where);
  const outputs = first.outputs.filter(({ name }) => name === 'logits');
  const both = { name: 'joined', inputs: [...one.inputs, ...other.inputs], outputs };
  const logProbs = node('LogSoftmax', ['second/logits'], 'second/log', { axis: { kind: 'int', value: -1 } });
  if (aloneFrom === undefined) {
    const mean = meanNodes('second/log', 'logits');
    const initializers = [...one.initializers, ...other.initializers, HALF];
    return { ...both, nodes: [...one.nodes, ...other.nodes, logProbs, ...mean], initializers };
  }
  return {
    ...both,
    nodes: [
      ...other.nodes,
      logProbs,
      node('ReduceMax', ['second/log', 'last'], 'second/best', { keepdims: { kind: 'int', value: 0 } }),
      node('Less', ['second/best', 'alone'], 'second/unsure'),
      node('NonZero', ['second/unsure'], 'second/places'), // [1, rows]
      node('Squeeze', ['second/places', 'front'], 'rows'),
      node('Shape', ['rows'], 'rows/count'), // [1], as a condition may be
      node('Cast', ['rows/count'], 'rows/any', { to: { kind: 'int', value: ELEMENT_TYPE.bool } }),
      node('If', ['rows/any'], 'logits', {
        then_branch: { kind: 'graph', value: ofUnsureRows(one, outputs) },
        else_branch: {
          kind: 'graph',
          value: {
            ...{ name: 'alone', inputs: [], initializers: [], outputs: namedOutputs(outputs, 'alone/logits') },
            nodes: [node('Identity', ['second/log'], 'alone/logits')],
          },
        },
      }),
    ],
    initializers: [
      ...other.initializers,
      constant('alone', 'float32', [], Float32Array.of(aloneFrom)),
      constant('last', 'int64', [1], BigInt64Array.of(-1n)),
      constant('front', 'int64', [1], BigInt64Array.of(0n)),
    ],
  };
}

/** The first graph on `rows`, whose means take the place of the second's log-probabilities. */
function ofUnsureRows(graph: OnnxGraph, outputs: OnnxGraph['outputs']): OnnxGraph {
  const own = new Map(graph.inputs.map(({ name }) => [name, `rows/${name}`]));
  const inner = graph.nodes.map((one) => ({ ...one, inputs: one.inputs.map((name) => own.get(name) ?? name) }));
  return {
    name: 'both',
    inputs: [],
    outputs: namedOutputs(outputs, 'both/logits'),
    nodes: [
      ...graph.inputs.map(({ name }) => node('Gather', [name, 'rows'], `rows/${name}`)),
      ...inner,
      node('Gather', ['second/log', 'rows'], 'rows/second'),
      ...meanNodes('rows/second', 'rows/mean'),
      node('Unsqueeze', ['rows', 'behind'], 'rows/places'), // [rows, 1]
      node('ScatterND', ['second/log', 'rows/places', 'rows/mean'], 'both/logits'),
    ],
    initializers: [...graph.initializers, HALF, constant('behind', 'int64', [1], BigInt64Array.of(1n))],
  };
}

const HALF = constant('half', 'float32', [], Float32Array.of(0.5));

/** Of the first graph's log-probabilities and the second's. */
function meanNodes(second: string, to: string): readonly OnnxNode[] {
  return [
    node('LogSoftmax', ['first/logits'], 'first/log', { axis: { kind: 'int', value: -1 } }),
    node('Add', ['first/log', second], 'first/sum'),
    node('Mul', ['first/sum', 'half'], to),
  ];
}

function node(
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes?: NonNullable<OnnxNode['attributes']>,
): OnnxNode {
  return { opType, inputs, outputs: [output], ...(attributes && { attributes }) };
}

function constant<D extends Dtype>(name: string, dtype: D, shape: StaticShape, data: ArrayOf[D]): Initializer {
  return { name, tensor: tensor(dtype, shape, data) };
}

function namedOutputs(outputs: OnnxGraph['outputs'], name: string): OnnxGraph['outputs'] {
  return outputs.map((one) => ({ ...one, name }));
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
