/** @file The loss of Hinton's distillation for one image, line by line: docs/methods/hinton.md. */
import { logSoftmax, softmax } from '../src/tensor/logits.js';

export type LossInput = {
  /** Logits [C]. */
  readonly teacher: readonly number[];
  readonly student: readonly number[];
  readonly label: number;
  readonly temperature: number;
};

/** Values of the lines, in nats. */
export type LossLines = {
  readonly kl: number;
  readonly soft: number;
  readonly crossEntropy: number;
  readonly hard: number;
  readonly loss: number;
};

/**
 * L = α T² KL(p_t ‖ p_s) + (1 − α) · (−log q_s(y)), with p = softmax(z / T) and q = softmax(z), as `hinton` has it.
 * @param teacher logits [C] @param student logits [C]
 */
export function lossLines({ teacher, student, label, temperature }: LossInput, alpha: number): LossLines {
  const target = softmax(teacher, temperature);
  const logs = (z: readonly number[], t: number) =>
    logSoftmax(
      z.map((value) => value / t),
      z.length,
    );
  const [ofTeacher, ofStudent] = [logs(teacher, temperature), logs(student, temperature)];
  const kl = target.reduce((sum, p, c) => sum + p * ((ofTeacher[c] as number) - (ofStudent[c] as number)), 0);
  const crossEntropy = -(logs(student, 1)[label] ?? Number.NaN);
  const soft = alpha * temperature ** 2 * kl;
  const hard = (1 - alpha) * crossEntropy;
  return { kl, soft, crossEntropy, hard, loss: soft + hard };
}
