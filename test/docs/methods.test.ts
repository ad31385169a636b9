/** @file Each method's page states the options that its code has. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type AnyMethodFactory, wholeSpec } from '../../src/methods/define-method.js';
import { METHODS } from '../../src/methods/table.js';
import { wantedText } from '../../src/options/option-spec.js';

const PAGES = new URL('../../docs/methods/', import.meta.url);
const page = (file: string): string => readFileSync(new URL(file, PAGES), 'utf8');

/** The table of options as a page has it. */
function optionsTable({ definition }: AnyMethodFactory): string {
  const rows = Object.entries(definition.options).map(([name, given]) => {
    const spec = wholeSpec(given);
    return `| \`${name}\` | ${spec.default} | ${wantedText(spec)} | ${spec.help} |`;
  });
  if (rows.length === 0) return 'None.';
  return ['| option | default | takes | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

describe('docs/methods', () => {
  test('has one page for each method, and the chooser', () => {
    const wanted = Object.keys(METHODS).map((name) => `${name}.md`);
    expect(readdirSync(PAGES).sort()).toEqual([...wanted, 'README.md'].sort());
    for (const name of Object.keys(METHODS)) expect(page('README.md')).toContain(`](${name}.md)`);
  });

  test.each(Object.keys(METHODS))('%s.md says when to use it, what it needs and costs, and what it logs', (name) => {
    const headings = [
      'When to use it',
      'What it needs',
      'What it costs',
      'Options',
      'Terms in the log',
      'In TypeScript',
    ];
    const found = [...page(`${name}.md`).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '');
    expect(found.filter((heading) => headings.includes(heading))).toEqual(headings);
    expect(page(`${name}.md`)).toContain(`](../../src/methods/${name}.ts)`);
  });

  // Of these the specification's own sources could not be checked.
  test.each(['mixkd', 'self-kd'])('%s.md says what is not known of it', (name) => {
    expect(page(`${name}.md`)).toMatch(/\n## What is not known\n\n.*could not (check|be checked)/s);
  });

  test.each([
    ['tang', ['AdaDelta', '50 rows for SST-2 and 256', 'word2vec', 'frozen']],
    ['bam', ['without bias correction', '1e-4 in batches of 128', 'both orders']],
    ['mt-dnn', ['Adamax']],
    ['tinybert', ['one for both phases', "teacher's score", 'ReLU', 'without dropout']],
    ['minilm', ['48 relation heads']],
  ])('%s.md says where its training departs from the paper', (name, wanted) => {
    const [, departures = ''] = /\n## Departures\n(.*?)\n## /s.exec(page(`${name}.md`)) ?? [];
    for (const one of wanted) expect(departures.replace(/\s+/g, ' ')).toContain(one);
  });

  test.each(Object.entries(METHODS))('%s.md has the options of the code', (name, method) => {
    expect(page(`${name}.md`)).toContain(`## Options\n\n${optionsTable(method)}\n\n## `);
  });
});
