/** @file What losses check before they trace anything. */
import { cast } from '../autograd/ops/compare.js';
import { div, mul } from '../autograd/ops/elementwise.js';
import { formatValue, type Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { formatShape, sameShape } from '../tensor/shape.js';

/** Stands for the logarithm of 0; finite, so that a probability of 0 times its logarithm is 0. */
export const NEVER = -1e30;

/**
 * The value, which may be one that a model does not have (a layer past the last).
 * @throws ShapeError if it is not there.
 */
export function present(value: Value | undefined, where: string): Value {
  if (value !== undefined) return value;
  throw new ShapeError({
    where,
    wanted: 'a value for student and teacher',
    got: 'undefined',
    fix: 'use only layers that both have',
  });
}

/**
 * Two values of one shape. A target that broadcasts would train silently wrong.
 * @throws ShapeError naming both shapes, or where one is not there.
 */
export function expectSameShape(
  x: Value | undefined,
  target: Value | undefined,
  where: string,
  {
    wanted,
    ranks,
    fix,
  }: { readonly wanted: string; readonly ranks: readonly [least: number, most: number]; readonly fix?: string },
): [x: Value, target: Value] {
  const [ours, theirs] = [present(x, where), present(target, where)];
  const rank = ours.shape.length;
  if (rank >= ranks[0] && rank <= ranks[1] && sameShape(ours.shape, theirs.shape)) return [ours, theirs];
  throw new ShapeError({
    where,
    wanted,
    got: `${formatShape(ours.shape)} and ${formatShape(theirs.shape)}`,
    fix: fix ?? 'project the student to the width of the teacher',
  });
}

/**
 * Student and teacher scores of one shape, [B, C] or [B, S, C].
 * @throws ShapeError naming both shapes.
 */
export function expectSameLogits(student: Value, teacher: Value, where: string): void {
  if (sameShape(student.shape, teacher.shape)) return;
  throw new ShapeError({
    where,
    wanted: `teacher logits ${formatShape(student.shape)}, as the student's`,
    got: formatShape(teacher.shape),
    fix: 'use a teacher trained on the same labels',
  });
}

/**
 * The number of classes, at least 2: softmax of one score is 1, and its loss silently 0.
 * @throws ShapeError for one class, or logits that are not [B, C] or [B, S, C].
 */
export function expectClasses(logits: Value, where: string): number {
  const classes = logits.shape.at(-1);
  const isLogits = logits.shape.length === 2 || logits.shape.length === 3;
  if (isLogits && typeof classes === 'number' && classes >= 2) return classes;
  throw new ShapeError({
    where,
    wanted: 'logits [B, C] or [B, S, C] of at least 2 classes',
    got: formatValue(logits),
    fix: 'for one score per row use a squared error (mse; presets tang, textbrewer-mse)',
  });
}

/**
 * A temperature: a finite number above 0, or a traced scalar.
 * @throws OptionError
 */
export function expectTemperature(temperature: number | Value, where: string): void {
  if (typeof temperature !== 'number' || (temperature > 0 && Number.isFinite(temperature))) return;
  throw new OptionError({
    where,
    wanted: 'temperature > 0',
    got: String(temperature),
    fix: 'use 1 for the plain softmax, 2 to 20 for softer targets',
  });
}

/** A fraction. @throws OptionError unless it is from 0 to 1. */
export function expectFraction(value: number | Value, where: string): void {
  if (typeof value !== 'number' || (value >= 0 && value <= 1)) return;
  throw new OptionError({ where, wanted: 'a number from 0 to 1', got: String(value) });
}

/** A traced scalar in the type of what it multiplies; numbers as they are. */
export function scalarLike(value: number | Value, like: Value): number | Value {
  return typeof value === 'number' || value.dtype === like.dtype ? value : cast(value, { to: like.dtype });
}

/** T², the factor that keeps the size of gradients as T grows; in the type of what it multiplies. */
export function squaredTemperature(temperature: number | Value, like: Value): number | Value {
  const T = scalarLike(temperature, like);
  return typeof T === 'number' ? T * T : mul(T, T);
}

/** logits / T */
export function tempered(logits: Value, temperature: number | Value): Value {
  return temperature === 1 ? logits : div(logits, scalarLike(temperature, logits));
}
