import { describe, expect, test } from 'vitest';
import wabt from 'wabt';
import {
  assemble,
  createMemory,
  f32,
  f32x4,
  f64,
  f64x2,
  get,
  i16x8,
  i32,
  i32x4,
  instantiate,
  set,
  v128,
  WasmFunction,
} from '../../src/optim/wasm-assembler.js';

describe('assemble', () => {
  // Witness: wabt, the WebAssembly working group's own assembler, on the same module as text.
  test('all instructions have the bytes of wabt', async () => {
    const text = `(module
      (import "host" "memory" (memory 0))
      (func (export "all") (param i32 i32) (result f64)
        (local i32) (local v128) (local f32) (local f64)
        (local.set 2 (i32.add (local.get 0) (i32.sub (i32.const -65) (i32.mul (i32.const 64) (i32.const 100000)))))
        (block (loop
          (br_if 1 (i32.eqz (i32.lt_u (local.get 2) (i32.ge_u (local.get 1) (i32.const 63)))))
          (local.set 3 (v128.load align=1 (local.get 0)))
          (local.set 3 (v128.load offset=300 align=1 (local.get 0)))
          (local.set 3 (f32x4.add (local.get 3) (f32x4.sub (local.get 3) (f32x4.mul (local.get 3) (f32x4.div
            (f32x4.sqrt (local.get 3)) (v128.load32_splat offset=4 align=1 (local.get 1)))))))
          (v128.store offset=16 align=1 (local.get 0) (v128.const f32x4 0.1 0.1 0.1 0.1))
          (br 0)))
        (if (v128.any_true (v128.or (local.get 3) (local.get 3)))
          (then (local.set 2 (i32.load offset=4 align=1 (local.get 0)))))
        (local.set 4 (f32.add (f32.load offset=8 align=1 (local.get 0)) (f32.sub (local.get 4) (f32.mul (local.get 4)
          (f32.div (f32.sqrt (local.get 4)) (f32.const -0.3))))))
        (f32.store align=1 (local.get 0) (local.get 4))
        (local.set 3 (f64x2.add (f64x2.mul (local.get 3) (v128.const i64x2 0 0))
          (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 align=1 (local.get 0)))))
        (local.set 3 (f32x4.pmin (local.get 3) (f32x4.pmax (local.get 3) (f32x4.convert_i32x4_s (local.get 3)))))
        (local.set 3 (i32x4.shl (i32x4.dot_i16x8_s (v128.load align=1 (local.get 0)) (local.get 3)) (i32.const 23)))
        (v128.store64_lane align=1 0 (local.get 0) (i16x8.narrow_i32x4_s (local.get 3) (local.get 3)))
        (local.set 5 (f64.add (f64.mul (f64.promote_f32 (local.get 4)) (f64.const 0)) (f64x2.extract_lane 1 (local.get 3))))
        (local.get 5)))`;
    const module = (await wabt()).parseWat('all.wat', text);
    const wanted = module.toBinary({}).buffer;
    module.destroy();

    const all = new WasmFunction(['i32', 'i32'], 'f64');
    const [counter, vector, single, double] = [all.local('i32'), all.local('v128'), all.local('f32'), all.local('f64')];
    const [v, s] = [get(vector), get(single)];
    all.emit(
      set(counter, i32.add(get(0), i32.sub(i32.constant(-65), i32.mul(i32.constant(64), i32.constant(100_000))))),
    );
    all.while(i32.lessUnsigned(get(counter), i32.greaterOrEqualUnsigned(get(1), i32.constant(63))), () => {
      all.emit(set(vector, f32x4.load(get(0))), set(vector, f32x4.load(get(0), 300)));
      const quotient = f32x4.div(f32x4.sqrt(v), f32x4.loadSplat(get(1), 4));
      all.emit(set(vector, f32x4.add(v, f32x4.sub(v, f32x4.mul(v, quotient)))));
      all.emit(f32x4.store(get(0), f32x4.constant(0.1), 16));
    });
    all.if(v128.anyTrue(v128.or(v, v)), () => all.emit(set(counter, i32.load(get(0), 4))));
    const quotient = f32.div(f32.sqrt(s), f32.constant(-0.3));
    all.emit(set(single, f32.add(f32.load(get(0), 8), f32.sub(s, f32.mul(s, quotient)))));
    all.emit(f32.store(get(0), s));
    all.emit(set(vector, f64x2.add(f64x2.mul(v, f64x2.zero), f64x2.loadPromote(get(0), 8))));
    all.emit(set(vector, f32x4.smaller(v, f32x4.larger(v, f32x4.fromIntegers(v)))));
    all.emit(set(vector, i32x4.shiftLeft(i16x8.dot(v128.load(get(0)), v), i32.constant(23))));
    all.emit(v128.storeHalf(get(0), i16x8.narrow(v)));
    all.emit(set(double, f64.add(f64.mul(f64.promote(s), f64.zero), f64x2.lane(v, 1))));
    all.emit(get(double));
    expect(Buffer.from(assemble({ all })).toString('hex')).toBe(Buffer.from(wanted).toString('hex'));
  });
});

describe('instantiate', () => {
  // Closed form: 0 + 1 + … + 9.
  test('a loop runs as often as its condition holds', () => {
    const sum = new WasmFunction(['i32'], 'f64');
    const [index, total] = [sum.local('i32'), sum.local('f64')];
    sum.while(i32.lessUnsigned(get(index), get(0)), () => {
      const value = f64.promote(f32.load(i32.mul(get(index), i32.constant(4))));
      sum.emit(set(total, f64.add(get(total), value)));
      sum.emit(set(index, i32.add(get(index), i32.constant(1))));
    });
    sum.emit(get(total));
    const memory = createMemory(100);
    new Float32Array(memory.buffer).set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100]);
    expect(instantiate({ sum }, memory).sum?.(10)).toBe(45);
  });
});
