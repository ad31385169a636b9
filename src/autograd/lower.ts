/** @file From traced values to an ONNX program: compose, merge equal subexpressions, drop what nothing reads, write. */
import { ShapeError } from '../errors/failures.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode } from '../onnx/graph.js';
import type { OnnxProgram, ValueInfo } from '../onnx/program.js';
import { writeModel } from '../onnx/write.js';
import type { Tensor } from '../tensor/tensor.js';
import { applyOp } from './op.js';
import { Rewriter, replaceValues } from './rewrite.js';
import { inputsOf, topologicalOrder } from './topological-order.js';
import type { Emitter, GraphForm, Node, Op, OpNode, Value } from './value.js';

export type ProgramRequest = {
  /** What to compute, by the names that the results will have. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** The inputs in the order in which the program lists them; those that nothing reads are dropped. */
  readonly inputs?: readonly Value[];
  /** `training` (default) or `export`. */
  readonly form?: GraphForm;
  /** Key-value pairs kept in the model file. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** Constants up to this many elements are compared by content, and written where they are used. */
const SMALL = 64;

/** Numbers objects, for keys. */
class Identities {
  readonly #ids = new Map<object, number>();

  of(object: object): number {
    const known = this.#ids.get(object);
    if (known !== undefined) return known;
    this.#ids.set(object, this.#ids.size);
    return this.#ids.size - 1;
  }
}

/** −0 is another constant than 0, as in Object.is. */
function exactly(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** JSON has no −0, NaN or infinities. */
function withExactNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' && (value === 0 || !Number.isFinite(value)) ? `number ${exactly(value)}` : value;
}

function tensorKey(tensor: Tensor, identities: Identities): string {
  const head = `${tensor.dtype}|${tensor.shape}`;
  if (tensor.data.length > SMALL) return `${head}|#${identities.of(tensor.data)}`;
  return `${head}|${Array.from<number | bigint, string>(tensor.data, exactly)}`;
}

/** Replaces ops by their compositions and equal expressions by one of them. */
function canonicaliser(form: GraphForm, identities: Identities): Rewriter {
  const expressions = new Map<string, readonly Value[]>();
  const valueKey = (value: Value): string =>
    value.node.kind === 'constant'
      ? tensorKey(value.node.tensor, identities)
      : `${identities.of(value.node)}.${value.index}`;
  const attributesKey = (op: Op, attributes: object): string =>
    op.isIdentifiedByAttributes ? `#${identities.of(attributes)}` : JSON.stringify(attributes, withExactNumbers);
  const rewriter: Rewriter = new Rewriter((node, inputs) => {
    // By identity: an op of the user's may share its name with another.
    const key = `${identities.of(node.op)}(${inputs.map(valueKey)})${attributesKey(node.op, node.attributes)}`;
    const known = expressions.get(key);
    if (known !== undefined) return known;
    const composed = node.op.compose?.(inputs, node.attributes, form) ?? node.op.simplify?.(inputs, node.attributes);
    const outputs =
      composed === undefined
        ? inputs.every((value, i) => value === node.inputs[i])
          ? node.outputs
          : applyOp(node.op, inputs, node.attributes)
        : rewriter.rewrite([composed].flat());
    expressions.set(key, outputs);
    for (const output of outputs)
      rewriter.know(output.node, output.node.kind === 'op' ? output.node.outputs : [output]);
    return outputs;
  });
  return rewriter;
}

/** Nodes, constants and names of one graph; a body of a loop is a scope inside another. */
class Scope {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: { name: string; tensor: Tensor }[] = [];
  readonly values: ValueInfo[] = [];
  readonly constants = new Map<string, string>();
  readonly names = new Map<Node, (string | undefined)[]>();
  readonly parent: Scope | undefined;

  constructor(parent?: Scope) {
    this.parent = parent;
  }

  nameOf(value: Value): string | undefined {
    return this.names.get(value.node)?.[value.index] ?? this.parent?.nameOf(value);
  }

  setName(value: Value, name: string): void {
    const names = this.names.get(value.node) ?? [];
    names[value.index] = name;
    this.names.set(value.node, names);
  }

  graph(name: string, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): OnnxGraph {
    const nodes = foldIdentities(this.nodes, outputs);
    const made = new Set(nodes.flatMap((node) => node.outputs));
    for (const output of outputs) made.delete(output.name);
    const values = this.values.filter((value) => made.delete(value.name));
    return { name, nodes, inputs, outputs, initializers: this.initializers, values };
  }
}

class Lowering {
  readonly form: GraphForm;
  readonly #identities = new Identities();
  readonly #rewriter: Rewriter;
  #names = 0;

  constructor(form: GraphForm) {
    this.form = form;
    this.#rewriter = canonicaliser(form, this.#identities);
  }

  rewrite(values: readonly Value[]): Value[] {
    return this.#rewriter.rewrite(values);
  }

  fresh(): string {
    return `%${this.#names++}`;
  }

  constant(scope: Scope, tensor: Tensor): string {
    let home = scope;
    if (tensor.data.length > SMALL) while (home.parent !== undefined) home = home.parent;
    const key = tensorKey(tensor, this.#identities);
    let name = home.constants.get(key);
    if (name === undefined) {
      name = this.fresh();
      home.constants.set(key, name);
      home.initializers.push({ name, tensor });
    }
    return name;
  }

  name(scope: Scope, value: Value): string {
    if (value.node.kind === 'constant') return this.constant(scope, value.node.tensor);
    const name = scope.nameOf(value);
    if (name !== undefined) return name;
    throw new ShapeError({
      where: 'graph',
      wanted: 'values that are defined where they are used',
      got: value.node.kind === 'input' ? `input '${value.node.name}' of another graph` : 'a value of another loop',
    });
  }

  /** Writes all nodes that `results` need into the scope. */
  emit(scope: Scope, results: readonly Value[]): void {
    const order = topologicalOrder(results, (node) => node.kind === 'op' && !this.#isNamed(scope, node));
    const used = new Set<string>();
    const use = (value: Value) => used.add(`${this.#identities.of(value.node)}.${value.index}`);
    for (const value of results) use(value);
    for (const node of order) for (const value of node.inputs) use(value);
    for (const node of order) if (node.kind === 'op') this.#emitNode(scope, node, used);
  }

  #isNamed(scope: Scope, node: OpNode): boolean {
    return node.outputs.some((value) => scope.nameOf(value) !== undefined);
  }

  #emitNode(scope: Scope, node: OpNode, used: ReadonlySet<string>): void {
    const isUsed = (index: number) => used.has(`${this.#identities.of(node)}.${index}`);
    const emitter = this.#emitter(scope, isUsed);
    const inputs = node.inputs.map((value) => this.name(scope, value));
    const { onnx } = node.op;
    const names =
      'emit' in onnx
        ? onnx.emit(emitter, inputs, node.attributes, node.inputs, node.outputs)
        : emitter.node(onnx.type, inputs, onnx.attributes?.(node.attributes, node.inputs));
    for (const [index, value] of node.outputs.entries()) {
      const name = names[index];
      if (name === undefined) continue;
      scope.setName(value, name);
      emitter.declare(name, value);
    }
  }

  #emitter(scope: Scope, isUsed: (index: number) => boolean): Emitter {
    return {
      form: this.form,
      isUsed,
      constant: (tensor) => this.constant(scope, tensor),
      // Not in an export, which has few nodes: labelling with MiniLM took a twentieth more memory.
      declare: (name, { dtype, shape }) => {
        if (this.form === 'training') scope.values.push({ name, dtype, shape });
      },
      node: (opType, inputs, attributes: Readonly<Record<string, OnnxAttribute>> = {}, outputs = 1) => {
        const names = Array.from({ length: outputs }, () => this.fresh());
        scope.nodes.push({ opType, inputs, outputs: names, attributes });
        return names;
      },
      subgraph: (parameters, results, captured) => this.#subgraph(scope, parameters, results, captured),
    };
  }

  #subgraph(
    parent: Scope,
    parameters: readonly Value[],
    results: readonly Value[],
    captured: ReadonlyMap<Value, Value>,
  ): OnnxGraph {
    const scope = new Scope(parent);
    const rewriter = canonicaliser(this.form, this.#identities);
    replaceValues(rewriter, captured);
    const inputs = parameters.map((value): ValueInfo => {
      const name = this.fresh();
      scope.setName(value, name);
      return { name, dtype: value.dtype, shape: value.shape };
    });
    const outputs = this.finish(scope, rewriter.rewrite(results), () => this.fresh());
    return scope.graph('body', inputs, outputs);
  }

  /** Emits what the results need and gives each a name of its own, made by a node of this scope. */
  finish(scope: Scope, results: readonly Value[], nameFor: (index: number) => string): ValueInfo[] {
    this.emit(scope, results);
    return results.map((value, index) => {
      const name = nameFor(index);
      scope.nodes.push({ opType: 'Identity', inputs: [this.name(scope, value)], outputs: [name] });
      return { name, dtype: value.dtype, shape: value.shape };
    });
  }
}

/** Names outputs at the node that makes them, where that is possible, instead of by an Identity behind it. */
function foldIdentities(nodes: readonly OnnxNode[], outputs: readonly ValueInfo[]): OnnxNode[] {
  const outputNames = new Set(outputs.map(({ name }) => name));
  const renamed = new Map<string, string>();
  const produced = new Set(nodes.flatMap((node) => (node.opType === 'Identity' ? [] : node.outputs)));
  const kept = nodes.filter((node) => {
    const [from = ''] = node.inputs;
    const [to = ''] = node.outputs;
    const folds = node.opType === 'Identity' && outputNames.has(to) && produced.has(from) && !renamed.has(from);
    if (folds) renamed.set(from, to);
    return !folds;
  });
  const rename = (name: string): string => renamed.get(name) ?? name;
  const inGraph = (graph: OnnxGraph): OnnxGraph => ({ ...graph, nodes: graph.nodes.map(inNode) });
  const inNode = (node: OnnxNode): OnnxNode => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(
      Object.entries(node.attributes ?? {}).map(([key, attribute]) => [
        key,
        attribute.kind === 'graph' ? { kind: 'graph', value: inGraph(attribute.value) } : attribute,
      ]),
    ),
  });
  return kept.map(inNode);
}

/**
 * Traced values as ONNX nodes, inputs and initialisers; plain data, for inspection and tests.
 * @throws ShapeError if two different inputs share a name.
 */
export function lowerToGraph({ outputs, inputs = [], form = 'training' }: ProgramRequest): OnnxGraph {
  const lowering = new Lowering(form);
  const scope = new Scope();
  const results = lowering.rewrite(Object.values(outputs));
  const names = Object.keys(outputs);
  const taken = new Map<string, Node>();
  const infos: ValueInfo[] = [];
  const found = inputsOf(results);
  for (const value of [...inputs.filter((candidate) => found.has(candidate.node)), ...found.values()]) {
    if (value.node.kind !== 'input') continue;
    const { name } = value.node;
    const holder = taken.get(name);
    if (holder === value.node) continue;
    if (holder !== undefined) {
      throw new ShapeError({ where: 'graph', wanted: 'inputs of different names', got: `two inputs named '${name}'` });
    }
    taken.set(name, value.node);
    scope.setName(value, name);
    infos.push({ name, dtype: value.dtype, shape: value.shape });
  }
  const both = names.find((name) => taken.has(name));
  if (both !== undefined) {
    throw new ShapeError({
      where: 'graph',
      wanted: 'results with names of their own',
      got: `a result and an input named '${both}'`,
    });
  }
  const outputInfos = lowering.finish(scope, results, (index) => names[index] as string);
  return scope.graph('retort', infos, outputInfos);
}

/** Writes the graph that computes `outputs` as the bytes of an ONNX model. */
export function toProgram(request: ProgramRequest): OnnxProgram {
  const graph = lowerToGraph(request);
  const bytes = writeModel(graph, request.metadata === undefined ? {} : { metadata: request.metadata });
  return { bytes, inputs: graph.inputs, outputs: graph.outputs };
}
