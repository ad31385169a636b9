import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FIGURES_FILE, figuresFrom, figuresSource } from '../../recipes/what-to-use.recipe.js';
import { figuresOf, promisesGain, type TaskOutline, USE_CASES, whatToUse } from '../../src/experiments/what-to-use.js';
import { FIGURES } from '../../src/experiments/what-to-use-figures.js';

const task: TaskOutline = { rows: 1000, medianWords: 8, classes: 2, isPair: false, poolRows: 0 };
const nameOf = (more: Partial<TaskOutline>) => whatToUse({ ...task, ...more }).line.name;

describe('USE_CASES', () => {
  test('its figures are those of results/', async () => {
    expect(readFileSync(FIGURES_FILE, 'utf8')).toBe(figuresSource(await figuresFrom()));
  });

  test.each(USE_CASES.map((line) => [line.name, line] as const))('%s: names recipes that there are', (_name, line) => {
    expect(FIGURES).toHaveProperty([line.use.timedBy, 'p50']);
    for (const { recipe, file } of figuresOf(line)) {
      expect([recipe, existsSync(`recipes/${recipe}.recipe.ts`)]).toEqual([recipe, true]);
      expect(existsSync(`results/${file}`)).toBe(true);
    }
  });
});

describe('promisesGain', () => {
  test('where each of its figures has both intervals above 0, and there is one', () => {
    // By docs/results.md: SST-2's BiLSTM 5.7 [4.4, 6.9] and 3.5 [1.9, 5.2]; TREC's n-grams 0.8 [-1.5, 3.1] over linear.
    expect(promisesGain({ evidence: ['sst2-bilstm-tiny'] })).toBe(true);
    expect(promisesGain({ evidence: ['trec-ngram'] })).toBe(false);
    expect(promisesGain({ evidence: ['sst2-bilstm-tiny', 'trec-ngram'] })).toBe(false);
    expect(promisesGain({ evidence: [] })).toBe(false);
    expect(promisesGain({ evidence: ['of a recipe that has not run'] })).toBe(false);
  });
});

describe('whatToUse', () => {
  test.each<[Partial<TaskOutline>, string]>([
    [{ classes: 1 }, 'regression'],
    [{ isPair: true, poolRows: 100_000 }, 'pairs'],
    [{ poolRows: 4000 }, 'few-labels'],
    [{ poolRows: 3999 }, 'thousands-and-pool'],
    [{ rows: 2001, poolRows: 60_000 }, 'thousands-and-pool'],
    [{ rows: 20_001, poolRows: 60_000 }, 'many-rows-and-pool'],
    [{ rows: 20_001, poolRows: 60_000, medianWords: 200 }, 'own-rows'],
    [{ classes: 77 }, 'many-classes'],
    [{ classes: 77, medianWords: 21 }, 'own-rows'],
    [{}, 'own-rows'],
  ])('%j is %s', (more, name) => {
    expect(nameOf(more)).toBe(name);
  });

  test('a latency leaves out students that were slower; where all were, the fastest is taken', () => {
    const many = { rows: 60_000, poolRows: 100_000 };
    // By docs/results.md: p50 444 µs, and 79 µs.
    expect(nameOf({ ...many, latencyUs: 445 })).toBe('many-rows-and-pool');
    expect(nameOf({ ...many, latencyUs: 443 })).toBe('many-rows-and-pool-fast');
    expect(whatToUse({ ...task, ...many, latencyUs: 10 })).toMatchObject({
      line: { name: 'own-rows' },
      isFastEnough: false,
    });
  });
});
