import { applyOp } from './op.js';
import { topologicalOrder } from './topological-order.js';
import type { Node, OpNode, Value } from './value.js';

/**
 * Copies graphs with parts replaced. `replace` sees each op node with its inputs already replaced and returns
 * what stands for its outputs, or undefined to keep the node (copied only if an input changed). Values mapped
 * by `known` are not looked into.
 */
export class Rewriter {
  readonly #known = new Map<Node, readonly Value[]>();
  readonly #replace: (node: OpNode, inputs: readonly Value[]) => readonly Value[] | undefined;

  constructor(replace: (node: OpNode, inputs: readonly Value[]) => readonly Value[] | undefined) {
    this.#replace = replace;
  }

  /** Declares what stands for the outputs of a node. */
  know(node: Node, outputs: readonly Value[]): void {
    this.#known.set(node, outputs);
  }

  /** What stands for the values. */
  rewrite(values: readonly Value[]): Value[] {
    for (const node of topologicalOrder(values, (candidate) => !this.#known.has(candidate))) {
      if (node.kind !== 'op') continue;
      const inputs = node.inputs.map((value) => this.#standIn(value));
      const replaced = this.#replace(node, inputs);
      if (replaced !== undefined) this.#known.set(node, replaced);
      else if (inputs.some((value, i) => value !== node.inputs[i])) {
        this.#known.set(node, applyOp(node.op, inputs, node.attributes));
      } else this.#known.set(node, node.outputs);
    }
    return values.map((value) => this.#standIn(value));
  }

  #standIn(value: Value): Value {
    return this.#known.get(value.node)?.[value.index] ?? value;
  }
}

/** Tells a rewriter what stands for single values, which may be some of the outputs of a node. */
export function replaceValues(rewriter: Rewriter, replacements: ReadonlyMap<Value, Value>): void {
  const byNode = new Map<Node, Value[]>();
  for (const [from, to] of replacements) {
    const outputs = byNode.get(from.node) ?? (from.node.kind === 'op' ? [...from.node.outputs] : [from]);
    outputs[from.index] = to;
    byNode.set(from.node, outputs);
  }
  for (const [node, outputs] of byNode) rewriter.know(node, outputs);
}

/** Copies values with some of the values they depend on replaced. */
export function substitute(values: readonly Value[], replacements: ReadonlyMap<Value, Value>): Value[] {
  const rewriter = new Rewriter(() => undefined);
  replaceValues(rewriter, replacements);
  return rewriter.rewrite(values);
}
