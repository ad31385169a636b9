/** @file What losses check before they trace anything. */
import { cast } from '../autograd/ops/compare.js';
import { div } from '../autograd/ops/elementwise.js';
import { formatValue, type Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { formatShape, sameShape } from '../tensor/shape.js';

/**
 * The value, which may be one that a model does not have (a layer past the last).
 * @throws ShapeError if it is not there.
 */
export function present(value: Value | undefined, where: string): Value {
  if (value !== undefined) return value;
  throw new ShapeError({
    where,
    wanted: 'a value on both sides',
    got: 'undefined',
    fix: 'ask only for layers that student and teacher have',
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
    wanted: 'logits [B, C] or [B, S, C] of 2 classes or more',
    got: formatValue(logits),
    fix: 'for one score a row use a squared error (mse; presets tang, textbrewer-mse)',
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
    fix: 'use 1 for the plain softmax, 2 to 20 to soften',
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

/** logits / T */
export function tempered(logits: Value, temperature: number | Value): Value {
  return temperature === 1 ? logits : div(logits, scalarLike(temperature, logits));
}
