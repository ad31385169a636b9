import { linear } from '../nn/linear.js';
import type { Layer } from '../nn/module.js';

/**
 * A learned map from the student's width to the teacher's, with bias; where the widths are equal, nothing.
 * @param name below which its parameters stand: `NAME.weight` [teacher, student], `NAME.bias`.
 */
export function projection(name: string, student: number, teacher: number): Layer {
  return student === teacher ? { parameters: [], forward: (_context, x) => x } : linear(name, student, teacher);
}
