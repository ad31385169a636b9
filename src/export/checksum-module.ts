/** @file The WebAssembly module that reads the blocks of `checksumOf` (src/standalone/checksum.ts). */
import { assemble, type Code, get, i32, set, WasmFunction } from '../optim/wasm-assembler.js';

const PRIME = 0x01000193;

/** @returns bytes of a module that exports `mix(hash, at, blocks)` and works on the memory it imports as `host.memory` */
export function checksumModule(): Uint8Array<ArrayBuffer> {
  const [hash, at, blocks] = [0, 1, 2];
  const built = new WasmFunction(['i32', 'i32', 'i32'], 'i32');
  built.while(get(blocks), () => {
    let mixed: Code = i32.xor(get(hash), i32.shiftRightUnsigned(get(hash), i32.constant(15)));
    for (let word = 0; word < 4; word++) {
      mixed = i32.xor(mixed, i32.rotateLeft(i32.load(get(at), 4 * word), i32.constant(7 * word)));
    }
    built.emit(set(hash, i32.mul(mixed, i32.constant(PRIME))));
    built.emit(set(at, i32.add(get(at), i32.constant(16))), set(blocks, i32.sub(get(blocks), i32.constant(1))));
  });
  built.emit(get(hash));
  return assemble({ mix: built });
}
