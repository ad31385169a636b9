/** @file What a graph says of the values between its nodes, against what the nodes make. */
import { expect } from 'vitest';
import { lowerToGraph, type ProgramRequest } from '../../src/autograd/lower.js';
import type { ValueInfo } from '../../src/onnx/program.js';
import { writeModel } from '../../src/onnx/write.js';
import { openSession } from '../../src/runtime/session.js';
import { lengthOf } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/**
 * Runs the graph with everything that it declares as an output, and compares types and shapes.
 * @param lengths of the names in shapes.
 * @returns how many values were compared.
 */
export async function expectDeclaredValues(
  request: ProgramRequest,
  feeds: Readonly<Record<string, Tensor>>,
  lengths: Readonly<Record<string, number>>,
): Promise<number> {
  const graph = lowerToGraph(request);
  const known = new Map(Object.entries(lengths));
  const values = graph.values ?? [];
  // By an Identity each: ONNX Runtime crashes if a Range that it fuses with its Gather is an output itself.
  const shown = ({ name }: ValueInfo) => `shown ${name}`;
  const open = {
    ...graph,
    nodes: [
      ...graph.nodes,
      ...values.map((value) => ({ opType: 'Identity', inputs: [value.name], outputs: [shown(value)] })),
    ],
    outputs: [...graph.outputs, ...values.map((value) => ({ ...value, name: shown(value) }))],
    values: [],
  };
  const session = await openSession({ ...open, bytes: writeModel(open) }, { threads: 1 });
  try {
    const made = await session.run(Object.fromEntries(graph.inputs.map(({ name }) => [name, feeds[name] as Tensor])));
    for (const { name, dtype, shape } of open.outputs) {
      const wanted = shape.map((dim) => lengthOf(dim, known));
      expect([name, made[name]?.dtype, made[name]?.shape]).toEqual([name, dtype, wanted]);
    }
    return values.length;
  } finally {
    await session.release();
  }
}
