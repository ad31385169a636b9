import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fewLabelsCells } from '../../recipes/few-labels-figures.js';
import { filledPage, lossFigures, PAGES } from '../../recipes/results-page.recipe.js';
import { METHODS } from '../../src/methods/table.js';

test.each(PAGES)('the tables of %s are those of results/', async (path) => {
  const page = readFileSync(path, 'utf8');
  expect(await filledPage(page)).toBe(page);
});

test('results/few-labels.json is what the runs of its cells come to', () => {
  const kept: unknown = JSON.parse(readFileSync('results/few-labels.json', 'utf8'));
  expect(kept).toEqual(JSON.parse(JSON.stringify(fewLabelsCells('results'))));
});

/** What others are compared with has one term, the labels or the teacher's choices. */
const WITHOUT_FIGURE = ['supervised', 'hard-labels'];
const figures = lossFigures();

test.each(Object.keys(METHODS).filter((name) => !WITHOUT_FIGURE.includes(name)))(
  'docs/methods/%s.md shows the losses of the run that results/ has',
  (name) => {
    expect(readFileSync(`docs/images/methods/${name}.svg`, 'utf8')).toBe(figures.get(name));
    expect(readFileSync(`docs/methods/${name}.md`, 'utf8')).toContain(`(../images/methods/${name}.svg)`);
  },
);
