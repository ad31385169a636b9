import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filledPage } from '../../recipes/results-page.recipe.js';

test('the tables of docs/results.md are those of results/', async () => {
  const page = readFileSync('docs/results.md', 'utf8');
  expect(await filledPage(page)).toBe(page);
});
