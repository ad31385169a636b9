import { describe, expect, test } from 'vitest';
import { sealed, unsealed } from '../../src/files/sealed-json.js';

const value = { format: 'x', scores: [0.5, 1e-7, -0], none: null, text: 'é\n', nested: { 10: 'a', 2: 'b' } };

describe('sealed', () => {
  test('has the SHA-256 of the JSON of its values', () => {
    // witness: printf '{"a":0.5}' | sha256sum
    expect(sealed({ a: 0.5 })).toEqual({
      a: 0.5,
      sha256: '5e7f83714fa43d86a5e65479c3eaa9caedba322aa2bb637c7cf002fc9e895f23',
    });
  });

  test('comes back from any JSON of the same values', () => {
    const json = JSON.stringify(sealed(value));
    for (const text of [json, JSON.stringify(JSON.parse(json), null, 4).replaceAll('\n', '\r\n')]) {
      expect(JSON.stringify(unsealed(JSON.parse(text), 'file', true))).toBe(JSON.stringify(value));
    }
  });

  test('another value, and a value that comes without its checksum, are refused', () => {
    const changed = { ...sealed(value), scores: [0.9, 1e-7, -0] };
    expect(() => unsealed(changed, 'metrics.json', false)).toThrow(
      'metrics.json: wanted the recorded values with their checksum (sha256), got changed values; undo the change',
    );
    expect(() => unsealed(value, 'metrics.json', true)).toThrow('got values without one');
    expect(unsealed(value, 'metrics.json', false)).toEqual(value);
  });
});
