import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Answered } from '../../src/metrics/answered.js';
import { confusionOf, sumsOf } from '../../src/metrics/confusion.js';
import { f1Of } from '../../src/metrics/f1.js';
import { ranks } from '../../src/metrics/ranks.js';
import { JUDGED_METRICS, METRICS } from '../../src/metrics/table.js';

/** What the witness says of a case, by metric. */
type Case = Answered & { readonly name: string; readonly metrics: Readonly<Record<string, number>> };

/** Witness: scikit-learn and SciPy; see make_metrics_fixture.py. */
const fixture = JSON.parse(readFileSync(new URL('metrics.scikit-learn.json', import.meta.url), 'utf8')) as {
  readonly labels: readonly (Case & { readonly f1: readonly number[] })[];
  readonly scores: readonly (Case & { readonly ranks: readonly number[] })[];
};
/** As many rows as there are, drawn with repetition: the first three times, others not at all. */
const sampleOf = (rows: number) => Uint32Array.from({ length: rows }, (_, i) => Math.max(0, i - 2));

// A metric that the witness says nothing of fails here: give it a line in make_metrics_fixture.py.
describe.each(JUDGED_METRICS)('%s', (name) => {
  const { needs, measure } = METRICS[name];

  test.each<Case>(fixture[needs])(`$name: as the witness has it`, (answered) => {
    expect(measure(answered)).toBeCloseTo(answered.metrics[name] ?? Number.NaN, 12);
  });

  test.each<Case>(fixture[needs])('$name: of drawn rows what it is of these rows written out', (answered) => {
    const sample = sampleOf(answered.gold.length);
    const [gold, said] = [answered.gold, answered.said].map((all) => Array.from(sample, (row) => all[row] as number));
    expect(measure(answered, sample)).toBe(measure({ ...answered, gold: gold ?? [], said: said ?? [] }));
  });
});

const confused = (gold: readonly number[], said: readonly number[], classes: number): Answered => ({
  ...{ classes, gold, said },
});

// witness: the examples of scikit-learn's own pages on f1_score and matthews_corrcoef
test('published examples', () => {
  expect(METRICS.macro_f1.measure(confused([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3))).toBeCloseTo(0.26666, 4);
  expect(METRICS.matthews.measure(confused([1, 1, 1, 0], [1, 0, 1, 1], 2))).toBeCloseTo(-0.33, 2);
});

test.each(fixture.labels)('f1Of > $name: of every class that of scikit-learn', (answered) => {
  const confusion = confusionOf(answered);
  for (const [label, f1] of answered.f1.entries())
    expect(f1Of(confusion, sumsOf(confusion), label)).toBeCloseTo(f1, 12);
});

test.each(fixture.scores)('ranks > $name: those of SciPy', ({ said, ranks: wanted }) => {
  expect([...ranks(said)]).toEqual(wanted);
});

test('a correlation with a constant is none', () => {
  expect(METRICS.pearson.measure({ classes: 1, gold: [1, 2, 3], said: [1, 1, 1] })).toBeNaN();
});
