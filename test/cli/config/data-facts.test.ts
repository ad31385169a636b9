import { describe, expect, test } from 'vitest';
import { dataFacts } from '../../../src/cli/config/data-facts.js';
import { textTable } from '../../../src/data/text-table.js';

function tokensOf(text: string, pair?: string): number {
  const columns = { ids: ['0'], texts: [text], labelNames: [], ...(pair !== undefined && { pairs: [pair] }) };
  return dataFacts(textTable('one', columns)).tokens95;
}

describe('the estimate of tokens', () => {
  test.each([
    ['marks are tokens of their own, as in BERT', '"No!" (so.)', Math.ceil(2 + 6 + 2 * 1.1)],
    ['long words are cut', 'a disestablishment', Math.ceil(2 + 1.1 + 1.6)],
    ['each character of Chinese is one, beside Latin words too', '我们model是', Math.ceil(2 + 3 + 1.1)],
    ['accents that combine belong to their word', 'cafe\u0301', Math.ceil(2 + 1.1)],
    ['nothing but the special ones', '', 2],
  ])('%s', (_what, text, tokens) => {
    expect(tokensOf(text)).toBe(tokens);
  });

  test('a pair has one special token more', () => {
    expect(tokensOf('no', 'no')).toBe(tokensOf('no no') + 1);
  });
});
