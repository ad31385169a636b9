import { describe, expect, test } from 'vitest';
import { jsonHash } from '../../../src/files/json-hash.js';
import { KeyNumbers } from '../../../src/outside/asking/key-numbers.js';

describe('KeyNumbers', () => {
  test('as a Map of the keys would number them, hashes and others, over several sizes of its table', () => {
    const numbers = new KeyNumbers();
    const witness = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      // Each third comes again; some are no hashes.
      const which = i % 3 === 2 ? Math.floor(i / 2) : i;
      const key = which % 5 === 0 ? `key ${which}` : jsonHash(which);
      expect(numbers.find(key)).toBe(witness.get(key));
      const wanted = witness.get(key) ?? witness.size;
      witness.set(key, wanted);
      if (numbers.of(key) !== wanted) expect.fail(`${key}: ${numbers.of(key)} in the place of ${wanted}`);
    }
    expect(numbers.size).toBe(witness.size);
    for (const [key, number] of witness) if (numbers.find(key) !== number) expect.fail(key);
  });

  test('keys that are alike in their first 32 bits are told apart', () => {
    const numbers = new KeyNumbers();
    const keys = Array.from({ length: 3000 }, (_, i) => `00000000${jsonHash(i).slice(8)}`);
    expect(keys.map((key) => numbers.of(key))).toEqual(keys.map((_, i) => i));
    expect(numbers.find(`00000000${jsonHash(-1).slice(8)}`)).toBeUndefined();
  });
});
