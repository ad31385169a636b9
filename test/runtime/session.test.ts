import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { DeviceError, DtypeError, OptionError, ShapeError } from '../../src/errors/failures.js';
import type { OnnxProgram } from '../../src/onnx/program.js';
import type { SessionOptions } from '../../src/runtime/backend.js';
import { EngineError } from '../../src/runtime/engine-error.js';
import type { Session } from '../../src/runtime/running-session.js';
import { openSession } from '../../src/runtime/session.js';
import type { Dtype } from '../../src/tensor/dtype.js';
import { fromNumbers, type Tensor, tensor, toNumbers, zeros } from '../../src/tensor/tensor.js';
import { binary, program } from './programs.js';

// The types of Node 20 do not know it, and those of the browser would bring in all the rest.
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
};

const opened: Session[] = [];
async function open(of: OnnxProgram, options: SessionOptions = {}): Promise<Session> {
  const session = await openSession(of, { threads: 1, ...options });
  opened.push(session);
  return session;
}
afterAll(() => Promise.all(opened.map((session) => session.release())));

const pair = { dtype: 'float32', shape: [2] } as const;
const x = tensor('float32', [2], Float32Array.of(1, 2));
const y = tensor('float32', [2], Float32Array.of(10, 20));

describe('Session.run', () => {
  test.each<Dtype>(['float32', 'float64', 'int32', 'int64', 'uint8', 'uint32'])('adds %s', async (dtype) => {
    const session = await open(binary('Add', { dtype, shape: [2, 2] }));
    const { z } = await session.run({
      x: fromNumbers(dtype, [2, 2], [1, 2, 3, 4]),
      y: fromNumbers(dtype, [2, 2], [10, 20, 30, 40]),
    });
    expect(z).toEqual(fromNumbers(dtype, [2, 2], [11, 22, 33, 44]));
  });

  test.each<Dtype>(['float32', 'float64', 'int32', 'int64', 'uint32'])('multiplies matrices of %s', async (dtype) => {
    const session = await open(binary('MatMul', { dtype, shape: [2, 2] }));
    const { z } = await session.run({
      x: fromNumbers(dtype, [2, 2], [1, 2, 3, 4]),
      y: fromNumbers(dtype, [2, 2], [5, 6, 7, 8]),
    });
    // by hand: [1·5 + 2·7, 1·6 + 2·8], [3·5 + 4·7, 3·6 + 4·8]
    expect(z).toEqual(fromNumbers(dtype, [2, 2], [19, 22, 43, 50]));
  });

  test('takes and gives booleans as bytes', async () => {
    const session = await open(binary('And', { dtype: 'bool', shape: [4] }));
    const { z } = await session.run({
      x: tensor('bool', [4], Uint8Array.of(0, 0, 1, 1)),
      y: tensor('bool', [4], Uint8Array.of(0, 1, 0, 1)),
    });
    expect(z).toEqual(tensor('bool', [4], Uint8Array.of(0, 0, 0, 1)));
  });

  test('integers beyond 2^53 arrive whole', async () => {
    const session = await open(binary('Add', { dtype: 'int64', shape: [] }));
    const { z } = await session.run({
      x: tensor('int64', [], BigInt64Array.of(2n ** 53n)),
      y: tensor('int64', [], BigInt64Array.of(1n)),
    });
    expect(z?.data[0]).toBe(9007199254740993n);
  });

  test('a tensor without elements is a tensor', async () => {
    const session = await open(binary('Add', { dtype: 'float32', shape: [0, 3] }));
    const empty = zeros('float32', [0, 3]);
    expect(await session.run({ x: empty, y: empty })).toEqual({ z: empty });
  });

  test('writes into preallocated outputs and returns these very tensors', async () => {
    const session = await open(binary('Add', pair));
    const z = zeros('float32', [2]);
    const results = await session.run({ x, y }, { z });
    expect(results.z).toBe(z);
    expect([...z.data]).toEqual([11, 22]);
  });

  test('of several outputs, those not preallocated are new', async () => {
    const value = (name: string) => ({ name, ...pair });
    const nodes = [
      { opType: 'Neg', inputs: ['x'], outputs: ['a'] },
      { opType: 'Abs', inputs: ['x'], outputs: ['b'] },
    ];
    const session = await open(program(nodes, [value('x')], [value('a'), value('b')]));
    const b = zeros('float32', [2]);
    const results = await session.run({ x: tensor('float32', [2], Float32Array.of(-3, 4)) }, { b });
    expect(Object.keys(results)).toEqual(['a', 'b']);
    expect([...(results.a?.data ?? [])]).toEqual([3, -4]);
    expect([...b.data]).toEqual([3, 4]);
  });

  test('sees what the caller writes into an array between two runs', async () => {
    const session = await open(binary('Add', pair));
    const data = Float32Array.of(1, 2);
    const feeds = { x: tensor('float32', [2], data), y };
    const z = zeros('float32', [2]);
    await session.run(feeds, { z });
    data.set([5, 6]);
    await session.run(feeds, { z });
    expect([...z.data]).toEqual([15, 26]);
  });

  test('one array may be fed in another shape, or as another type, in the next run', async () => {
    const data = Uint8Array.of(1, 0, 1, 1);
    const sum = Uint8Array.of(2, 0, 2, 2);
    const and = await open(binary('And', { dtype: 'bool', shape: [4] }));
    const flat = await open(binary('Add', { dtype: 'uint8', shape: [4] }));
    const square = await open(binary('Add', { dtype: 'uint8', shape: [2, 2] }));
    const twice = async (session: Session, value: Tensor) => (await session.run({ x: value, y: value })).z;
    expect(await twice(and, tensor('bool', [4], data))).toEqual(tensor('bool', [4], data));
    expect(await twice(flat, tensor('uint8', [4], data))).toEqual(tensor('uint8', [4], sum));
    expect(await twice(square, tensor('uint8', [2, 2], data))).toEqual(tensor('uint8', [2, 2], sum));
  });

  test('reads and writes views inside a WebAssembly.Memory and leaves the bytes beside them', async () => {
    const session = await open(binary('Add', pair));
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    const whole = new Float32Array(buffer, 0, 8).fill(7);
    const feed = tensor('float32', [2], new Float32Array(buffer, 4, 2));
    feed.data.set([1, 2]);
    await session.run({ x: feed, y }, { z: tensor('float32', [2], new Float32Array(buffer, 20, 2)) });
    expect([...whole]).toEqual([7, 1, 2, 7, 7, 11, 22, 7]);
  });

  test('a view left behind by memory.grow() is an error, also after it was used', async () => {
    const session = await open(binary('Add', pair));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const feed = tensor('float32', [2], new Float32Array(memory.buffer, 0, 2));
    await session.run({ x: feed, y });
    memory.grow(1);
    await expect(session.run({ x: feed, y })).rejects.toThrow(
      "input 'x': wanted 2 elements for shape [2], got 0; its buffer was detached: take the view again after memory.grow()",
    );
  });

  test('a SharedArrayBuffer is an error that names the tensor', async () => {
    const session = await open(binary('Add', pair));
    const shared = tensor('float32', [2], new Float32Array(new SharedArrayBuffer(8)));
    await expect(session.run({ x: shared, y })).rejects.toThrow(DtypeError);
    await expect(session.run({ x, y }, { z: shared })).rejects.toThrow(/^output 'z': wanted an array over an ArrayB/);
  });

  test('names missing and unknown inputs and outputs', async () => {
    const session = await open(binary('Add', pair));
    await expect(session.run({ x })).rejects.toThrow("input 'y': wanted float32 [2], got x; feed every input");
    await expect(session.run({ x, y, label: y })).rejects.toThrow(
      "input 'label': wanted an input of this graph: x, y, got an unknown name",
    );
    await expect(session.run({ x, y }, { loss: y })).rejects.toThrow(
      "output 'loss': wanted an output of this graph: z, got an unknown name",
    );
  });

  test('names the tensor of the wrong type or shape', async () => {
    const session = await open(binary('Add', pair));
    const wide = zeros('float32', [3]);
    await expect(session.run({ x, y: zeros('float64', [2]) })).rejects.toThrow(
      new DtypeError({ where: "input 'y'", wanted: 'float32', got: 'float64' }),
    );
    await expect(session.run({ x: wide, y })).rejects.toThrow(
      new ShapeError({ where: "input 'x'", wanted: 'shape [2]', got: '[3]' }),
    );
    await expect(session.run({ x, y }, { z: wide })).rejects.toThrow(
      new ShapeError({ where: "output 'z'", wanted: 'shape [2]', got: '[3]' }),
    );
    await expect(session.run({ x: zeros('float32', [2, 1]), y })).rejects.toThrow(ShapeError);
    await expect(session.run({ x: { ...x, data: new Float32Array(3) }, y })).rejects.toThrow(ShapeError);
  });

  test('a named length takes any value, the same one throughout a run', async () => {
    const session = await open(binary('Add', { dtype: 'float32', shape: ['N', 1] }));
    for (const length of [1, 3]) {
      const ones = tensor('float32', [length, 1], new Float32Array(length).fill(1));
      expect((await session.run({ x: ones, y: ones })).z?.shape).toEqual([length, 1]);
    }
    const one = zeros('float32', [1, 1]);
    const two = zeros('float32', [2, 1]);
    await expect(session.run({ x: two, y: one })).rejects.toThrow(
      "input 'y': wanted shape [N, 1] with N=2, got [1, 1]",
    );
    await expect(session.run({ x: two, y: two }, { z: one })).rejects.toThrow(
      "output 'z': wanted shape [N, 1] with N=2, got [1, 1]",
    );
  });

  test('a kernel that fails gives an EngineError with the cause, and the session lives on', async () => {
    const gather = program(
      [{ opType: 'Gather', inputs: ['x', 'ids'], outputs: ['z'] }],
      [
        { name: 'x', ...pair },
        { name: 'ids', dtype: 'int64', shape: [1] },
      ],
      [{ name: 'z', dtype: 'float32', shape: [1] }],
    );
    const session = await open(gather);
    const failed = session.run({ x, ids: tensor('int64', [1], BigInt64Array.of(5n)) });
    await expect(failed).rejects.toThrow(EngineError);
    await expect(failed).rejects.toThrow(/Gather.*idx=5 must be within the inclusive range \[-2,1\]/);
    const { z } = await session.run({ x, ids: tensor('int64', [1], BigInt64Array.of(-1n)) });
    expect(toNumbers(z ?? { data: [] })).toEqual([2]);
  });

  test('two sessions, and two runs at once, keep apart', async () => {
    const [add, multiply] = await Promise.all([open(binary('Add', pair)), open(binary('Mul', pair))]);
    const results = await Promise.all([add.run({ x, y }), multiply.run({ x, y }), add.run({ x: y, y })]);
    expect(results.map(({ z }) => toNumbers(z ?? { data: [] }))).toEqual([
      [11, 22],
      [10, 40],
      [20, 40],
    ]);
  });

  test('the event loop gets a turn before each run', async () => {
    const session = await open(binary('Add', pair));
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    for (let run = 0; run < 50; run++) await session.run({ x, y });
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(50);
  });
});

describe('Session.release', () => {
  test('waits for the run under way, may be called twice, and ends the session', async () => {
    const session = await open(binary('Add', pair));
    const running = session.run({ x, y });
    await Promise.all([session.release(), session.release()]);
    expect((await running).z?.data).toEqual(Float32Array.of(11, 22));
    await expect(session.run({ x, y })).rejects.toThrow(EngineError);
  });
});

describe('openSession', () => {
  test('gives the same bits on one thread and on two', async () => {
    const shape = [96, 96];
    const values = Float32Array.from({ length: 96 * 96 }, (_, i) => Math.sin(i));
    const feeds = { x: tensor('float32', shape, values), y: tensor('float32', shape, values) };
    const of = binary('MatMul', { dtype: 'float32', shape });
    const [one, two] = await Promise.all([open(of, { threads: 1 }), open(of, { threads: 2, spinning: false })]);
    expect((await one.run(feeds)).z).toEqual((await two.run(feeds)).z);
  });

  test('a graph that ONNX Runtime refuses is an EngineError with its reason on one line', async () => {
    const opening = openSession(binary('NoSuchOp', pair));
    await expect(opening).rejects.toThrow(EngineError);
    await expect(opening).rejects.toThrow(
      /^ONNX Runtime: wanted a graph that ONNX Runtime supports, got [^\n]*NoSuchOp[^\n]*$/,
    );
  });

  test('threads must be an integer ≥ 1', async () => {
    for (const threads of [0, 1.5, Number.NaN]) {
      await expect(openSession(binary('Add', pair), { threads })).rejects.toThrow(OptionError);
    }
  });

  test('an unknown device is a DeviceError', async () => {
    await expect(openSession(binary('Add', pair), { device: 'gpu' })).rejects.toThrow(DeviceError);
  });

  test('profilePrefix leaves a profile that names the nodes', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'retort-profile-'));
    try {
      const session = await open(binary('Add', pair), { profilePrefix: path.join(folder, 'step') });
      await session.run({ x, y });
      await session.release();
      const [file = 'none', ...others] = await readdir(folder);
      expect(others).toEqual([]);
      expect(file).toMatch(/^step_.*\.json$/);
      expect(await readFile(path.join(folder, file), 'utf8')).toContain('"op_name" : "Add"');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  // In a process of its own, because native code writes past Node's streams.
  test('nothing is written to stdout or stderr: opening, running, failing to run, failing to open', async () => {
    const built = (file: string) => new URL(`../../dist/${file}`, import.meta.url).href;
    const script = `
      const { openSession } = await import('${built('runtime/session.js')}');
      const { writeModel } = await import('${built('onnx/write.js')}');
      const program = (opType) => {
        const inputs = [{ name: 'x', dtype: 'float32', shape: [2] }, { name: 'ids', dtype: 'int64', shape: [1] }];
        const outputs = [{ name: 'z', dtype: 'float32', shape: [1] }];
        const nodes = [{ opType, inputs: ['x', 'ids'], outputs: ['z'] }];
        return { bytes: writeModel({ name: 'g', nodes, inputs, outputs, initializers: [] }), inputs, outputs };
      };
      const x = { dtype: 'float32', shape: [2], data: new Float32Array(2) };
      const ids = (id) => ({ dtype: 'int64', shape: [1], data: BigInt64Array.of(id) });
      const failures = [];
      const session = await openSession(program('Gather'));
      await session.run({ x, ids: ids(1n) });
      await session.run({ x, ids: ids(5n) }).catch((error) => failures.push(error.name));
      await session.release();
      await openSession(program('NoSuchOp')).catch((error) => failures.push(error.name));
      process.exitCode = failures.join() === 'EngineError,EngineError' ? 0 : 3;
    `;
    const output = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(output).toEqual({ stdout: '', stderr: '' });
  });

  test('native code is loaded by opening a session and not by importing this module', async () => {
    const script = `
      await import('${new URL('../../dist/runtime/session.js', import.meta.url).href}');
      const isLoaded = process.report.getReport().sharedObjects.some((file) => file.includes('onnxruntime'));
      process.exitCode = isLoaded ? 3 : 0;
    `;
    const output = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(output).toEqual({ stdout: '', stderr: '' });
  });
});
