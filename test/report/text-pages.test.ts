import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { firstUnclosed, starts, textOf } from './page-checks.js';
import { reportFixtures } from './text-records.js';

const fixtures = reportFixtures();
const pageOf = (name: string) => {
  const record = fixtures[name];
  if (record === undefined) throw new Error(`no fixture ${name}`);
  return reportHtml(record);
};
const texts = Object.keys(fixtures).filter((name) => !['digits', 'never-seen'].includes(name));

describe('the report of an experiment on texts', () => {
  test.each([...texts, 'never-seen'])('%s: is in order, small, and every table has a caption', (name) => {
    const page = pageOf(name);
    expect(firstUnclosed(page)).toBeUndefined();
    expect(Buffer.byteLength(page)).toBeLessThan(500_000);
    expect(page.match(/<caption/g)).toHaveLength(starts(page, 'table').length);
    for (const cell of starts(page, 'th')) expect(cell).toMatch(/scope="(col|colgroup|row)"/);
    expect(textOf(page)).not.toMatch(/undefined|NaN|\[object|\b0\.0000\b|e-\d/);
  });

  test.each(texts)('%s: sets no class name below a column of a chart, where it would overprint the next', (name) => {
    expect(pageOf(name)).not.toContain('class="class');
  });

  test('columns are for names of two characters, as digits are', () => {
    expect(pageOf('digits')).toContain('class="class');
    expect(pageOf('digits')).not.toContain('class="shares"');
  });

  test('names classes without an article', () => {
    const page = pageOf('classes-6');
    expect(textOf(page)).not.toMatch(/\ba (anger|optimism|embarrassment|joy)/);
    expect(page).toMatch(/<figcaption>row \d+: <b>(joy|anger|optimism|sadness|surprise|embarrassment)<\/b>/);
  });

  test('soft targets are lines of classes with a bar for each temperature, the right one marked', () => {
    const page = pageOf('classes-6');
    const { softened = [], classes = [] } = fixtures['classes-6']?.evidence ?? {};
    expect(starts(page, 'table').filter((one) => one.includes('class="shares"'))).toHaveLength(softened.length);
    expect(page.match(/<td style="--share:/g)).toHaveLength(softened.length * classes.length * 4);
    expect(page.match(/<tr class="right">/g)).toHaveLength(softened.length);
    const [first] = softened;
    const share = first?.at[0]?.probabilities[first.example.label ?? 0] ?? 0;
    expect(page).toContain(`<td style="--share:${Math.round(share * 1e4) / 100}%">${(100 * share).toFixed(0)} %</td>`);
  });

  test('of many classes the seven most likely have a line, and the others one with what is left', () => {
    const text = textOf(pageOf('classes-77'));
    expect(text).toContain('70 others');
    const [first] = fixtures['classes-77']?.evidence?.softened ?? [];
    const sorted = (first?.at[0]?.probabilities ?? []).toSorted((a, b) => b - a);
    const rest = sorted.slice(7).reduce((sum, one) => sum + one, 0);
    // The probabilities of the record are rounded to four decimals, so that their sum is not quite 1.
    const [, said] = /70 others (\d+) %/.exec(text) ?? [];
    expect(Math.abs(Number(said) - 100 * rest)).toBeLessThan(1.1);
  });

  test('a class name of many words may break between them', () => {
    expect(pageOf('classes-77')).toContain(
      'balance_<wbr>not_<wbr>updated_<wbr>after_<wbr>cheque_<wbr>or_<wbr>cash_<wbr>deposit',
    );
  });

  test('headers of a confusion matrix are turned where names are long, and cut names are told whole', () => {
    const page = pageOf('classes-6');
    expect(page.match(/<span class="turned">embarrassment<\/span>/g)).toHaveLength(3);
    for (const name of ['digits', 'classes-2']) expect(pageOf(name)).not.toContain('<span class="turned">');
    const record = fixtures['classes-2'];
    if (record?.evidence === undefined) throw new Error('the fixture has evidence');
    const named = { ...record.evidence, classes: ['a_name_of_many_letters', 'b'] };
    expect(reportHtml({ ...record, evidence: named })).toContain(
      '<abbr title="a_name_of_many_letters">a_name_of_many_…</abbr>',
    );
  });

  test('of 28 classes the pairs that are confused most are listed in place of a matrix', () => {
    expect(pageOf('classes-28')).not.toContain('<table class="confusion">');
    expect(textOf(pageOf('classes-28'))).toContain('The classes that each model takes for another most often.');
  });

  test('a text has the whole width, above what is said of it; a pair is two lines', () => {
    const page = pageOf('pairs');
    expect(page).toContain('<li class="texts"><blockquote>');
    expect(page).toContain('cleaning a window.\nSomebody is asleep.</blockquote>');
    expect(page).toMatch(/blockquote\{[^}]*white-space:pre-line/);
  });

  test('a prediction too small to show is said to be small', () => {
    expect(textOf(pageOf('regression'))).toContain('hinton > \u22120.0001');
  });

  test.each(texts)('%s: Markdown has the verdict, a line for each arm, and no text of the data', (name) => {
    const record = fixtures[name];
    if (record === undefined) throw new Error(`no fixture ${name}`);
    const markdown = reportMarkdown(record);
    expect(markdown).toContain('400 rows of tweets dev');
    for (const arm of record.arms) expect(markdown).toContain(`| \`${arm.name}\` |`);
    expect(markdown).not.toContain('boiler');
    expect(markdown.split('\n').length).toBeLessThan(40);
  });
});
