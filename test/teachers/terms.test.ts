import { describe, expect, test } from 'vitest';
import { strictestTerms, termsOf } from '../../src/teachers/terms.js';

describe('terms', () => {
  test('of a host are those of its table, of its subdomains too, and not known elsewhere', () => {
    expect(termsOf('https://api.typesafe.ai/v1').status).toBe('forbidden');
    expect(termsOf('https://eu.api.openai.com/v1').status).toBe('private-only');
    expect(termsOf('https://nottypesafe.ai/v1')).toEqual({ status: 'unknown' });
    expect(termsOf('labels.jsonl')).toEqual({ status: 'unknown' });
  });

  test('of several teachers the strictest hold', () => {
    const of = (...statuses: ('allowed' | 'private-only' | 'forbidden' | 'unknown')[]) =>
      strictestTerms(statuses.map((status) => ({ status })))?.status;
    expect(of('allowed', 'forbidden', 'private-only')).toBe('forbidden');
    expect(of('allowed', 'unknown', 'private-only')).toBe('private-only');
    expect(of('allowed', 'unknown')).toBe('unknown');
    expect(of()).toBeUndefined();
  });
});
