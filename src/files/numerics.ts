/** @file What two processes must have in common for the same options to give the same bits. */
import { createRequire } from 'node:module';

/** Raised by hand when the same options come to give other bits: another kernel, order of sums, draw or initialisation. */
const ARITHMETIC = 1;

export type Numerics = { readonly arithmetic: number; readonly onnxruntime: string };

let known: Numerics | undefined;

/** Compared where something is resumed, in place of this package's version: most releases change no bits. */
export function numerics(): Numerics {
  known ??= { arithmetic: ARITHMETIC, onnxruntime: onnxRuntimeVersion() };
  return known;
}

/** From its manifest: its native code, which knows it too, need not be loaded. */
function onnxRuntimeVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('onnxruntime-node/package.json');
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}
