import onnxProto from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { readOnnxReferences } from '../../src/onnx/onnx-file.js';
import { externalTensor } from './external-model.js';

const { AttributeProto, ModelProto } = onnxProto.onnx;

describe('readOnnxReferences', () => {
  test('finds the files of all tensors: in subgraphs, attributes, sparse tensors, functions and training graphs', async () => {
    const { GRAPH, GRAPHS, TENSOR, TENSORS, SPARSE_TENSOR } = AttributeProto.AttributeType;
    const graph = (location: string) => ({ name: location, initializer: [externalTensor('w', location)] });
    const sparse = (location: string) => ({
      dims: [9],
      values: externalTensor('v', `${location}-values`),
      indices: externalTensor('i', `${location}-indices`),
    });
    const bytes = ModelProto.encode({
      irVersion: 10,
      opsetImport: [{ domain: '', version: 21 }],
      graph: {
        name: 'main',
        initializer: [externalTensor('a', 'initializer'), externalTensor('b', 'initializer')],
        sparseInitializer: [sparse('sparse')],
        node: [
          {
            opType: 'If',
            attribute: [
              {
                name: 'then_branch',
                type: GRAPH,
                g: { node: [{ opType: 'Scan', attribute: [{ name: 'body', type: GRAPH, g: graph('nested') }] }] },
              },
              { name: 'others', type: GRAPHS, graphs: [graph('graphs')] },
            ],
          },
          {
            opType: 'Constant',
            attribute: [
              { name: 'value', type: TENSOR, t: externalTensor('', 'attribute') },
              { name: 'values', type: TENSORS, tensors: [externalTensor('', 'attributes')] },
              { name: 'sparse_value', type: SPARSE_TENSOR, sparseTensor: sparse('constant') },
            ],
          },
        ],
      },
      trainingInfo: [{ initialization: graph('initialization'), algorithm: graph('algorithm') }],
    }).finish();
    // onnx-proto is older than functions: ModelProto.functions is field 25, FunctionProto.node field 7.
    const node = onnxProto.onnx.NodeProto.encode({
      opType: 'Constant',
      attribute: [{ name: 'value', type: TENSOR, t: externalTensor('', 'function') }],
    }).finish();
    const body = Buffer.concat([Buffer.from([(7 << 3) | 2, node.length]), node]);
    const functions = Buffer.concat([Buffer.from([0xca, 0x01, body.length]), body]);
    const { externalFiles } = await readOnnxReferences(Buffer.concat([bytes, functions]));
    expect([...externalFiles].sort()).toEqual([
      'algorithm',
      'attribute',
      'attributes',
      'constant-indices',
      'constant-values',
      'function',
      'graphs',
      'initialization',
      'initializer',
      'nested',
      'sparse-indices',
      'sparse-values',
    ]);
  });

  test('rows of the table that an input is looked up in', async () => {
    const table = { name: 'words', dims: [9, 2], dataType: 1, floatData: new Array(18).fill(0) };
    const graph = { initializer: [table], node: [{ opType: 'Gather', input: ['words', 'ids'], output: ['y'] }] };
    const { tableRows } = await readOnnxReferences(ModelProto.encode({ graph }).finish());
    expect([...tableRows]).toEqual([['ids', 9]]);
  });

  test('torn bytes, and graphs without an end in each other, are refused', async () => {
    await expect(readOnnxReferences(Buffer.from('{"not": "onnx"}'))).rejects.toThrow('wanted a whole ONNX model');
    let graph = {};
    for (let i = 0; i < 100; i++) graph = { node: [{ opType: 'If', attribute: [{ name: 'then_branch', g: graph }] }] };
    await expect(readOnnxReferences(ModelProto.encode({ graph }).finish())).rejects.toThrow('deep in each other');
  });
});
