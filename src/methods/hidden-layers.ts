/** @file What methods that match hidden states share. */
import { squeeze } from '../autograd/ops/shaping.js';
import { slice } from '../autograd/ops/slicing.js';
import type { Value } from '../autograd/value.js';
import { SignalError } from '../errors/failures.js';
import type { SignalSizes } from '../models/signal-sizes.js';
import type { MethodSizes } from './method.js';

/** Layers and width of one side. */
export type HiddenSizes = { readonly layers: number; readonly width: number };

/**
 * Both sides' sizes, of models that have layers.
 * @throws SignalError naming the side whose hidden states are not known.
 */
export function hiddenSizes(method: string, { student, teacher }: MethodSizes) {
  const of = (side: 'student' | 'teacher', { layers, width }: SignalSizes): HiddenSizes => {
    if (layers !== undefined && width !== undefined) return { layers, width };
    throw new SignalError({
      where: `method '${method}'`,
      wanted: `a ${side} with hiddenStates in the step`,
      got: 'none',
      fix: `use a ${side} with layers, such as a BERT`,
    });
  };
  return { student: of('student', student), teacher: of('teacher', teacher) };
}

/** The sizes that traced hidden states have. */
export function sizesOfHidden(hiddenStates: readonly Value[]): HiddenSizes {
  return { layers: hiddenStates.length - 1, width: Number(hiddenStates[0]?.shape[2]) };
}

/** A layer's states of the first token, `[CLS]`: [B, S, H] -> [B, H]. */
export function firstToken(hidden: Value): Value {
  return squeeze(slice(hidden, { axis: 1, start: 0, end: 1 }), 1);
}
