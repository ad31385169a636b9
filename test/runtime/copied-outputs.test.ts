/** @file Outputs of a build of ONNX Runtime that leaves arrays unwritten which it is given for them, as onnxruntime-web does. */
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import { Tensor as OrtTensorClass } from 'onnxruntime-common';
import { describe, expect, test } from 'vitest';
import { DtypeError, ShapeError } from '../../src/errors/failures.js';
import { Session } from '../../src/runtime/running-session.js';
import { tensor, zeros } from '../../src/tensor/tensor.js';

const value = (name: string) => ({ name, dtype: 'float32', shape: [2] }) as const;

/** z = 10 x, which never writes into an array of the caller. */
function careless(asked: (string | null)[] = []) {
  return {
    run: async (feeds: InferenceSession.FeedsType, fetches: InferenceSession.FetchesType) => {
      asked.push(...Object.values(fetches as Record<string, OrtTensor | null>).map((one) => one && 'an array'));
      const { data } = (feeds as Record<string, OrtTensor>).x as OrtTensor;
      const z = Float32Array.from(data as Float32Array, (one) => 10 * one);
      return { z: new OrtTensorClass('float32', z, [2]) };
    },
    release: async () => {},
    endProfiling: () => {},
  } as unknown as ConstructorParameters<typeof Session>[1];
}

function open(native = careless()): Session {
  const how = { OrtTensor: OrtTensorClass, isProfiled: false, canKeep: false, writesOutputs: false };
  return new Session({ inputs: [value('x')], outputs: [value('z')] }, native, how);
}

const x = tensor('float32', [2], Float32Array.of(1, 2));

describe('Session on a build that writes no outputs', () => {
  test('copies results into the arrays of the caller, and asks for new ones', async () => {
    const asked: (string | null)[] = [];
    const session = open(careless(asked));
    const z = zeros('float32', [2]);
    const results = await session.run({ x }, { z });
    expect(results.z).toBe(z);
    expect([...z.data]).toEqual([10, 20]);
    expect(asked).toEqual([null]);
  });

  test('one array is input and output at once', async () => {
    const both = tensor('float32', [2], Float32Array.of(3, 4));
    await open().run({ x: both }, { z: both });
    expect([...both.data]).toEqual([30, 40]);
  });

  test('arrays of another shape or type are refused as ever', async () => {
    await expect(open().run({ x }, { z: zeros('float32', [3]) })).rejects.toThrow(ShapeError);
    await expect(open().run({ x }, { z: zeros('float64', [2]) })).rejects.toThrow(DtypeError);
  });

  test('without arrays of the caller results are new', async () => {
    expect((await open().run({ x })).z).toEqual(tensor('float32', [2], Float32Array.of(10, 20)));
  });
});
