/**
 * @file Runs whose results stay in the caller's arrays. ONNX Runtime's Node binding writes into them, and then copies
 * each output into a new array besides: for the 42 MB of a small BERT's gradients a tenth of a step, most of it fresh
 * pages. It goes through the outputs in their order and stops at one that is no tensor, which it cannot return. So
 * programs of large outputs get such a one, the first of all, and a run that hands nothing back asks for it too.
 */
import type { OnnxProgram } from '../onnx/program.js';
import { isStatic, sizeOf } from '../tensor/shape.js';

/** The output that cannot be returned: an empty sequence. */
export const UNRETURNABLE = '%unreturnable';

/** Below so many elements a copy is cheaper than an exception. */
const WORTH_KEEPING = 1 << 16;

/** A field of protocol buffers that holds bytes, fewer than 128. */
function field(number: number, ...parts: readonly (readonly number[])[]): number[] {
  const bytes = parts.flat();
  return [(number << 3) | 2, bytes.length, ...bytes];
}

function text(number: number, value: string): number[] {
  return field(number, [...new TextEncoder().encode(value)]);
}

/** ModelProto { graph { node { output, op_type }, output { name, type { sequence_type { elem_type { tensor_type { FLOAT } } } } } } } */
const MODEL = field(
  7,
  field(1, text(2, UNRETURNABLE), text(4, 'SequenceEmpty')),
  field(12, text(1, UNRETURNABLE), field(2, field(4, field(1, field(1, [8, 1]))))),
);

/** Whether the outputs are large enough; those of named lengths count for nothing. */
export function isWorthKeeping({ outputs }: Pick<OnnxProgram, 'outputs'>): boolean {
  const sizes = outputs.map(({ shape }) => (isStatic(shape) ? sizeOf(shape) : 0));
  return sizes.reduce((total, size) => total + size, 0) >= WORTH_KEEPING;
}

/** The model with the output before its own. Protocol buffers merge what stands behind each other. */
export function withUnreturnable(model: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(MODEL.length + model.length);
  bytes.set(MODEL);
  bytes.set(model, MODEL.length);
  return bytes;
}

/** Whether a run ended with nothing but this: it comes after the graph has run, and in place of the first result. */
export function isUnreturned(error: unknown): boolean {
  return error instanceof Error && error.message === 'Non tensor type is temporarily not supported.';
}
