import { expect, test } from 'vitest';
import { textOf } from '../../src/experiments/distillation/distillation-evidence.js';

test('each text of a pair is shortened by itself, so that a long first one does not hide the second', () => {
  const long = 'premise '.repeat(100);
  expect(textOf(long, 'hypothesis')).toBe(`${long.slice(0, 399)}…\nhypothesis`);
  expect(textOf('one', undefined)).toBe('one');
});
