/** @file Docs, help pages and messages keep to the words of "Style of words" in CONTRIBUTING.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { retiredIn, retiredPhrases, withoutTable } from './retired-words.js';
import { readPlayground, readSources } from './sources.js';
import { textsOf } from './texts.js';

/** Files that still have retired words, by their names alone; a file that has none any more is to be taken out. */
const STILL: readonly string[] = [];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const contributing = readFileSync(`${ROOT}CONTRIBUTING.md`, 'utf8');
const phrases = retiredPhrases(contributing);

const named = (folder: string, sources: ReadonlyMap<string, string>) =>
  [...sources].map(([path, source]) => [`${folder}/${path}`, source] as const);

/** All that is read by users: the pages, and the texts in the sources. */
function readTexts(): ReadonlyMap<string, readonly string[]> {
  const docs = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', ...docs.map((name) => `docs/${name}`)].map((path) => {
    return [path, [readFileSync(`${ROOT}${path}`, 'utf8')]] as const;
  });
  const programs = [...named('src', readSources()), ...named('playground', readPlayground())];
  const sources = programs.map(([path, source]) => {
    const { errors, others } = textsOf(path, source);
    return [path, [...errors, ...others]] as const;
  });
  return new Map([...pages, ['CONTRIBUTING.md', [withoutTable(contributing)]], ...sources]);
}

describe('docs, help and messages', () => {
  const found = [...readTexts()].flatMap(([path, texts]) => {
    const problems = texts.flatMap((text) => retiredIn(text, phrases));
    return problems.length === 0 ? [] : [{ path, name: posix.basename(path), problems }];
  });

  test('have no retired words', () => {
    const wrong = found.filter(({ name }) => !STILL.includes(name));
    expect(wrong.flatMap(({ path, problems }) => problems.map((problem) => `${path}: ${problem}`))).toEqual([]);
  });

  test('are not excused without need', () => {
    const names = new Set(found.map(({ name }) => name));
    expect(STILL.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('retired words', () => {
  test('are read from the table', () => {
    expect(phrases.length).toBeGreaterThan(40);
    expect(phrases.map(({ phrase }) => phrase)).toContain('parted by');
  });

  test.each([
    ['names parted\n  by commas', 1],
    ['Mend that row.', 1],
    ['amend the table, commend nobody', 0],
    ['it guesses hidden words', 1],
    ["the teacher's answers", 1],
    ['a stageless run', 0],
  ])('in "%s": %i', (text, count) => {
    expect(retiredIn(text, phrases)).toHaveLength(count);
  });
});
