import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileError } from '../../src/errors/failures.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { sampleGraph } from './sample-graph.js';

const fixture = JSON.parse(readFileSync(new URL('python-models.json', import.meta.url), 'utf8'));
const pythonModel = (name: string) => new Uint8Array(Buffer.from(fixture.models[name], 'base64'));

describe('readModel', () => {
  // witness: the values in python-models.py, encoded by onnx's own helper
  test('reads tensors that Python wrote as typed lists, each element type', () => {
    const { graph, opset, metadata } = readModel(pythonModel('typed_fields'), 'typed');
    expect(opset).toBe(21);
    expect(metadata).toEqual({ 'made by': 'onnx', größe: '2' });
    expect(graph.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['N', 2] }]);
    expect(Object.fromEntries(graph.initializers.map(({ name, tensor }) => [name, tensor.data]))).toEqual({
      float32: Float32Array.of(0.5, -2),
      float64: Float64Array.of(0.1, -1e300),
      int32: Int32Array.of(-1, 2147483647),
      int64: BigInt64Array.of(-9223372036854775808n, 9007199254740993n),
      uint8: Uint8Array.of(0, 255),
      uint32: Uint32Array.of(1, 4294967295),
      bool: Uint8Array.of(1, 0),
    });
    expect(graph.initializers.map(({ name, tensor }) => [name, tensor.dtype])).toEqual(
      graph.initializers.map(({ name }) => [name, name]),
    );
  });

  test('reads each kind of attribute, subgraphs and omitted inputs as Python wrote them', () => {
    const { graph } = readModel(pythonModel('attributes'), 'attributes');
    const [choice, constant, , clip, elu, gelu, softmax, transpose] = graph.nodes;
    expect(choice?.attributes?.then_branch).toMatchObject({ kind: 'graph', value: { nodes: [{ opType: 'Abs' }] } });
    expect(choice?.attributes?.else_branch).toMatchObject({ kind: 'graph', value: { nodes: [{ inputs: ['x'] }] } });
    expect(constant?.attributes).toEqual({
      value: { kind: 'tensor', value: { dtype: 'float32', shape: [1, 3], data: Float32Array.of(1, 2, 3) } },
    });
    expect(clip).toEqual({ opType: 'Clip', inputs: ['b', '', 'six'], outputs: ['clipped'] });
    expect(elu?.attributes).toEqual({ alpha: { kind: 'float', value: 0.25 } });
    expect(gelu?.attributes).toEqual({ approximate: { kind: 'string', value: 'tanh' } });
    expect(softmax?.attributes).toEqual({ axis: { kind: 'int', value: -1 } });
    expect(transpose?.attributes).toEqual({ perm: { kind: 'ints', value: [1, 0] } });
    expect(graph.initializers).toEqual([
      { name: 'six', tensor: { dtype: 'float32', shape: [], data: Float32Array.of(6) } },
    ]);
  });

  test('names what our graphs cannot hold', () => {
    expect(() => readModel(pythonModel('half'), 'half.onnx')).toThrow(
      "half.onnx: wanted 'x' as one of float32, uint8, int32, int64, bool, float64, uint32, got float16",
    );
    expect(() => readModel(pythonModel('contributed'), 'c.onnx')).toThrow(
      'c.onnx: wanted operators of the standard ONNX set, got com.microsoft.QuickGelu',
    );
  });

  test('tensors survive when the bytes are overwritten', () => {
    const bytes = writeModel(sampleGraph);
    const { graph } = readModel(bytes, 'sample');
    bytes.fill(0);
    expect(graph).toEqual(sampleGraph);
  });

  test('bytes of another format are a FileError that says so', () => {
    const text = new TextEncoder().encode('<!DOCTYPE html><title>404</title>');
    expect(() => readModel(text, 'model.onnx')).toThrow(/^model\.onnx: wanted an ONNX model, got 33 bytes/);
    expect(() => readModel(new Uint8Array(), 'model.onnx')).toThrow(FileError);
  });

  test('weights whose size does not fit their shape are a FileError', () => {
    const short = { dtype: 'float32', shape: [3], data: Float32Array.of(1, 2) } as const;
    const bytes = writeModel({ ...sampleGraph, initializers: [{ name: 'w', tensor: short }] });
    expect(() => readModel(bytes, 'torn.onnx')).toThrow(
      "torn.onnx: wanted initializer 'w': elements for shape [3], got 2",
    );
    const negative = { dtype: 'float32', shape: [-1, -2], data: Float32Array.of(1, 2) } as const;
    const hostile = writeModel({ ...sampleGraph, initializers: [{ name: 'w', tensor: negative }] });
    expect(() => readModel(hostile, 'hostile.onnx')).toThrow(FileError);
  });

  test('a file cut at any byte, or with any byte changed, is read or a FileError, and nothing else', () => {
    const whole = writeModel(sampleGraph);
    const survives = (bytes: Uint8Array) => {
      try {
        readModel(bytes, 'model.onnx');
      } catch (error) {
        expect(error).toBeInstanceOf(FileError);
      }
    };
    for (let end = 0; end < whole.length; end++) survives(whole.slice(0, end));
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = whole.slice();
        for (const { at, to } of changes) bytes[at] = to;
        survives(bytes);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  // 6,000 levels decode but once overflowed the stack afterwards, as a bare RangeError; 12,000 overflow in the decoder
  test.each([2_000, 4_000])('%d graphs nested in each other are a FileError', (graphs) => {
    expect(() => readModel(nested(graphs), 'deep.onnx')).toThrow(FileError);
  });
});

/** A model (field 7: graph) whose graph has a node (1) with an attribute (5) of type graph (20: 5) with a graph (6) … */
function nested(graphs: number): Buffer {
  const heads: Buffer[] = [];
  let length = 0;
  const wrap = (head: Buffer) => {
    heads.push(head);
    length += head.length;
  };
  for (let i = 0; i < graphs; i++) {
    wrap(Buffer.concat([Buffer.of(0xa0, 0x01, 5, 0x32), varint(length)]));
    wrap(Buffer.concat([Buffer.of(0x2a), varint(length)]));
    wrap(Buffer.concat([Buffer.of(0x0a), varint(length)]));
  }
  wrap(Buffer.concat([Buffer.of(0x42, 2, 0x10, 21, 0x3a), varint(length)]));
  return Buffer.concat(heads.reverse());
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return Buffer.of(...bytes, rest);
}
