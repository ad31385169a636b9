import { expect, test } from 'vitest';
import { textsOf } from '../../src/experiments/distillation/distillation-evidence.js';

test('each text of a pair is shortened by itself, so that a long first one does not hide the second', () => {
  expect(textsOf('premise '.repeat(100), 'hypothesis')).toEqual({
    text: `${'premise '.repeat(100).slice(0, 399)}…`,
    pair: 'hypothesis',
  });
  expect(textsOf('one', undefined)).toEqual({ text: 'one' });
});
