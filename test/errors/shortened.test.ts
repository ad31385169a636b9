import { expect, test } from 'vitest';
import { shortened } from '../../src/errors/shortened.js';

test('shortening cuts no character in two, and counts characters', () => {
  expect(shortened('👩👩👩👩', 3)).toBe('👩👩…');
  expect(shortened('👩👩👩', 3)).toBe('👩👩👩');
  expect(shortened('abc', 3)).toBe('abc');
  expect(shortened('x'.repeat(1000))).toBe(`${'x'.repeat(59)}…`);
});
