import { describe, expect, test } from 'vitest';
import { DeepJsonError, jsonOf, jsonProblem, parsedJson } from '../../src/options/json.js';

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('jsonOf', () => {
  test('reads a hundred levels, and refuses more, however many and in whatever they are', () => {
    expect(JSON.stringify(jsonOf(nested(100)))).toBe(nested(100));
    expect(() => jsonOf(nested(101))).toThrow('JSON nested deeper than 100 levels');
    const within = `{"a":[1,{"b":${'{"c":'.repeat(200_000)}1${'}'.repeat(200_000)}}]}`;
    expect(() => jsonOf(within)).toThrow(DeepJsonError);
    expect(parsedJson(within)).toBeUndefined();
  });

  test('wide is not deep', () => {
    expect(jsonOf(`[${'{"a":[1]},'.repeat(50_000)}1]`)).toHaveLength(50_001);
  });

  test('what is no JSON is said to be that', () => {
    const problem = (text: string) => {
      try {
        return jsonOf(text);
      } catch (error) {
        return jsonProblem(error);
      }
    };
    expect([problem('{'), problem(nested(1000))]).toEqual(['invalid JSON', 'JSON nested deeper than 100 levels']);
  });
});
