import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors/failures.js';
import { bytesPerElement, type Dtype } from '../../src/tensor/dtype.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.js';
import { fromNumbers, type Tensor, tensor } from '../../src/tensor/tensor.js';

type Described = { dtype: Dtype; shape: number[]; data: (number | string)[] };
type Case = { base64: string; metadata: Record<string, string>; tensors: Record<string, Described> };

// witness: Python's safetensors, see make_safetensors_fixture.py
const fixture: Record<string, Case> = JSON.parse(
  readFileSync(new URL('safetensors.hugging-face.json', import.meta.url), 'utf8'),
);
const witness = (name: string): Case => fixture[name] as Case;
const bytesOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(witness(name).base64, 'base64'));

function fromDescribed({ dtype, shape, data }: Described): Tensor {
  if (dtype === 'int64') return tensor('int64', shape, BigInt64Array.from(data, BigInt));
  return fromNumbers(dtype, shape, data.map(Number));
}

function tensorsOf(name: string): Map<string, Tensor> {
  return new Map(Object.entries(witness(name).tensors).map(([key, value]) => [key, fromDescribed(value)]));
}

/** A file with this header, as text or as an object, and so many bytes of elements. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = Buffer.alloc(8 + json.length + dataBytes);
  bytes.writeBigUInt64LE(BigInt(json.length));
  json.copy(bytes, 8);
  return bytes;
}

const f32 = (shape: unknown, data_offsets: unknown) => ({ dtype: 'F32', shape, data_offsets });

describe('encodeSafetensors', () => {
  test('writes the bytes that the reference implementation writes, for every type and awkward names', () => {
    const { metadata } = witness('every type');
    expect(Buffer.from(encodeSafetensors(tensorsOf('every type'), metadata)).toString('base64')).toBe(
      witness('every type').base64,
    );
  });

  test('writes the bytes that the reference implementation writes for no tensors', () => {
    expect(Buffer.from(encodeSafetensors({})).toString('base64')).toBe(witness('nothing').base64);
  });

  test('gives the same bytes whatever the order of tensors and metadata', () => {
    const entries = [...tensorsOf('every type')];
    const forwards = encodeSafetensors(new Map(entries), { b: '1', a: '2' });
    const backwards = encodeSafetensors(new Map(entries.reverse()), { a: '2', b: '1' });
    expect(backwards).toEqual(forwards);
  });

  test('refuses the one name that the format keeps for itself', () => {
    expect(() => encodeSafetensors({ __metadata__: fromNumbers('uint8', [1], [1]) })).toThrow(CheckpointError);
  });

  test('writes a view of a larger array alone', () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    const { tensors } = decodeSafetensors(encodeSafetensors({ x: tensor('float32', [2], whole.subarray(1, 3)) }), 'x');
    expect(tensors.get('x')?.data).toEqual(Float32Array.of(2, 3));
  });
});

describe('decodeSafetensors', () => {
  test.each(['every type', 'halves', 'nothing'])('reads the reference file "%s"', (name) => {
    const { tensors, metadata } = decodeSafetensors(bytesOf(name), name);
    expect(new Map([...tensors].sort())).toEqual(new Map([...tensorsOf(name)].sort()));
    expect(Object.fromEntries(metadata)).toEqual(witness(name).metadata);
  });

  test('gives views of the bytes where they are aligned, and right copies where they are not', () => {
    const bytes = encodeSafetensors({ x: fromNumbers('float64', [2], [1, 2]) });
    expect(decodeSafetensors(bytes, 'x').tensors.get('x')?.data.buffer).toBe(bytes.buffer);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const copy = decodeSafetensors(shifted.subarray(1), 'x').tensors.get('x')?.data;
    expect(copy).toEqual(Float64Array.of(1, 2));
    expect(copy?.buffer).not.toBe(shifted.buffer);
  });

  test('reads back what it wrote, any types, shapes and names', () => {
    const dtypes: Dtype[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'uint32', 'bool'];
    const anyTensor = fc
      .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 3 }), fc.infiniteStream(fc.nat(1)))
      .map(([dtype, shape, numbers]) => {
        const size = shape.reduce((product, dim) => product * dim, 1);
        return fromNumbers(dtype, shape, [...numbers.take(size)]);
      });
    const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__');
    const maps = fc.array(fc.tuple(names, anyTensor), { maxLength: 8 }).map((entries) => new Map(entries));
    fc.assert(
      fc.property(maps, (tensors) => {
        const decoded = decodeSafetensors(encodeSafetensors(tensors), 'x').tensors;
        expect(decoded.size).toBe(tensors.size);
        for (const [name, value] of tensors) expect(decoded.get(name)).toEqual(value);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  const length = (value: bigint): Uint8Array => {
    const bytes = Buffer.from(bytesOf('every type'));
    bytes.writeBigUInt64LE(value);
    return bytes;
  };
  const x = f32([2], [0, 8]);

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /m\.safetensors: wanted at least 8 bytes, got 0/],
    ['a file shorter than its length field', new Uint8Array(7), /at least 8 bytes, got 7/],
    ['a header length beyond the file', length(100_000n), /a header length of 100000;/],
    ['a header length that would be negative', length(2n ** 64n - 1n), /a header length of 18446744073709551615/],
    ['no header', new Uint8Array(8), /a JSON header, got invalid JSON/],
    ['a header cut short', length(100n), /a JSON header, got invalid JSON/],
    [
      'bytes that are no UTF-8',
      file('{"\xff":1}', 0).map((byte) => (byte === 0xc3 ? 0xff : byte)),
      /a header in UTF-8/,
    ],
    ['a byte-order mark', file('\ufeff{}', 0), /a JSON header/],
    ['a header that is a list', file([], 0), /an object, got \[\]/],
    ['an entry that is no object', file({ x: 3 }, 0), /tensor "x": wanted an object .*, got 3/],
    ['an unknown type', file({ x: { ...x, dtype: 'I16' } }, 8), /tensor "x": wanted a dtype of I64, .*, got "I16"/],
    ['the name of an object method as type', file({ x: { ...x, dtype: 'toString' } }, 8), /got "toString"/],
    ['no shape', file({ x: f32(undefined, [0, 8]) }, 8), /tensor "x": wanted a shape of integers, got undefined/],
    ['a negative shape', file({ x: f32([-2, -1], [0, 8]) }, 8), /a shape of integers, got \[-2, -1\]/],
    ['a shape of fractions', file({ x: f32([0.5], [0, 2]) }, 2), /a shape of integers, got \[0\.5\]/],
    ['an overflowing shape', file({ x: f32([2 ** 40, 2 ** 40], [0, 8]) }, 8), /a shape that fits into memory/],
    ['a shape that overflows to 0 in 64 bits', file({ x: f32([2 ** 31, 2 ** 31], [0, 0]) }, 0), /fits into memory/],
    [
      'a size other than the shape says',
      file({ x: f32([3], [0, 8]) }, 8),
      /wanted 12 bytes for F32 \[3\], got .* 0 to 8/,
    ],
    ['offsets the wrong way round', file({ x: f32([2], [8, 0]) }, 8), /data_offsets 8 to 0/],
    ['three offsets', file({ x: f32([2], [0, 8, 8]) }, 8), /two data_offsets/],
    ['offsets beyond the file', file({ x: f32([2], [0, 8]) }, 4), /tensor "x": .*within 4 bytes, got an end at 8/],
    ['tensors that overlap', file({ x, y: f32([2], [4, 12]) }, 12), /tensor "y": .*begin at byte 8, .* got byte 4/],
    ['two tensors in one place', file({ x, y: x }, 8), /tensor "y": .*begin at byte 8/],
    ['a hole', file({ x, y: f32([2], [12, 20]) }, 20), /tensor "y": .*begin at byte 8, .* got byte 12/],
    ['a hole at the start', file({ x: f32([2], [4, 12]) }, 12), /tensor "x": .*begin at byte 0/],
    ['trailing bytes', file({ x }, 9), /wanted 8 bytes of elements, got 9/],
    ['a name twice', file('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}, "\\u0078" :{}}', 0), /"x" twice/],
    ['a field twice', file('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"dtype":"I8"}}', 0), /"dtype" twice/],
    [
      'metadata that are no texts',
      file({ __metadata__: { step: 3 } }, 0),
      /__metadata__ as an object of texts, got step: 3/,
    ],
    ['metadata that are no object', file({ __metadata__: [] }, 0), /__metadata__ as an object of texts/],
    [
      'booleans other than 0 and 1',
      Buffer.concat([file({ x: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, 0), Buffer.of(2)]),
      /tensor "x": wanted booleans of 0 and 1, got 2/,
    ],
    [
      'an entry nested a million deep',
      file(`{"x":${'['.repeat(1e6)}${']'.repeat(1e6)}}`, 0),
      /tensor "x": wanted an object/,
    ],
    [
      'a field nested a million deep',
      file(`{"x":{"dtype":${'{"a":'.repeat(1e6)}1${'}'.repeat(1e6)}}}`, 0),
      /got an object/,
    ],
    ['a name of a million letters', file({ ['x'.repeat(1e6)]: 1 }, 0), /^.{1,300}$/],
  ])('refuses %s in one message', (_, bytes, message) => {
    let thrown: unknown;
    try {
      decodeSafetensors(bytes, 'm.safetensors');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CheckpointError);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as CheckpointError).fix).toMatch(/copy or write it again/);
  });

  test('takes __proto__ for a name like any other', () => {
    const { tensors } = decodeSafetensors(
      file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
      'x',
    );
    expect([...tensors.keys()]).toEqual(['__proto__']);
    expect(({} as { dtype?: unknown }).dtype).toBeUndefined();
  });

  test('fails on damaged files with nothing but a CheckpointError, and gives no more elements than bytes', () => {
    const original = bytesOf('every type');
    const edits = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const cut = fc.option(fc.nat(original.length));
    fc.assert(
      fc.property(edits, cut, (changes, end) => {
        const bytes = original.slice(0, end ?? undefined);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        expectReadableOrRefused(bytes);
      }),
      { seed: 2, numRuns: 3000 },
    );
  });

  test('fails on damaged headers with nothing but a CheckpointError', () => {
    const size = fc.oneof(fc.integer({ min: -2, max: 20 }), fc.double(), fc.constant(2 ** 53), fc.jsonValue());
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'I64', 'BOOL', 'F16', 'U8'), fc.jsonValue()),
        shape: fc.oneof(fc.array(size, { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(size, size), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const headers = fc.oneof(fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())), fc.jsonValue());
    fc.assert(
      fc.property(headers, fc.nat(24), (header, dataBytes) => expectReadableOrRefused(file(header, dataBytes))),
      { seed: 3, numRuns: 2000 },
    );
  });
});

function expectReadableOrRefused(bytes: Uint8Array): void {
  try {
    let elements = 0;
    for (const { dtype, data } of decodeSafetensors(bytes, 'x').tensors.values()) {
      // F16 and BF16 double in size.
      elements += data.length * (dtype === 'float32' ? 2 : bytesPerElement(dtype));
    }
    expect(elements).toBeLessThanOrEqual(bytes.length);
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
  }
}
