import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { augment } from '../../src/augment/augment.js';
import { AUGMENT_SETTINGS } from '../../src/augment/augment-settings.js';
import { wordTable } from '../data/words.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();

describe('augment', () => {
  test('writes new texts of a table that a program has', async () => {
    const outputFile = join(root, 'pool.jsonl');
    const data = wordTable('words', 10, { seed: 1 });
    const made = await augment({ data, method: 'masking', maskRate: 0.5, maskWord: '<m>', copies: 3, outputFile });
    const lines = readFileSync(outputFile, 'utf8').trimEnd().split('\n');
    expect(made).toEqual({ status: 'made', texts: lines.length, rows: 10, path: outputFile });
    expect(lines.some((line) => JSON.parse(line).text.includes('<m>'))).toBe(true);
  });

  test.each([
    ['ngram', 'maskWord', '<m>', 'method tang or masking'],
    ['tang', 'candidates', 3, 'method mlm'],
    ['mlm', 'posRate', 0.1, 'method tang or pos'],
  ] as const)('%s has no %s', async (method, name, value, wanted) => {
    const asked = augment({ data: 'none.csv', method, [name]: value });
    await expect(asked).rejects.toThrow(`${name}: wanted ${wanted}, got method ${method}; leave it out`);
  });

  test('a setting of some methods names methods that there are', () => {
    const methods: readonly string[] = AUGMENT_SETTINGS.method.choices;
    const named = Object.values(AUGMENT_SETTINGS).flatMap((setting) => ('of' in setting ? [...setting.of] : []));
    expect(new Set(named)).toEqual(new Set(methods));
  });
});
