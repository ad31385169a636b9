import type { Node, Value } from './value.js';

/**
 * All nodes that the values depend on, inputs before users. Nodes for which `enter` is false are left out, and so is
 * what only they lead to.
 *
 * Iterative: a chain grows with sequence length, and recursion overflowed Node 20's stack at 15,000 nodes.
 */
export function topologicalOrder(values: readonly Value[], enter: (node: Node) => boolean = () => true): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const visit = (node: Node): void => {
    if (seen.has(node) || !enter(node)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  for (const value of values) {
    visit(value.node);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const following = top.node.inputs[top.next++];
      if (following === undefined) {
        order.push(top.node);
        stack.pop();
      } else {
        visit(following.node);
      }
    }
  }
  return order;
}

/**
 * Input values that the results read, in the order met; loops list what their bodies capture as inputs.
 * @param order all nodes behind the results, where it is known.
 */
export function inputsOf(results: readonly Value[], order = topologicalOrder(results)): Map<Node, Value> {
  const found = new Map<Node, Value>();
  const note = (value: Value) => {
    if (value.node.kind === 'input' && !found.has(value.node)) found.set(value.node, value);
  };
  for (const node of order) for (const value of node.inputs) note(value);
  for (const value of results) note(value);
  return found;
}
