/**
 * @file The bytes of what a student was packed into, and their checksum. In the manner of FNV-1a, sixteen bytes at a time: a
 * changed character is noticed; whoever changes it on purpose is not. All of a file is read before the first answer, by code that
 * no engine has compiled yet, so that plain JavaScript takes as long for it as for the answer: where it may be compiled, the
 * WebAssembly of src/export/checksum-module.ts reads the blocks.
 */

/** Four numbers of 32 bits. */
const BLOCK = 16;
const [BASIS, PRIME] = [0x811c9dc5, 0x01000193];
const PAGE = 65_536;

/** The checksum after so many blocks of the memory from an address on. */
type Mix = (hash: number, at: number, blocks: number) => number;

/**
 * Texts as bytes, in one memory.
 * @param module bytes of the WebAssembly module; without it, and where none is compiled, plain JavaScript reads the blocks
 */
export function checkedBytes(
  texts: readonly string[],
  module?: Int8Array<ArrayBuffer>,
): { readonly bytes: readonly Uint8Array[]; readonly checksum: number } {
  // UTF-8 has three bytes at most for a code unit. Pages that nothing is written to take no memory.
  const pages = Math.ceil(texts.reduce((sum, { length }) => sum + 3 * length + BLOCK, 0) / PAGE);
  const { memory, mix } = (module && compiled(module, pages)) ?? plain(pages);
  const all = new Uint8Array(memory);
  const encoder = new TextEncoder();
  let at = 0;
  let hash = BASIS;
  const bytes = texts.map((text) => {
    const { written } = encoder.encodeInto(text, all.subarray(at));
    const blocks = Math.floor(written / BLOCK);
    hash = mix(hash, at, blocks);
    for (let i = at + BLOCK * blocks; i < at + written; i++) hash = Math.imul(hash ^ (all[i] as number), PRIME);
    // High bits do not reach low ones by multiplication.
    hash = Math.imul(hash ^ (hash >>> 15) ^ written, PRIME);
    const found = all.subarray(at, at + written);
    at += BLOCK * Math.ceil(written / BLOCK);
    return found;
  });
  return { bytes, checksum: hash >>> 0 };
}

type Mixer = { readonly memory: ArrayBuffer; readonly mix: Mix };

function plain(pages: number): Mixer {
  const memory = new ArrayBuffer(pages * PAGE);
  const words = new Int32Array(memory);
  const mix: Mix = (start, at, blocks) => {
    let hash = start;
    for (let i = at / 4; i < at / 4 + 4 * blocks; i += 4) {
      const b = words[i + 1] as number;
      const c = words[i + 2] as number;
      const d = words[i + 3] as number;
      const mixed =
        (words[i] as number) ^ ((b << 7) | (b >>> 25)) ^ ((c << 14) | (c >>> 18)) ^ ((d << 21) | (d >>> 11));
      hash = Math.imul(hash ^ (hash >>> 15) ^ mixed, PRIME);
    }
    return hash;
  };
  return { memory, mix };
}

/** undefined where nothing is compiled at run time (workerd), or the runtime has no WebAssembly. */
function compiled(module: Int8Array<ArrayBuffer>, pages: number): Mixer | undefined {
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module.buffer)), {
      host: { memory },
    });
    return { memory: memory.buffer as ArrayBuffer, mix: exports.mix as Mix };
  } catch {
    return undefined;
  }
}
