import { describe, expect, test } from 'vitest';
import type { NeverSeen } from '../../src/experiments/experiment-record.schema.js';
import { judge } from '../../src/experiments/verdict.js';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { neverSeenTitle } from '../../src/report/never-seen-section.js';
import { firstUnclosed } from './page-checks.js';
import { primerRecord } from './records.js';

const image = { width: 28, height: 28, pixels: Buffer.alloc(784, 7).toString('base64') };
const gain = (over: string, scores: readonly number[], otherScores: readonly number[]) =>
  judge({ arm: 't-20', over, scores, otherScores, rows: { count: 1010, error: 0.2 } });
const figures = (scores: number[], mean: number) => ({ scores, mean });

const neverSeen: NeverSeen = {
  digit: 3,
  seeds: [42, 43],
  images: { all: 60_000, others: 53_869, evaluation: 10_000, digit: 1010 },
  teacher: { name: '784-300-10', parameters: 238_510, score: 98.2, digitScore: 98.4, called: 11 },
  student: { name: '784-64-10', parameters: 50_890 },
  arms: [
    { name: 't-20', description: 'soft targets at T = 20', all: figures([96, 97], 96.5), digit: figures([86, 88], 87) },
    { name: 't-1', description: 'soft targets at T = 1', all: figures([91, 92], 91.5), digit: figures([40, 44], 42) },
  ],
  headline: { arm: 't-20', over: 't-1' },
  gains: { all: [gain('t-1', [96, 97], [91, 91.98])], digit: [gain('t-1', [86, 88], [40, 44.5])] },
  examples: [
    {
      example: { id: '18', label: 3, image },
      answers: [
        { by: 't-20', label: 3 },
        { by: 't-1', label: 8 },
      ],
    },
    {
      example: { id: '30', label: 3, image },
      answers: [
        { by: 't-20', label: 5 },
        { by: 't-1', label: 3 },
      ],
    },
  ],
  seconds: 50,
};
const record = primerRecord();
const page = reportHtml({ ...record, neverSeen });

describe('a report with students that never saw a digit', () => {
  test('opens with them, and asks its own question after', () => {
    expect(neverSeenTitle(neverSeen)).toBe('Can a student that never saw a 3 recognise one?');
    expect(page.indexOf(neverSeenTitle(neverSeen))).toBeLessThan(page.indexOf(`<h2>${record.question}</h2>`));
    expect(page.indexOf(`<h2>${record.question}</h2>`)).toBeLessThan(page.indexOf('aria-label="Verdict"'));
    expect(page.match(/<h1>/g)).toHaveLength(1);
    expect(firstUnclosed(page)).toBeUndefined();
    // Without them it is as it was.
    expect(reportHtml(record)).toContain(`<h1>${record.question}</h1>`);
    expect(reportHtml(record)).not.toContain('class="never-seen"');
  });

  test('shows each image once and marks the predictions that are the digit', () => {
    const [table = ''] = /<table class="seen">.*?<\/table>/s.exec(page) ?? [];
    expect(table.match(/<img /g)).toHaveLength(2);
    const rows = [...table.matchAll(/<tr><th scope="row">([^<]+)<\/th>(.*?)<\/tr>/gs)].map(([, name, cells = '']) => [
      name,
      [...cells.matchAll(/<td class="(\w+)">(\d)</g)].map(([, mark, label]) => `${label} ${mark}`),
    ]);
    expect(rows).toEqual([
      ['t-20', ['3 yes', '5 not']],
      ['t-1', ['8 not', '3 yes']],
    ]);
  });

  test('says accuracy, share of the digit, gains with verdicts, and what the predicted classes carry', () => {
    expect(page).toContain('At T\u00a0=\u00a020 they recognise 87.0\u00a0% of the 1,010 test images of a 3.');
    expect(page).toContain('The teacher predicts 3 for 11 of the 53,869 images');
    expect(page).toContain('<p class="word">BETTER</p>\n<p class="sentence">t-20 is better than t-1.</p>');
    expect(page).toMatch(/<p>On those of a 3: BETTER, \+44\.8 points over t-1, 95 % interval \[/);
    const [gains = ''] = /Gains of t-20.*?<\/table>/s.exec(page) ?? [];
    expect(gains).toMatch(/<th scope="row">t-1<\/th><td class="number">\+5\.0<\/td>/);
    expect(gains).toMatch(/<td class="number">\+44\.8<\/td>/);
  });

  test('has a table of them in Markdown too', () => {
    const text = reportMarkdown({ ...record, neverSeen });
    expect(text).toMatch(/^\| students that never saw a 3 \| all images \|/m);
    expect(text).toMatch(/^\| `t-20` \| 96\.5 \| +\| 87\.0 \| +\|$/m);
    expect(text).toContain('On the images of a 3: BETTER: +44.8 points over t-1');
    expect(reportMarkdown(record)).not.toContain('never saw');
  });
});
