/** @file The page of teachers states the terms that the code knows. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TERMS_OF_HOSTS, termsOf, termsText } from '../../src/teachers/terms.js';

const page = readFileSync(new URL('../../docs/teachers.md', import.meta.url), 'utf8');

describe('docs/teachers.md', () => {
  test('has a row for the terms of each host', () => {
    const rows = TERMS_OF_HOSTS.map(
      ({ hosts, status, says, source, date }) =>
        `| ${hosts.map((host) => `\`${host}\``).join(', ')} | ${status} | ${says} | ${source} | ${date} |`,
    );
    expect(page).toContain(`|---|---|---|---|---|\n${rows.join('\n')}\n`);
  });
});

describe('termsOf', () => {
  test.each([
    ['https://api.openai.com/v1', 'private-only'],
    ['https://eu.api.openai.com/v1', 'private-only'],
    ['https://notapi.openai.com.example.org/v1', 'unknown'],
    ['https://my.openai.azure.com/v1', 'unknown'],
    ['http://127.0.0.1:8000/v1', 'unknown'],
    ['answers.jsonl', 'unknown'],
  ])('%s: %s', (url, status) => {
    expect(termsOf(url).status).toBe(status);
  });

  test('are said in one line, with where and when they were read', () => {
    expect(termsText('https://api.openai.com/v1', termsOf('https://api.openai.com/v1'))).toBe(
      'terms of https://api.openai.com/v1: training on its outputs is allowed for a student that is not given away ' +
        '(OpenAI, Services Agreement of 1 January 2026, 3.3(e), read 2026-11-28)',
    );
    expect(termsText('x', { status: 'unknown' })).toContain('--teacher_terms');
  });
});
