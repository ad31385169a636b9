/** @file What two processes must have in common for the same options to give the same bits. */
import { versionOf } from './version-of.js';

/** Raised by hand when the same options come to give other bits: another kernel, order of sums, draw or initialisation. */
const ARITHMETIC = 1;

export type Numerics = { readonly arithmetic: number; readonly onnxruntime: string };

let known: Numerics | undefined;

/** Compared where something is resumed, in place of this package's version: most releases change no bits. */
export function numerics(): Numerics {
  // From its manifest: its native code, which knows it too, need not be loaded.
  known ??= { arithmetic: ARITHMETIC, onnxruntime: versionOf('onnxruntime-node') };
  return known;
}
