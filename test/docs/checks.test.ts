import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECKS } from '../../src/training/checks/table.js';

test('the page of the checks has a line for each of them, and for no other', () => {
  const page = readFileSync(new URL('../../docs/checks.md', import.meta.url), 'utf8');
  const named = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  expect([...named].sort()).toEqual(Object.keys(CHECKS).sort());
});
